"""429 storms over several worker processes on one budget: who sends although the marketplace said how long to wait?

`python -m tests.faults.limits [--short]`. Told by the marketplace's own log: early is a request that arrived later than
`ON_THE_WAY` after a 429 and before its Retry-After had passed: anybody's if the 429 spoke of the app, the store's own if it
spoke of that store. Meanwhile every store is woken again and again, as edits in the register would.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from onboarder.model.ids import StoreId
from onboarder.model.work import Lane
from onboarder.records import stores
from onboarder_rehearsal.server.dials import Dial, Fault
from onboarder_rehearsal.server.rules import RetryAfter
from tests.faults.crowd import Call, a_crowd, calls, strike
from tests.faults.findings import Finding, tell
from tests.support.crew import Crew, now

PRODUCTS = 2
PATIENCE = 300.0
PER_SECOND = 30.0
"""Little enough that many calls wait for their slot while a 429 comes."""
ON_THE_WAY = 0.2
"""Seconds in which a 429 reaches its worker and through Redis the others, and what they had sent before arrives."""
WAKE_EVERY = 0.4


@dataclass(frozen=True)
class Storm:
    """`strikes` calls are answered 429; of the app together, or each of its own store alone."""

    app: bool
    form: RetryAfter
    strikes: int
    seconds: float = 2

    @property
    def dial(self) -> Dial:
        return Dial(
            fault=Fault.LIMITED,
            probability=0.15,
            times=self.strikes,
            store=None if self.app else "*",
            seconds=self.seconds,
            retry_after=self.form,
        )


WHOLE = [
    Storm(app, form, 10 if app else 30) for app in (True, False) for form in ("seconds", "date")
]
SHORT = [Storm(True, "seconds", 2), Storm(False, "date", 6)]


async def storms(
    folder: Path, wanted: Sequence[Storm], *, workers: int, merchants: int
) -> list[Finding]:
    """One storm after the other, each over merchants of its own."""
    firsts = count(0, merchants)
    async with a_crowd(
        folder, per_second=PER_SECOND, workers=workers, lease_seconds=30, call_deadline_seconds=15
    ) as crew:  # a call may wait for its slot for seconds, as in production
        return [await _one(crew, storm, merchants, next(firsts), workers) for storm in wanted]


async def _one(crew: Crew, storm: Storm, merchants: int, first: int, workers: int) -> Finding:
    before, held = len(calls(crew.marketplace)), crew.held()
    strike(crew.marketplace, storm.dial)
    began = time.monotonic()
    ordered = await crew.order(merchants, PRODUCTS, first=first)
    async with _woken(crew, ordered):
        await _storm_over(crew, storm)
    await crew.done(PATIENCE)
    log = calls(crew.marketplace)[before:]
    refused = [one for one in log if one.outcome == 429]
    gaps = [gap for one in refused for gap in _gaps(storm, one, log)]
    early = sum(gap > ON_THE_WAY for gap in gaps)
    lost = merchants * PRODUCTS - (crew.held() - held)
    whom = "of the app" if storm.app else "of single stores"
    return Finding(
        scenario=f"429 storm {whom}, Retry-After as {storm.form}, {workers} workers",
        runs=1,
        seeds="-",
        duplicates=len(crew.doubles()),
        lost=lost,
        stuck=0,
        seconds=round(time.monotonic() - began, 1),
        kept=early == lost == 0 and len(refused) == storm.strikes,
        note=(
            f"{early} requests before Retry-After ended ({len(refused)} × 429 of {len(log)}; "
            f"on their way already: {len(gaps)}, the last {max(gaps, default=0) * 1000:.0f} ms after)"
        ),
    )


@asynccontextmanager
async def _woken(crew: Crew, ordered: Sequence[StoreId]) -> AsyncGenerator[None]:
    """All stores are woken again and again while the block runs."""

    async def wake() -> None:
        while True:
            await asyncio.sleep(WAKE_EVERY)
            async with crew.database.write() as tx:
                await stores.wake(tx, ordered, lane=Lane.STALL, now=now())

    waking = asyncio.create_task(wake())
    try:
        yield
    finally:
        waking.cancel()
        with suppress(asyncio.CancelledError):
            await waking


async def _storm_over(crew: Crew, storm: Storm) -> None:
    """Until the dial is used up and the last pause is over."""
    give_up_at = time.monotonic() + PATIENCE
    while crew.marketplace.get("/_control/dials").json()[0]["struck"] < storm.strikes:
        if time.monotonic() > give_up_at:
            raise TimeoutError("the storm found too few calls to strike")
        await asyncio.sleep(0.2)
    await asyncio.sleep(storm.seconds)


def _gaps(storm: Storm, refused: Call, log: Sequence[Call]) -> list[float]:
    """How long after the 429 each request came that should have waited."""
    return [
        one.at - refused.at
        for one in log
        if one.no > refused.no
        and one.at < refused.at + storm.seconds
        and (storm.app or one.store == refused.store)
    ]


def main() -> int:
    """Print what was found; 0 if nothing was sent early."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    short = parser.parse_args().short
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        wanted, workers, merchants = (SHORT, 2, 16) if short else (WHOLE, 4, 60)
        return tell(asyncio.run(storms(Path(folder), wanted, workers=workers, merchants=merchants)))


if __name__ == "__main__":
    sys.exit(main())

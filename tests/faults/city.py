"""A day of a small city on a virtual clock: orders, edits, lost answers, deaths and the night, all drawn from one seed.

`python -m tests.faults.city --seeds 20 [--first 0]`. The trace of one seed is byte-identical every time.
"""

import argparse
import asyncio
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from unittest.mock import patch

import structlog

from onboarder.model.ids import StoreId
from onboarder.model.work import DriftClass, DriftPolicy
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.faults.findings import Finding, tell
from tests.faults.waitless import WAIT, at_once
from tests.support.fuse import Killed
from tests.support.town import Town, a_merchant, a_product, a_town

DAY = timedelta(hours=24)
FAULTS = (
    Fault.LOST_AFTER,
    Fault.LOST_BEFORE,
    Fault.ERROR_AFTER,
    Fault.TRUNCATED,
    Fault.UNAVAILABLE,
    Fault.LIMITED,
    Fault.TOKEN_DEATH,
    Fault.BATCH_HALF,
    Fault.BATCH_MISSING,
)
POLICY = dict.fromkeys(DriftClass, DriftPolicy.ADOPT)


@dataclass(frozen=True)
class Day:
    """One seed's day. `digest` is that of the trace."""

    seed: int
    stores: int
    listings: int
    deaths: int
    duplicates: int
    lost: int
    stuck: int
    seconds: float
    digest: str


class City:
    """The day's events in the order drawn, with a trace of what happened when."""

    def __init__(self, town: Town, seed: int) -> None:
        self.town = town
        self.random = Random(seed)  # the same day for the same seed
        self.stores: list[StoreId] = []
        self.listings = 0
        self.deaths = 0
        self.trace: list[str] = []

    async def live(self) -> None:
        """24 hours, then everything that is still to be done."""
        end = self.town.clock() + DAY
        while self.town.clock() < end:
            event = self.random.choice([self.order, self.order, self.edit, self.strike, self.work])
            self.note(event.__name__)
            await event()
            self.town.clock.pass_by(timedelta(minutes=self.random.randrange(5, 60)))
        await self.town.control.delete("/_control/dials")
        await self.work(deadly=False)
        _, drifts = await self.town.night()
        self.note(f"night {sorted(one.kind for one in drifts)}")
        await self.work(deadly=False)

    async def order(self) -> None:
        """A canvasser brings a trader with some products."""
        person = a_merchant(len(self.stores))
        products = self.random.randrange(1, 5)
        await self.town.keep([person], [a_product(person, n) for n in range(products)])
        self.stores += await self.town.order([person])
        self.listings += products

    async def edit(self) -> None:
        """The register says another price."""
        if self.stores:
            price = self.random.randrange(5_000, 50_000, 500)
            await self.town.change(self.random.choice(self.stores), price=price)

    async def strike(self) -> None:
        """The marketplace fails a few calls."""
        fault = self.random.choice(FAULTS)
        times = self.random.randrange(1, 5)
        await self.town.dial(Dial(fault=fault, times=times, seconds=self.random.randrange(1, 90)))

    async def work(self, *, deadly: bool = True) -> None:
        """Workers work for a while; one may die on the way."""
        if deadly and self.random.random() < 0.5:
            self.town.fuse.light(self.random.randrange(1, 40))
        passes = 0
        with suppress(Killed):
            passes = await self.town.run_until_quiet(most=timedelta(minutes=30))
        if self.town.fuse.burnt:
            self.deaths += 1
            await self.town.restart(f"worker-{self.deaths + 1}")
        self.town.fuse.put_out()
        self.note(f"passes {passes}")

    def note(self, text: str) -> None:
        self.trace.append(f"{self.town.clock().isoformat()} {text}")


async def a_day(seed: int, folder: Path) -> Day:
    """Live one day and judge it by the marketplace's account."""
    began = time.monotonic()
    async with _a_town(folder, seed) as town:
        city = City(town, seed)
        await city.live()
        account = await town.account()
        due = await town.next_due()
        shown = [len(one) for one in [*account.stores.values(), *account.listings.values()]]
        city.note(json.dumps(account.model_dump(mode="json"), sort_keys=True))
    trace = "\n".join(city.trace).encode()
    return Day(
        seed=seed,
        stores=len(city.stores),
        listings=city.listings,
        deaths=city.deaths,
        duplicates=sum(n - 1 for n in shown),
        lost=len(city.stores) + city.listings - len(shown),
        stuck=int(due is not None),
        seconds=round(time.monotonic() - began, 2),
        digest=hashlib.sha256(trace).hexdigest()[:16],
    )


@asynccontextmanager
async def _a_town(folder: Path, seed: int) -> AsyncGenerator[Town]:
    database = Database(f"sqlite+aiosqlite:///{folder / f'city{seed}-{time.monotonic_ns()}.db'}")
    await upgrade(database)
    waitless = patch(WAIT, at_once)
    with waitless, structlog.testing.capture_logs():
        async with a_town(database, policy=POLICY) as town:
            town.around = replace(town.around, random=Random(seed))  # likewise
            yield town
    await database.aclose()


def finding(days: Sequence[Day], *, differing: Sequence[int] = ()) -> Finding:
    """The row of all days; what a bad one was like is said with its seed."""
    bad = [one for one in days if (one.duplicates, one.lost, one.stuck) != (0, 0, 0)]
    for one in bad:
        print(f"seed {one.seed}: {one}", file=sys.stderr)  # noqa: T201  # what repeats it
    stores, deaths = sum(one.stores for one in days), sum(one.deaths for one in days)
    again = f", {len(differing)} differ when lived again" if differing else ", lived again alike"
    return Finding(
        scenario="a day of a city",
        runs=len(days),
        seeds=", ".join(str(one.seed) for one in bad) or f"{days[0].seed}-{days[-1].seed}",
        duplicates=sum(one.duplicates for one in days),
        lost=sum(one.lost for one in days),
        stuck=sum(one.stuck for one in days),
        seconds=round(sum(one.seconds for one in days), 1),
        kept=not bad and not differing,
        note=f"{stores} stores, {deaths} deaths of workers, 24 virtual hours each{again}",
    )


def main() -> int:
    """Tell how the days ended; every tenth is lived twice, and must be the same to the byte."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.city", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        days = [asyncio.run(a_day(seed, Path(folder))) for seed in seeds]
        again = [asyncio.run(a_day(one.seed, Path(folder))) for one in days[::10]]
    differing = [
        one.seed for one, other in zip(days[::10], again, strict=True) if one.digest != other.digest
    ]
    for seed in differing:
        print(f"seed {seed} is not the same day twice", file=sys.stderr)  # noqa: T201  # likewise
    return tell([finding(days, differing=differing)])


if __name__ == "__main__":
    sys.exit(main())

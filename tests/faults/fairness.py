"""One shop in trouble of its own among many: what does it cost the others?

`python -m tests.faults.fairness [--short]`. First on a virtual clock, exactly: one worker's real passes, slots and sweep
over a town in which every call takes `LATENCY`, with all shops due at once; when all are well, and with one that is
limited, whose calls hang, or whose access is revoked. Then in real time with two worker processes, in alternating rounds.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from statistics import mean, median

import httpx
import structlog

from onboarder.converge.loop import PassEnd, converge
from onboarder.converge.surroundings import Surroundings
from onboarder.model.ids import StoreId
from onboarder.model.work import Lane
from onboarder.records import register, stores
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder_rehearsal.server.dials import Dial, Fault
from onboarder_rehearsal.server.rules import Rules
from onboarder_workers.duties import repeat
from onboarder_workers.passes import Passes
from onboarder_workers.sweep import Sweep
from tests.faults.crowd import Call, a_crowd, calls, strike
from tests.faults.findings import Finding, tell
from tests.faults.virtual import VirtualDatabase, VirtualLoop, in_threads, run
from tests.support.crew import Crew, eventually, now
from tests.support.town import REHEARSAL, Town, a_town, changed

MOST_DELAY = 0.05
PRODUCTS = 1
SLOTS = 10
LATENCY = 0.5
LIMITED, HANGING, REVOKED = "limited", "hanging", "revoked"
TROUBLES = (LIMITED, HANGING, REVOKED)
PAUSE = 1.0
"""Seconds between sweeps."""
LONGEST_ROUND = 600.0
BETWEEN = timedelta(minutes=15)
"""Long enough that every round begins with a look at the store."""
SLOW = Dial(fault=Fault.SLOW, seconds=LATENCY)


@dataclass(frozen=True)
class Delay:
    """By which share the others were done later: on the average, and the last of them."""

    usual: float
    last: float

    @property
    def kept(self) -> bool:
        return self.usual < MOST_DELAY


async def virtually(folder: Path, shops: int) -> Mapping[str, Delay]:
    """What each trouble costs the others, against a round in which all are well."""
    async with _a_virtual_town(folder) as town:
        opened = await town.open_shops(shops, PRODUCTS)
        others = opened[len(TROUBLES) :]
        found: dict[str, Delay] = {}
        await town.dial(SLOW)
        well = await _round(town, opened, 20_000)
        for number, trouble in enumerate(TROUBLES):
            await _befall(town.control, trouble, opened[number])
            ill = await _round(town, opened, 20_001 + number)
            await town.control.delete("/_control/dials")
            await town.dial(SLOW)
            found[trouble] = _delay([well[one] for one in others], [ill[one] for one in others])
        return found


async def really(
    folder: Path, shops: int, rounds: int
) -> tuple[Mapping[str, Delay], int, int, float]:
    """The same in worker processes: medians over alternating rounds, then duplicates, lost, and seconds in all."""
    async with a_crowd(folder, per_second=1000, workers=2, fresh_minutes=0) as crew:
        began = time.monotonic()
        opened = await crew.order(shops, PRODUCTS)
        await crew.done()
        found: dict[str, Delay] = {}
        for number, trouble in enumerate(TROUBLES):
            bad, others = opened[number], opened[len(TROUBLES) :]
            pairs = [await _two_rounds(crew, trouble, bad, others) for _ in range(rounds)]
            found[trouble] = _delay(
                [median(well) for well in zip(*(well for well, _ in pairs), strict=True)],
                [median(ill) for ill in zip(*(ill for _, ill in pairs), strict=True)],
            )
        lost = shops * PRODUCTS - crew.held()
        return found, len(crew.doubles()), lost, round(time.monotonic() - began, 1)


async def _round(town: Town, opened: Sequence[StoreId], price: int) -> dict[StoreId, float]:
    """Every shop's price changes; when its first pass after that ended, in seconds."""
    loop = asyncio.get_running_loop()
    town.clock.pass_by(BETWEEN)
    for store in opened:
        await town.change(store, price=price)
    ended: dict[StoreId, float] = {}
    began = loop.time()

    async def work(store: StoreId) -> PassEnd:
        end = await converge(town.around, store, owner="worker")
        ended.setdefault(store, loop.time() - began)
        return end

    async with _worker(replace(town.around, random=Random(7)), work):
        while len(ended) < len(opened) and loop.time() - began < LONGEST_ROUND:  # noqa: ASYNC110  # virtual time
            await asyncio.sleep(PAUSE)
    return ended


@asynccontextmanager
async def _worker(
    around: Surroundings, work: Callable[[StoreId], Awaitable[PassEnd]]
) -> AsyncGenerator[None]:
    """A worker's sweep and passes, without its process."""
    passes = Passes(work, {Lane.NIGHT: SLOTS})
    stop = asyncio.Event()
    sweep = Sweep(around, passes, Lane.NIGHT, REHEARSAL, PAUSE)
    sweeping = asyncio.create_task(repeat("sweep", sweep.once, stop))
    try:
        yield
    finally:
        stop.set()
        await passes.drain(LONGEST_ROUND)
        await sweeping


async def _two_rounds(
    crew: Crew, trouble: str, bad: StoreId, others: Sequence[StoreId]
) -> tuple[list[float], list[float]]:
    """One round in which all are well, and one with the trouble: when each of the others was done."""
    strike(crew.marketplace, SLOW)
    well = await _real_round(crew, [bad, *others], others)
    async with httpx.AsyncClient(base_url=crew.marketplace.base_url, trust_env=False) as control:
        await _befall(control, trouble, bad)
        ill = await _real_round(crew, [bad, *others], others)
        if trouble is REVOKED:
            await control.post(f"/_control/stores/{_owner(bad)}/authorise", json={})
    strike(crew.marketplace)
    return well, ill


async def _real_round(
    crew: Crew, opened: Sequence[StoreId], others: Sequence[StoreId]
) -> list[float]:
    before = len(calls(crew.marketplace))
    began = time.time()
    async with crew.database.write() as tx:
        for store in opened:
            work = await stores.load(tx, store)
            dearer = [changed(one, price=one.variants[0].price + 1) for one in work.products]
            await register.save_products(tx, dearer, [one.id for one in dearer], now())
        await stores.wake(tx, opened, lane=Lane.NIGHT, now=now())
    await eventually(partial(_quiet, crew, frozenset(others)))
    log = calls(crew.marketplace)[before:]
    return [_last(log, store) - began for store in others]


async def _quiet(crew: Crew, wanted: frozenset[StoreId]) -> bool:
    return all(one.due_at is None for one in await crew.records() if one.id in wanted)


def _last(log: Sequence[Call], store: StoreId) -> float:
    return max(one.at for one in log if one.store == _owner(store))


async def _befall(control: httpx.AsyncClient, trouble: str, shop: StoreId) -> None:
    owner = _owner(shop)
    if trouble == REVOKED:
        await control.post(f"/_control/stores/{owner}/revoke", json={})
        return
    fault = Fault.LIMITED if trouble == LIMITED else Fault.HANG_AFTER
    dial = Dial(fault=fault, store=owner).model_dump(mode="json", exclude_none=True)
    (await control.post("/_control/dials", json=[dial])).raise_for_status()


def _delay(well: Sequence[float], ill: Sequence[float]) -> Delay:
    return Delay(mean(ill) / mean(well) - 1, max(ill) / max(well) - 1)


def _owner(store: StoreId) -> str:
    return store.partition("@")[0]


@asynccontextmanager
async def _a_virtual_town(folder: Path) -> AsyncGenerator[Town]:
    """A town whose clock is the virtual loop's."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    database = Database(f"sqlite+aiosqlite:///{folder / 'town.db'}")
    virtual = VirtualDatabase(database)
    with in_threads():
        await upgrade(database)
    async with a_town(virtual, rules=Rules(token_seconds=1e9)) as town:
        loop.heard = lambda seconds: town.clock.pass_by(timedelta(seconds=seconds))
        yield town
    await database.aclose()


def findings(folder: Path, size: "Size") -> list[Finding]:
    """Both forms, one finding per trouble."""
    began = time.monotonic()
    exact = run(virtually(folder, size.virtual))
    seconds = round(time.monotonic() - began, 1)
    real, duplicates, lost, spent = asyncio.run(really(folder, size.real, size.rounds))
    return [
        *(
            _told(f"{one}, virtual clock", delay, size.virtual, seconds)
            for one, delay in exact.items()
        ),
        *(
            replace(
                _told(f"{one}, real time", delay, size.real, spent),
                runs=size.rounds,
                duplicates=duplicates,
                lost=lost,
                kept=duplicates == lost == 0,
            )
            for one, delay in real.items()
        ),
    ]


def _told(what: str, delay: Delay, shops: int, seconds: float) -> Finding:
    note = f"the other {shops - len(TROUBLES)} shops {delay.usual:+.1%} later on the average, the last {delay.last:+.1%}"
    return Finding(f"one shop {what}", 1, "7", 0, 0, 0, seconds, delay.kept, note)


@dataclass(frozen=True)
class Size:
    """Shops on the virtual clock and in real time."""

    virtual: int
    real: int
    rounds: int


def main() -> int:
    """Print what was found; 0 if no trouble delayed the others by much on the virtual clock."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    size = Size(80, 40, 2) if parser.parse_args().short else Size(300, 80, 5)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        return tell(findings(Path(folder), size))


if __name__ == "__main__":
    sys.exit(main())

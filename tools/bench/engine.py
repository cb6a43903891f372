"""One worker process on an ordered market, measured from inside: `python -m tools.bench.engine`. Prints JSON."""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass

from onboarder.application import utc_now
from onboarder.event_loop import run
from onboarder.logging import configure_logging
from onboarder.model.shop import ListingState
from onboarder.model.work import Lane
from onboarder.records import stores
from onboarder.records.database import Database
from onboarder.records.progress import Progress, Selection, chosen_stores, progress
from onboarder.settings import Settings
from onboarder_workers.process import at_work
from tools.bench.lag import lag_watched

LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Work:
    """What one process did. `idle` is a second pass over every store, with nothing to do; the lag is that of the first."""

    stores: int
    listings: int
    seconds: float
    cpu: float
    idle_seconds: float
    idle_cpu: float
    lag_ms: float


async def measure(settings: Settings) -> Work:
    """Work the market off, then pass over every store once more."""
    database = Database(settings.database)
    try:
        async with at_work(settings, tuple(Lane)):
            started, cpu = time.perf_counter(), time.process_time()
            async with lag_watched() as lag:
                opened = await _worked_off(database)
            seconds, busy = time.perf_counter() - started, time.process_time() - cpu
            started, cpu = time.perf_counter(), time.process_time()
            await _wake_all(database)
            await _worked_off(database)
            idle_seconds, idle_cpu = time.perf_counter() - started, time.process_time() - cpu
    finally:
        await database.aclose()
    return Work(
        stores=sum(one.total for one in opened),
        listings=sum(one.listings.get(ListingState.LIVE, 0) for one in opened),
        seconds=seconds,
        cpu=busy,
        idle_seconds=idle_seconds,
        idle_cpu=idle_cpu,
        lag_ms=lag.p99,
    )


async def _worked_off(database: Database) -> list[Progress]:
    """The counts, once nothing is being worked on. Looks often with a cheap question and seldom with a dear one."""
    while True:
        async with database.read() as tx:
            found = None
            if not await stores.due(tx, utc_now(), limit=1):
                found = await progress(tx, Selection(), utc_now())
        if found is not None and not any(one.busy for one in found):
            return found
        await asyncio.sleep(LOOK_SECONDS)


async def _wake_all(database: Database) -> None:
    async with database.read() as tx:
        found = await chosen_stores(tx, Selection())
    async with database.write() as tx:
        await stores.wake(tx, [one.id for one in found], lane=Lane.STALL, now=utc_now())


if __name__ == "__main__":
    configure_logging(json=True)
    json.dump(asdict(run(measure(Settings()))), sys.stdout)

"""One night over a town of a size, measured from inside. Prints JSON.

`python -m tools.bench.night_run URL SHOPS DRIFTING [REDIS_URL PER_SECOND]`. The marketplace answers in the same process:
without delay, so that time and CPU are the engine's and the database's; or, with a budget, after `WAY` seconds.
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace

import structlog
from redis.asyncio import Redis
from sqlalchemy import Engine, event
from tests.support.town import Town, a_town

from onboarder.application import utc_now
from onboarder.connector.budget_shared import SharedBudget
from onboarder.converge.inline import work_through
from onboarder.converge.night import Night, Scope
from onboarder.event_loop import run
from onboarder.model.work import DriftClass, DriftPolicy
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder.records.runs import RunRecord
from onboarder.settings import Settings
from onboarder_rehearsal.server.rules import Rules
from onboarder_workers.watch import resident
from tools.bench.lag import lag_watched
from tools.bench.night_town import at_once, multiply

JOBS = Settings.model_fields["night_jobs"].default
WAY = 0.2
LOOK_SECONDS = 0.05
OWNER = "bench"
WRITES = ("UPDATE", "INSERT", "DELETE")


@dataclass(frozen=True, slots=True)
class NightRun:
    """`rows` were written, by `writes` statements; `before` and `peak` are the process's bytes."""

    shops: int
    drifts: int
    seconds: float
    cpu: float
    calls: int
    reads: int
    writes: int
    rows: int
    before: int
    peak: int
    lag_ms: float


class Counted:
    """Statements that reach any database of this process."""

    def __init__(self) -> None:
        self.reads = self.writes = self.rows = 0
        event.listen(Engine, "after_cursor_execute", self._note)

    def _note(self, connection: object, cursor: object, statement: str, *_: object) -> None:
        del connection
        if statement.lstrip().startswith(WRITES):
            self.writes += 1
            self.rows += max(0, int(getattr(cursor, "rowcount", 0)))
        else:
            self.reads += 1


async def measure(url: str, shops: int, drifting: int, *budget: str) -> NightRun:
    database = Database(url)
    leave = _leave(*budget) if budget else at_once
    await upgrade(database)
    policy = dict.fromkeys(DriftClass, DriftPolicy.REPORT)
    async with a_town(database, rules=Rules(token_seconds=1e9), policy=policy) as town:
        connector = await multiply(town, shops, drifting=drifting, leave=leave)
        town.around = replace(town.around, clock=utc_now)
        before, counted = resident(), Counted()
        async with lag_watched() as lag, _peak_watched() as peak:
            began, cpu = time.perf_counter(), time.process_time()
            record = await _a_night(town)
            seconds, busy = time.perf_counter() - began, time.process_time() - cpu
    await database.aclose()
    drifts = sum(sum(one.values()) for one in _counts(record))
    return NightRun(
        record.stores, drifts, seconds, busy, connector.calls, counted.reads, counted.writes,
        counted.rows, before, max(peak), lag.p99,
    )  # fmt: skip


def _leave(redis_url: str, per_second: str) -> Callable[[], Awaitable[None]]:
    budget = SharedBudget(Redis.from_url(redis_url), "night", float(per_second))

    async def leave() -> None:
        await budget.acquire("app")
        await asyncio.sleep(WAY)

    return leave


async def _a_night(town: Town) -> RunRecord:
    night = Night(town.database, town.rules(), owner=OWNER, clock=utc_now)
    begun = await night.begin(by=OWNER, scope=Scope())
    return await work_through(
        town.around, night, begun, owner=OWNER, jobs=JOBS, pushed=lambda _, __: None
    )


def _counts(record: RunRecord) -> list[dict[str, int]]:
    return [one for one in record.totals.values() if isinstance(one, dict)]


@asynccontextmanager
async def _peak_watched() -> AsyncGenerator[list[int]]:
    """The process's sizes while the block runs, the greatest of them last known."""
    sizes = [resident()]

    async def watch() -> None:
        while True:
            sizes[0] = max(sizes[0], resident())
            await asyncio.sleep(LOOK_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield sizes
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


if __name__ == "__main__":
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
    )
    night = measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
    json.dump(asdict(run(night)), sys.stdout)

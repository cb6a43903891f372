"""The calls of a day: never more than granted, kept by the database, granted anew at the marketplace's own midnight."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from onboarder.connector.advice import BUDGET
from onboarder.connector.budget import UnlimitedBudget, in_lane
from onboarder.connector.daily import NIGHT_SHARE, DailyBudget
from onboarder.connector.errors import RateLimited, Unavailable
from onboarder.connector.manifest import Quotas
from onboarder.converge.failures import after
from onboarder.model.work import Lane
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder.records.quotas import RecordedDays
from tests.support.town import Clock

QUOTAS = Quotas(calls_a_day=20, resets_in="Asia/Jakarta")


def a_process(database: Database, clock: Clock) -> DailyBudget:
    return DailyBudget(UnlimitedBudget(), RecordedDays(database), "rehearsal", QUOTAS, clock)


async def taken(budget: DailyBudget, lane: Lane) -> tuple[int, RateLimited]:
    """How many calls there are before the refusal, and the refusal."""
    with in_lane(lane):
        for number in range(100):
            try:
                await budget.acquire("app")
            except RateLimited as refused:
                return number, refused
    raise AssertionError("never refused")


async def test_all_processes_share_the_day_and_a_part_is_kept_for_people_at_a_stall(
    database: Database,
) -> None:
    clock = Clock()
    here, there = a_process(database, clock), a_process(database, clock)

    first, _ = await taken(here, Lane.NIGHT)
    second, _ = await taken(there, Lane.NIGHT)
    person, _ = await taken(there, Lane.STALL)

    assert (first + second, person) == (int(20 * NIGHT_SHARE), 2)


async def test_the_smallest_day_leaves_the_night_something(database: Database) -> None:
    budget = DailyBudget(
        UnlimitedBudget(), RecordedDays(database), "rehearsal", Quotas(calls_a_day=1), Clock()
    )

    assert (await taken(budget, Lane.NIGHT))[0] == 1


async def test_what_is_over_waits_for_midnight_there_and_uses_up_no_attempt(
    database: Database,
) -> None:
    clock = Clock()
    clock.now = datetime(2026, 11, 27, 16, 30, tzinfo=UTC)  # half past eleven at night in Jakarta
    budget = a_process(database, clock)

    _, refused = await taken(budget, Lane.STALL)
    clock.pass_by(timedelta(minutes=29))
    still, _ = await taken(budget, Lane.STALL)
    clock.pass_by(timedelta(minutes=1))
    again, _ = await taken(budget, Lane.STALL)

    assert refused.retry_after == timedelta(minutes=30)
    assert not after(refused, 3, Random(1)).counts
    assert (still, again) == (0, 20)


async def test_a_new_process_goes_on_counting_where_a_killed_one_stopped(
    database: Database,
) -> None:
    clock = Clock()
    await taken(a_process(database, clock), Lane.STALL)

    assert (await taken(a_process(database, clock), Lane.STALL))[0] == 0


async def test_a_book_that_is_busy_lets_no_call_through_and_no_store_down(tmp_path: Path) -> None:
    path = tmp_path / "onboarder.db"
    database = Database(f"sqlite+aiosqlite:///{path}", busy=timedelta(milliseconds=10))
    await upgrade(database)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Unavailable) as held:
            await a_process(database, Clock()).acquire("app")

    await database.aclose()
    assert held.value.advice.code == "records.busy"


async def test_a_call_that_was_not_made_is_not_counted(database: Database) -> None:
    budget = DailyBudget(Refusing(), RecordedDays(database), "rehearsal", QUOTAS, Clock())

    for _ in range(50):
        with pytest.raises(RateLimited) as caught:
            await budget.acquire("app")
        assert caught.value.retry_after == timedelta(seconds=1)


async def test_a_call_of_yesterday_that_was_not_made_is_none_of_today_s(
    database: Database,
) -> None:
    clock = Clock()
    days, waits = RecordedDays(database), Waiting()
    budget = DailyBudget(waits, days, "rehearsal", QUOTAS, clock)
    call = asyncio.ensure_future(budget.acquire("app"))
    await waits.reached.wait()
    clock.pass_by(timedelta(days=1))
    waits.reached.clear()
    other = asyncio.ensure_future(budget.acquire("app"))  # today has begun
    await waits.reached.wait()
    for one in (call, other):
        one.cancel()
    await asyncio.gather(call, other, return_exceptions=True)
    waits.over.set()

    assert (await taken(budget, Lane.NIGHT))[0] == int(20 * NIGHT_SHARE)


class Waiting(UnlimitedBudget):
    """Has a slot for everybody when it is over."""

    def __init__(self) -> None:
        self.reached, self.over = asyncio.Event(), asyncio.Event()

    async def acquire(self, scope: str) -> None:
        self.reached.set()
        await self.over.wait()


class Refusing(UnlimitedBudget):
    """Has no slot for anybody."""

    async def acquire(self, scope: str) -> None:
        raise RateLimited(BUDGET, retry_after=timedelta(seconds=1), scope=scope)

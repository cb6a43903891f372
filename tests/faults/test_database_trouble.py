"""A database that is full or held, and a clock that jumps, at every transaction of the work."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from onboarder.converge.loop import PassEnd
from onboarder.model.ids import StoreId
from onboarder.records import tables
from onboarder.records.database import RecordsBusy
from tests.faults.database_trouble import SHORT, findings
from tests.support.mischief import Deed, DisturbedDatabase
from tests.support.town import Town, a_merchant, a_product

PRODUCTS = 3
TRANSACTIONS = 9
"""More than one merchant's opening takes, so that the last rounds are undisturbed."""


async def test_nothing_is_sent_that_could_not_be_recorded_first_on_a_full_disk(town: Town) -> None:
    async def fill() -> None:
        await limit_pages(town, 1)

    ends: list[PassEnd] = []
    for number in range(1, TRANSACTIONS + 1):
        before = await town.writes() - await intents(town)
        [store] = await disturbed_order(town, number, fill)
        ends.append(await town.pass_over(store))
        assert await town.writes() - await intents(town) <= before, number

        await limit_pages(town, 1_000_000)
        await undisturbed(town)
        await opened(town, number)
    assert PassEnd.LOST in ends  # pages with room left take some writes all the same


async def test_a_database_held_by_another_loses_and_doubles_nothing(
    town: Town, tmp_path: Path
) -> None:
    await short_patience(town)
    holder = sqlite3.connect(tmp_path / "town.db", isolation_level=None)

    async def hold() -> None:
        holder.execute("BEGIN IMMEDIATE")

    for number in range(1, TRANSACTIONS + 1):
        before = await town.writes() - await intents(town)
        [store] = await disturbed_order(town, number, hold)
        await town.pass_over(store)
        assert await town.writes() - await intents(town) <= before, number

        if holder.in_transaction:
            holder.execute("ROLLBACK")
        await undisturbed(town)
        await opened(town, number)
    holder.close()


async def test_an_order_that_cannot_be_recorded_is_refused_and_not_lost_in_silence(
    town: Town,
) -> None:
    person = a_merchant(1)
    await limit_pages(town, 1)
    with pytest.raises(RecordsBusy):
        await town.keep([person], [a_product(person, number) for number in range(400)])
    await limit_pages(town, 1_000_000)
    await town.keep([person], [a_product(person, 0)])
    await town.order([person])
    await town.run_until_quiet()
    assert (await town.account()).states() == ["live"]


@pytest.mark.parametrize("jump", [timedelta(minutes=-10), timedelta(hours=-1), timedelta(days=2)])
async def test_a_clock_that_jumps_in_the_middle_doubles_and_loses_nothing(
    town: Town, jump: timedelta
) -> None:
    async def leap() -> None:
        town.clock.pass_by(jump)

    for number in range(1, TRANSACTIONS + 1):
        [store] = await disturbed_order(town, number, leap)
        await town.pass_over(store)
        await undisturbed(town)
        await opened(town, number)


async def disturbed_order(town: Town, number: int, deed: Deed) -> list[StoreId]:
    """A merchant's order, with a deed done before the n-th transaction of its pass."""
    owner = a_merchant(number)
    await town.keep([owner], [a_product(owner, n) for n in range(PRODUCTS)])
    ordered = await town.order([owner])
    database = DisturbedDatabase(town.database, number, deed)
    town.around = replace(town.around, database=database)
    return ordered


async def undisturbed(town: Town) -> None:
    """The trouble is over; what was leased runs out, and the work goes on."""
    town.around = replace(town.around, database=town.database)
    await town.run_until_quiet(most=timedelta(days=3))


async def opened(town: Town, merchants: int) -> None:
    """Every merchant so far has one store with its products, by the marketplace's account."""
    account = await town.account()
    assert account.duplicate_stores == account.duplicate_listings == []
    assert account.states() == ["live"] * (merchants * PRODUCTS)


async def intents(town: Town) -> int:
    async with town.database.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(tables.intent)) or 0)


async def limit_pages(town: Town, pages: int) -> None:
    """SQLite's own way to a full disk: it never takes away what is there."""
    async with town.database.write() as tx:
        await tx.exec_driver_sql(f"PRAGMA max_page_count={pages}")


async def short_patience(town: Town) -> None:
    async with town.database.write() as tx:
        await tx.exec_driver_sql("PRAGMA busy_timeout=20")


@pytest.mark.processes
async def test_workers_go_on_after_the_database_was_held_full_or_put_back(tmp_path: Path) -> None:
    found = await findings(tmp_path, SHORT)

    assert [one for one in found if not one.kept] == []

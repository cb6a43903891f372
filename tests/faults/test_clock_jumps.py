"""The clock of a worker's machine jumps by hours and back in the middle of the work."""

from dataclasses import replace
from datetime import timedelta

import pytest

from onboarder.model.ids import StoreId
from tests.support.mischief import DisturbedDatabase
from tests.support.town import Town, a_merchant, a_product

TRANSACTIONS = 9
"""More than one merchant's opening takes."""
HOURS = timedelta(hours=5)
SLACK = timedelta(minutes=10)
"""Waits of the work itself."""


@pytest.mark.parametrize("first", [HOURS, -HOURS], ids=["forwards then back", "back then forwards"])
async def test_jumps_by_hours_double_and_park_nothing_and_delay_by_no_more_than_the_jump(
    town: Town, first: timedelta
) -> None:
    for number in range(1, TRANSACTIONS + 1):
        began = town.clock()
        store = await jumped(town, number, first)
        await town.run_until_quiet()

        assert town.clock() - began <= abs(first) + SLACK
        account, record = await town.account(), (await town.work_of(store)).store
        assert account.duplicate_stores == account.duplicate_listings == []
        assert account.states() == ["live"] * number
        assert (record.attempts, record.starts, record.failure) == (0, 0, None)
    assert await town.tasks() == []


async def jumped(town: Town, number: int, jump: timedelta) -> StoreId:
    """An order whose pass sees the clock jump before its n-th transaction, and jump back before the next pass."""

    async def leap() -> None:
        town.clock.pass_by(jump)

    owner = a_merchant(number)
    await town.keep([owner], [a_product(owner, 0)])
    [store] = await town.order([owner])
    there = town.database
    town.around = replace(town.around, database=DisturbedDatabase(there, number, leap))
    before = town.clock()
    await town.pass_over(store)
    if town.clock() != before:
        town.clock.pass_by(-jump)
    town.around = replace(town.around, database=there)
    return store

"""Places in apps: what takes one, and that the last is taken once however many want it."""

import asyncio
from collections.abc import Mapping

import pytest
from sqlalchemy import update

from onboarder.model.ids import MarketplaceName, StoreId
from onboarder.model.work import Lane
from onboarder.records import apps, register, stores
from onboarder.records.database import Database, Transaction
from onboarder.records.tables import store
from tests.core.converge.samples import NOW
from tests.support.town import PROGRAMME, a_merchant

M = MarketplaceName("m")


async def test_the_last_place_is_taken_once_by_two_who_choose_at_once(database: Database) -> None:
    first, second = await ordered(database, 2)
    chosen = asyncio.Event()

    async def slow() -> str | None:
        async with database.write() as tx:
            app = await take(tx, first)
            chosen.set()
            await asyncio.sleep(0.2)
            return app

    async def quick() -> str | None:
        await chosen.wait()
        async with database.write() as tx:
            return await take(tx, second)

    assert await asyncio.gather(slow(), quick()) == ["", "second"]


async def test_a_store_keeps_its_app_and_none_is_given_when_all_are_full(
    database: Database,
) -> None:
    first, second, third = await ordered(database, 3)
    async with database.write() as tx:
        assert [await take(tx, one) for one in (first, second, third)] == ["", "second", None]
        assert [await take(tx, one, limit=9) for one in (second, third)] == ["second", ""]
        assert await apps.places_taken(tx, M) == {"": 2, "second": 1}
        assert await apps.places_taken(tx, MarketplaceName("other")) == {}


@pytest.mark.parametrize(
    ("values", "app"),
    [
        ({"complete": False}, None),
        ({"remote_id": "r1"}, ""),
        ({"state": "awaiting_owner"}, ""),
        ({"app": "second"}, "second"),
        ({"app": "second", "remote_id": "r1"}, "second"),
        ({"app": "second", "withdrawn_at": NOW}, "second"),
    ],
)
async def test_what_exists_or_was_handed_out_takes_a_place(
    values: Mapping[str, object], app: str | None, database: Database
) -> None:
    [one] = await ordered(database, 1)
    async with database.write() as tx:
        await tx.execute(update(store).values(values))
        [record] = await stores.records(tx)

        assert await apps.app_of(tx, one) == app
        assert await apps.places_taken(tx, M) == ({} if app is None else {app: 1})
        assert record.placed is (app is not None)


async def take(tx: Transaction, one: StoreId, *, limit: int = 1) -> str | None:
    return await apps.take_place(tx, one, M, ["", "second"], limit, now=NOW)


async def ordered(database: Database, number: int) -> list[StoreId]:
    owners = [a_merchant(n) for n in range(number)]
    async with database.write() as tx:
        known = await register.merchants(tx, PROGRAMME.code)
        await register.save_merchants(tx, owners, known, NOW)
        pairs = [(one.id, M) for one in owners]
        return await stores.trigger(tx, pairs, lane=Lane.STALL, by="test", now=NOW)

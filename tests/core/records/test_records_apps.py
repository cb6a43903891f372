"""Places in apps: what takes one, and that the last is taken once however many want it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text, update

from onboarder.model.ids import MarketplaceName, StoreId
from onboarder.model.work import Lane
from onboarder.records import apps, register, stores
from onboarder.records.database import Database, Transaction
from onboarder.records.migrations import pending, upgrade
from onboarder.records.tables import store
from tests.core.converge.samples import NOW
from tests.plugins.databases import POSTGRES
from tests.servers.postgres import async_url, fresh_database
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

    assert list(await asyncio.gather(slow(), quick())) == ["", "second"]


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


@pytest.fixture(params=["sqlite", POSTGRES])
async def older(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    """A database as the release before apps left it."""
    with ExitStack() as stack:
        url = f"sqlite+aiosqlite:///{tmp_path / 'older.db'}"
        if request.param == "postgres":
            server: str = request.getfixturevalue("postgres_url")
            url = async_url(stack.enter_context(fresh_database(server)))
        database = Database(url)
        async with database.write() as connection:
            await connection.run_sync(_to_the_release_before)
        yield database
        await database.aclose()


async def test_a_database_of_the_release_before_migrates_and_that_release_may_write_on(
    older: Database,
) -> None:
    async with older.write() as tx:
        await tx.execute(text(MERCHANT))
        await tx.execute(text(STORE.format(number=1, remote="'r1'")))

    await upgrade(older)
    async with older.write() as tx:
        await tx.execute(text(STORE.format(number=2, remote="NULL")))

    async with older.read() as tx:
        assert [one.app for one in await stores.records(tx)] == [None, None]
        assert await apps.places_taken(tx, M) == {"": 1}
    assert not await pending(older)


def _to_the_release_before(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "onboarder.records:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "0009")


MERCHANT = """
INSERT INTO merchant (id, programme, market, register_key, name, shop_name, stall, goods, changed_at)
VALUES ('k', 'contoh', 'KNM', 'k', 'Contoh', 'Toko Contoh', 'A/1', '', '2026-11-23 02:00:00+00:00')
"""
STORE = """
INSERT INTO store (id, merchant_id, marketplace, reference, state, complete, created_at, requested_by, attempts, looks,
 starts, lane, generation, lease_token, remote_id)
VALUES ('k-{number}@m', 'k', 'm', 'k-{number}', 'draft', false, '2026-11-23 02:00:00+00:00', 'test', 0, 0,
 0, 'stall', 1, 0, {remote})
"""


async def take(tx: Transaction, one: StoreId, *, limit: int = 1) -> str | None:
    return await apps.take_place(tx, one, M, ["", "second"], limit, now=NOW)


async def ordered(database: Database, number: int) -> list[StoreId]:
    owners = [a_merchant(n) for n in range(number)]
    async with database.write() as tx:
        known = await register.merchants(tx, PROGRAMME.code)
        await register.save_merchants(tx, owners, known, NOW)
        pairs = [(one.id, M) for one in owners]
        return await stores.trigger(tx, pairs, lane=Lane.STALL, by="test", now=NOW)

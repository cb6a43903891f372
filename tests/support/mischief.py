"""Ways to disturb a pass at a chosen moment, and to copy and restore all records."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import delete, insert, select

from onboarder.connector.contract import Access, Page
from onboarder.converge.plan import Plan, plan
from onboarder.converge.session import Session
from onboarder.converge.surroundings import Marketplace
from onboarder.model.ids import RemoteId, StoreId
from onboarder.model.recorded import Lease
from onboarder.records import leases, tables
from onboarder.records.database import Database, Transaction
from onboarder_rehearsal import RehearsalConnector
from tests.support.town import REHEARSAL, Town

Spoken = TypeVar("Spoken", bound=RehearsalConnector)
Deed = Callable[[], Awaitable[None]]
Backup = dict[str, list[dict[str, object]]]


class DisturbedDatabase(Database):
    """Does a deed before the n-th write transaction."""

    def __init__(self, inner: Database, number: int, deed: Deed) -> None:
        self.url = inner.url
        self.embedded = inner.embedded
        self._inner = inner
        self._left = number
        self._deed = deed

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        self._left -= 1
        if self._left == 0:
            await self._deed()
        async with self._inner.write(brief=brief) as tx:
            yield tx

    @asynccontextmanager
    async def read(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        async with self._inner.read(brief=brief) as tx:
            yield tx


class SmallPages(RehearsalConnector):
    """Shows one listing per page, does something before each, and can hide a listing for a while."""

    each_page: Deed | None = None
    hidden: RemoteId | None = None

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        if self.each_page is not None:
            await self.each_page()
        page = await super().observe_listings(access, cursor)
        shown = tuple(one for one in page.listings if one.remote_id != self.hidden)
        return replace(page, listings=shown)


def before_transaction(town: Town, number: int, deed: Deed) -> Database:
    return DisturbedDatabase(town.database, number, deed)


def with_connector(town: Town, kind: type[Spoken]) -> Spoken:
    """The town's marketplace is spoken to by a connector of that kind from now on."""
    before = town.around.marketplaces[REHEARSAL]
    connector = kind.__new__(kind)
    vars(connector).update(vars(before.connector))
    changed = Marketplace(REHEARSAL, connector, before.categories)
    town.around = replace(town.around, marketplaces={REHEARSAL: changed})
    return connector


def small_pages(town: Town) -> SmallPages:
    """The town's marketplace shows listings one by one from now on."""
    connector = with_connector(town, SmallPages)
    manifest = connector.manifest
    vars(connector)["manifest"] = replace(manifest, limits=replace(manifest.limits, page_size=1))
    return connector


async def a_session(town: Town, lease: Lease) -> Session:
    return Session(town.around, lease, await town.work_of(lease.store_id))


async def leased(town: Town, store: StoreId, owner: str) -> Session:
    """A session that holds the store's lease."""
    async with town.database.write() as tx:
        lease = await leases.take(
            tx, store, owner=owner, now=town.clock(), span=town.around.lease_span
        )
    assert lease is not None
    return await a_session(town, lease)


def plan_of(session: Session) -> Plan:
    return plan(session.wanted, session.work, session.manifest, session.now)


async def copy_of(town: Town) -> Backup:
    """All rows of all tables."""
    async with town.database.read() as tx:
        return {
            table.name: [dict(row) for row in (await tx.execute(select(table))).mappings()]
            for table in tables.metadata.sorted_tables
        }


async def restore(town: Town, backup: Backup) -> None:
    """The database as it was when the copy was made."""
    async with town.database.write() as tx:
        for table in reversed(tables.metadata.sorted_tables):
            await tx.execute(delete(table))
        for table in tables.metadata.sorted_tables:
            if backup[table.name]:
                await tx.execute(insert(table), backup[table.name])

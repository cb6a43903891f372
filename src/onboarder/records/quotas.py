"""What has been used of the marketplaces' quotas: durable, and the truth for every process."""

from datetime import date, datetime

from sqlalchemy import Column, ColumnElement, Date, Integer, String, Table, func, select, update

from onboarder.connector.errors import Advice, Unavailable
from onboarder.model.ids import MarketplaceName, StoreId
from onboarder.model.people import Actor
from onboarder.model.work import IntentKind, IntentState
from onboarder.records.database import Database, RecordsBusy, Transaction, insert_new
from onboarder.records.tables import intent, metadata, store

quota_day = Table(
    "quota_day",
    metadata,
    Column("marketplace", String(32), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("calls", Integer, nullable=False),
)
"""Calls taken of a day, by the marketplace's own calendar. `marketplace` is an app's key: NAME, or NAME.APP."""


BOOK_BUSY = Advice(
    "records.busy",
    Actor.NOBODY,
    "Catatan kami sedang sibuk, jadi panggilan ini belum dikirim. Sistem mencoba lagi sendiri.",
    "The records were busy, so this call was not sent. It is tried again by itself.",
)


class RecordedDays:
    """The day book in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, day: date, wanted: int, limit: int) -> int:
        """Take up to `wanted` calls of what `limit` leaves of that day; answers how many. `Unavailable` when busy."""
        try:
            return await self._take(name, day, wanted, limit)
        except RecordsBusy as error:
            raise Unavailable(BOOK_BUSY, detail=type(error).__name__) from None

    async def _take(self, name: str, day: date, wanted: int, limit: int) -> int:
        here = (quota_day.c.marketplace == name) & (quota_day.c.day == day)
        async with self._database.write(brief=True) as tx:
            await insert_new(tx, quota_day, [{"marketplace": name, "day": day, "calls": 0}])
            used = int(
                await tx.scalar(select(quota_day.c.calls).where(here).with_for_update()) or 0
            )
            taken = max(0, min(wanted, limit - used))
            if taken:
                await tx.execute(update(quota_day).where(here).values(calls=used + taken))
            return taken


async def calls_taken(tx: Transaction, app: str, day: date) -> int:
    """Calls taken of that day so far by the app of that key."""
    here = (quota_day.c.marketplace == app) & (quota_day.c.day == day)
    return int(await tx.scalar(select(quota_day.c.calls).where(here)) or 0)


async def opened_at(tx: Transaction, where: StoreId) -> datetime | None:
    """When that store opened; None if it has not, or nobody recorded it."""
    found: datetime | None = await tx.scalar(select(store.c.opened_at).where(store.c.id == where))
    return found


async def creates_since(tx: Transaction, where: StoreId, since: datetime) -> int:
    """Listings that were, or may have been, created in that store since then."""
    counted = intent.c.store_id == where, *_created(since)
    return int(await tx.scalar(select(func.count()).select_from(intent).where(*counted)) or 0)


async def all_creates_since(
    tx: Transaction, name: MarketplaceName, since: datetime
) -> dict[StoreId, int]:
    """The same of every store on that marketplace; those without any are left out."""
    query = (
        select(intent.c.store_id, func.count())
        .join(store, intent.c.store_id == store.c.id)
        .where(store.c.marketplace == name, *_created(since))
        .group_by(intent.c.store_id)
    )
    return {StoreId(where): int(number) for where, number in await tx.execute(query)}


def _created(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        intent.c.kind == IntentKind.CREATE_LISTING,
        intent.c.state.not_in([IntentState.ABSENT, IntentState.REFUSED]),
        intent.c.sent_at >= since,
    )

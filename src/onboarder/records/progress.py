"""How far the work is: counts over stores, listings and tasks, for screens and for whoever waits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Executable,
    FromClause,
    Text,
    and_,
    case,
    cast,
    distinct,
    func,
    not_,
    select,
)

from onboarder.model.ids import MarketCode, MarketplaceName, MerchantId, StoreId
from onboarder.model.recorded import StoreRecord
from onboarder.model.work import TaskState
from onboarder.records import leases
from onboarder.records.codec import read_store
from onboarder.records.database import Transaction
from onboarder.records.tables import listing, merchant, product, store, task

SOON = timedelta(seconds=30)
"""A store whose next pass is nearer than this counts as still being worked on."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which stores are meant; empty means all."""

    market: MarketCode | None = None
    marketplaces: tuple[MarketplaceName, ...] = ()
    merchants: tuple[MerchantId, ...] = ()
    stores: tuple[StoreId, ...] = ()


@dataclass(slots=True)
class Progress:
    """One market on one marketplace. `wanted` counts active products, `failing` stores whose last pass failed.

    `stores` and `listings` are counts by state, which may be one that only another release knows.
    """

    market: MarketCode
    marketplace: MarketplaceName
    stores: dict[str, int] = field(default_factory=dict[str, int])
    listings: dict[str, int] = field(default_factory=dict[str, int])
    wanted: int = 0
    running: int = 0
    due: int = 0
    soon: int = 0
    waiting: int = 0
    """Stores whose next pass is later than soon: in review, or after a longer pause."""
    failing: int = 0
    tasks: int = 0
    next_at: datetime | None = None

    @property
    def total(self) -> int:
        return sum(self.stores.values())

    @property
    def busy(self) -> int:
        """Stores on which something happens now or soon."""
        return self.running + self.due + self.soon


async def progress(tx: Transaction, chosen: Selection, now: datetime) -> list[Progress]:
    """Every market and marketplace that has chosen stores, in order of their names."""
    found: dict[tuple[str, str], Progress] = {}
    for row in (await tx.execute(_stores(chosen, now))).mappings():
        where = Progress(MarketCode(row["market"]), MarketplaceName(row["marketplace"]))
        one = found.setdefault((where.market, where.marketplace), where)
        one.stores[str(row["state"])] = int(row["number"])
        for name in ("running", "due", "soon", "waiting", "failing"):
            setattr(one, name, getattr(one, name) + int(row[name] or 0))
        times = [at for at in (one.next_at, row["next_at"]) if at is not None]
        one.next_at = min(times, default=None)
    for row in (await tx.execute(_listings(chosen))).mappings():
        one = found[row["market"], row["marketplace"]]
        one.listings[str(row["state"])] = int(row["number"])
    for row in (await tx.execute(_wanted(chosen))).mappings():
        found[row["market"], row["marketplace"]].wanted = int(row["number"])
    for row in (await tx.execute(_tasks(chosen))).mappings():
        found[row["market"], row["marketplace"]].tasks = int(row["number"])
    return [found[key] for key in sorted(found)]


async def chosen_stores(
    tx: Transaction, chosen: Selection, *, limit: int | None = None
) -> list[StoreRecord]:
    """The chosen stores by id."""
    query = select(store).join(merchant).where(*_where(chosen)).order_by(store.c.id).limit(limit)
    return [read_store(row) for row in (await tx.execute(query)).mappings()]


def _stores(chosen: Selection, now: datetime) -> Executable:
    free = leases.free(now)
    ready = and_(free, store.c.due_at <= now)
    near = and_(free, store.c.due_at > now, store.c.due_at <= now + SOON)
    later = and_(free, store.c.due_at > now + SOON)
    return (
        select(
            merchant.c.market,
            store.c.marketplace,
            store.c.state,
            func.count().label("number"),
            _count(not_(free)).label("running"),
            _count(ready).label("due"),
            _count(near).label("soon"),
            _count(later).label("waiting"),
            _count(cast(store.c.failure, Text) != "null").label("failing"),
            func.min(case((store.c.due_at > now, store.c.due_at))).label("next_at"),
        )
        .select_from(_joined())
        .where(*_where(chosen))
        .group_by(merchant.c.market, store.c.marketplace, store.c.state)
    )


def _listings(chosen: Selection) -> Executable:
    return (
        select(
            merchant.c.market, store.c.marketplace, listing.c.state, func.count().label("number")
        )
        .select_from(_joined().join(listing, listing.c.store_id == store.c.id))
        .where(*_where(chosen))
        .group_by(merchant.c.market, store.c.marketplace, listing.c.state)
    )


def _wanted(chosen: Selection) -> Executable:
    return (
        select(merchant.c.market, store.c.marketplace, func.count().label("number"))
        .select_from(_joined().join(product, product.c.merchant_id == merchant.c.id))
        .where(product.c.active, *_where(chosen))
        .group_by(merchant.c.market, store.c.marketplace)
    )


def _tasks(chosen: Selection) -> Executable:
    return (
        select(
            merchant.c.market, store.c.marketplace, func.count(distinct(task.c.id)).label("number")
        )
        .select_from(_joined().join(task, task.c.store_id == store.c.id))
        .where(task.c.state == TaskState.OPEN, *_where(chosen))
        .group_by(merchant.c.market, store.c.marketplace)
    )


def _joined() -> FromClause:
    return store.join(merchant, merchant.c.id == store.c.merchant_id)


def _where(chosen: Selection) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if chosen.market is not None:
        conditions.append(merchant.c.market == chosen.market)
    if chosen.marketplaces:
        conditions.append(store.c.marketplace.in_(chosen.marketplaces))
    if chosen.merchants:
        conditions.append(store.c.merchant_id.in_(chosen.merchants))
    if chosen.stores:
        conditions.append(store.c.id.in_(chosen.stores))
    return conditions


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


async def stores_by_state(tx: Transaction) -> dict[tuple[str, str], int]:
    """Stores by (marketplace, state)."""
    query = select(store.c.marketplace, store.c.state, func.count()).group_by(
        store.c.marketplace, store.c.state
    )
    return {(where, state): int(n) for where, state, n in await tx.execute(query)}

"""Stores on which something happens or is waited for, with what is in them: for people who watch."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, Select, func, or_, select

from onboarder.model.ids import MarketCode, MerchantId, ProgrammeCode, StoreId
from onboarder.model.recorded import StoreRecord
from onboarder.model.shop import StoreState
from onboarder.model.work import TaskState
from onboarder.records import tasks
from onboarder.records.codec import read_store
from onboarder.records.database import Transaction
from onboarder.records.field import IMPORT
from onboarder.records.tables import listing, merchant, product, store, task
from onboarder.records.tasks import TaskRecord

MOST = 300
"""Stores shown at once, the newest ones."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose stores: of a programme, in some markets (None: all), of one person's merchants (None: everybody's)."""

    programme: ProgrammeCode
    markets: Collection[MarketCode] | None
    person: str | None
    since: datetime
    """Stores ordered after it are shown even if all is done."""


@dataclass(slots=True)
class UnderWay:
    """One store. `listings` counts by state, which may be one that only another release knows; `goods` those on sale."""

    store: StoreRecord
    field_id: str | None
    created_at: datetime
    goods: int = 0
    listings: Counter[str] = field(default_factory=Counter[str])
    tasks: list[TaskRecord] = field(default_factory=list[TaskRecord])


async def under_way(tx: Transaction, watched: Watched) -> list[UnderWay]:
    """The newest first."""
    query = _stores().where(*_chosen(watched)).order_by(store.c.created_at.desc(), store.c.id)
    return await _filled(tx, query.limit(MOST))


async def of_stores(tx: Transaction, ids: Sequence[StoreId]) -> list[UnderWay]:
    """The named ones, by id."""
    return await _filled(tx, _stores().where(store.c.id.in_(ids)).order_by(store.c.id))


async def of_merchant(tx: Transaction, owner: MerchantId) -> list[UnderWay]:
    """All stores of a merchant, by id."""
    return await _filled(tx, _stores().where(store.c.merchant_id == owner).order_by(store.c.id))


async def place_of(tx: Transaction, where: StoreId) -> tuple[ProgrammeCode, MarketCode] | None:
    """The programme and market of the store's merchant; None if there is no such store."""
    query = select(merchant.c.programme, merchant.c.market).join(store).where(store.c.id == where)
    row = (await tx.execute(query)).first()
    return None if row is None else (ProgrammeCode(row[0]), MarketCode(row[1]))


async def goods_states(tx: Transaction, owner: MerchantId) -> list[RowMapping]:
    """`store_id`, `marketplace`, `reference`, `state` and `reason` of every listing of the merchant's."""
    columns = (listing.c.store_id, store.c.marketplace, listing.c.reference, listing.c.state)
    query = select(*columns, listing.c.reason).join(store, store.c.id == listing.c.store_id)
    found = await tx.execute(query.where(store.c.merchant_id == owner).order_by(listing.c.id))
    return list(found.mappings())


async def _filled(tx: Transaction, query: Select[*tuple[object, ...]]) -> list[UnderWay]:
    rows = (await tx.execute(query)).mappings().all()
    found = {StoreId(row["id"]): one for row in rows if (one := _readable(row)) is not None}
    owners = defaultdict[str, list[UnderWay]](list)
    for one in found.values():
        owners[one.store.merchant_id].append(one)
    for owner, number in await tx.execute(_goods(list(owners))):
        for one in owners[owner]:
            one.goods = int(number)
    for where, state, number in await tx.execute(_listings(list(found))):
        found[StoreId(where)].listings[state] = int(number)
    for asked in await tasks.open_tasks(tx, stores=list(found)):
        found[asked.store_id].tasks.append(asked)
    return list(found.values())


def _readable(row: RowMapping) -> UnderWay | None:
    """What another release wrote and we cannot read has an operator's task, and does not hide the other stores."""
    try:
        return UnderWay(read_store(row), _field_id(row), row["created_at"])
    except ValueError:
        return None


def _stores() -> Select[*tuple[object, ...]]:
    joined = store.join(merchant, merchant.c.id == store.c.merchant_id)
    return select(store, merchant.c.register_key, merchant.c.registered_by).select_from(joined)


def _goods(owners: Sequence[str]) -> Select[*tuple[str, int]]:
    mine = (product.c.merchant_id.in_(owners), product.c.active)
    return select(product.c.merchant_id, func.count()).where(*mine).group_by(product.c.merchant_id)


def _listings(ids: Sequence[StoreId]) -> Select[*tuple[str, str, int]]:
    return (
        select(listing.c.store_id, listing.c.state, func.count())
        .where(listing.c.store_id.in_(ids))
        .group_by(listing.c.store_id, listing.c.state)
    )


def _chosen(watched: Watched) -> list[ColumnElement[bool]]:
    asked = select(task.c.store_id).where(task.c.state == TaskState.OPEN)
    busy = or_(
        store.c.state != StoreState.OPEN,
        store.c.due_at.is_not(None),
        store.c.created_at >= watched.since,
        store.c.id.in_(asked),
    )
    chosen: list[ColumnElement[bool]] = [merchant.c.programme == watched.programme, busy]
    if watched.markets is not None:
        chosen.append(merchant.c.market.in_(sorted(watched.markets)))
    if watched.person is not None:
        theirs = (merchant.c.registered_by, merchant.c.trained_by, store.c.requested_by)
        chosen.append(or_(*(func.lower(one) == watched.person.lower() for one in theirs)))
    return chosen


def _field_id(row: RowMapping) -> str | None:
    return None if row["registered_by"] == IMPORT else str(row["register_key"])

"""Stores as the schedule: who is due, and everything one pass needs to know.

The database is the schedule. A trigger marks a store due and raises its generation; a worker takes the lease (see
`leases`), works, and looks whether the generation moved meanwhile when it lets go.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select, update

from onboarder.model.ids import MarketplaceName, MerchantId, StoreId, store_id
from onboarder.model.recorded import StoreRecord
from onboarder.model.shop import StoreState
from onboarder.model.work import Lane
from onboarder.records import leases, loading
from onboarder.records.codec import Row, read_store
from onboarder.records.database import Transaction, insert_new
from onboarder.records.register import CHUNK
from onboarder.records.tables import store

load = loading.load


async def trigger(
    tx: Transaction,
    pairs: Sequence[tuple[MerchantId, MarketplaceName]],
    *,
    lane: Lane,
    by: str,
    now: datetime,
) -> list[StoreId]:
    """Mark the stores due now, creating the missing ones as drafts. Safe to repeat."""
    ids = [store_id(owner, marketplace) for owner, marketplace in pairs]
    known = await existing(tx, ids)
    fresh = [
        _draft(owner, marketplace, lane, by, now)
        for owner, marketplace in pairs
        if store_id(owner, marketplace) not in known
    ]
    for start in range(0, len(fresh), CHUNK):
        await insert_new(tx, store, fresh[start : start + CHUNK])
    await wake(tx, sorted(known), lane=lane, now=now)
    return ids


async def wake(
    tx: Transaction, ids: Sequence[StoreId], *, lane: Lane, now: datetime, look: bool = False
) -> None:
    """Mark existing stores due now; a store already waiting in the stall's lane stays there.

    `look`: whatever was seen of them is out of date, so that the next pass looks first.
    """
    seen = {"observed_at": None} if look else {}
    for start in range(0, len(ids), CHUNK):
        chosen = store.c.id.in_(ids[start : start + CHUNK])
        await wake_those(tx, chosen, lane=lane, now=now, values=seen)


async def wake_those(
    tx: Transaction,
    chosen: ColumnElement[bool],
    *,
    lane: Lane,
    now: datetime,
    values: Row | None = None,
) -> None:
    """The same with however many stores, in one statement."""
    stays = case(
        (and_(store.c.lane == Lane.STALL, store.c.due_at.is_not(None)), Lane.STALL), else_=lane
    )
    raised = {"generation": store.c.generation + 1, "attempts": 0, "looks": 0}
    woken = {"due_at": now, "lane": stays, **raised, **(values or {})}
    await tx.execute(update(store).where(chosen).values(woken))


async def wake_merchants(
    tx: Transaction, owners: Sequence[MerchantId], *, now: datetime, lane: Lane = Lane.NIGHT
) -> list[StoreId]:
    """Mark every store of the merchants due: their register rows changed."""
    ids = await of_merchants(tx, owners)
    await wake(tx, ids, lane=lane, now=now)
    return ids


async def of_merchants(tx: Transaction, owners: Sequence[MerchantId]) -> list[StoreId]:
    ids: list[StoreId] = []
    for start in range(0, len(owners), CHUNK):
        query = select(store.c.id).where(store.c.merchant_id.in_(owners[start : start + CHUNK]))
        ids += [StoreId(one) for one in (await tx.execute(query)).scalars()]
    return ids


async def existing(tx: Transaction, ids: Sequence[StoreId]) -> set[StoreId]:
    """Which of the stores are on record."""
    found: set[StoreId] = set()
    for start in range(0, len(ids), CHUNK):
        query = select(store.c.id).where(store.c.id.in_(ids[start : start + CHUNK]))
        found |= {StoreId(one) for one in (await tx.execute(query)).scalars()}
    return found


async def due(
    tx: Transaction,
    now: datetime,
    *,
    lane: Lane | None = None,
    marketplaces: Collection[MarketplaceName] | None = None,
    limit: int = 200,
) -> list[tuple[StoreId, Lane]]:
    """Stores that are due and leased to nobody alive, longest waiting first."""
    query = (
        select(store.c.id, store.c.lane)
        .where(
            store.c.due_at <= now,
            leases.free(now),
            *_in(lane, marketplaces),
        )
        .order_by(store.c.due_at)
        .limit(limit)
    )
    return [(StoreId(one), Lane(where)) for one, where in await tx.execute(query)]


async def next_due(
    tx: Transaction,
    now: datetime,
    *,
    lane: Lane | None = None,
    marketplaces: Collection[MarketplaceName] | None = None,
) -> datetime | None:
    """When the next store falls due by itself; None if none will."""
    query = select(func.min(store.c.due_at)).where(store.c.due_at > now, *_in(lane, marketplaces))
    found: datetime | None = await tx.scalar(query)
    return found


async def records(
    tx: Transaction,
    *,
    ids: Sequence[StoreId] | None = None,
    after: StoreId | None = None,
    limit: int | None = None,
) -> list[StoreRecord]:
    """Stores in order of id: the named ones, or a page after an id."""
    query = select(store).order_by(store.c.id)
    if ids is not None:
        query = query.where(store.c.id.in_(ids))
    if after is not None:
        query = query.where(store.c.id > after)
    if limit is not None:
        query = query.limit(limit)
    return [read_store(row) for row in (await tx.execute(query)).mappings()]


def _in(
    lane: Lane | None, marketplaces: Collection[MarketplaceName] | None
) -> list[ColumnElement[bool]]:
    """In the lane and on one of the marketplaces, where these are given."""
    chosen: list[ColumnElement[bool]] = []
    if lane is not None:
        chosen.append(store.c.lane == lane)
    if marketplaces is not None:
        chosen.append(store.c.marketplace.in_(sorted(marketplaces)))
    return chosen


def _draft(
    owner: MerchantId, marketplace: MarketplaceName, lane: Lane, by: str, now: datetime
) -> dict[str, object]:
    return {
        "id": store_id(owner, marketplace),
        "merchant_id": owner,
        "marketplace": marketplace,
        "reference": owner,
        "state": StoreState.DRAFT,
        "complete": False,
        "created_at": now,
        "requested_by": by,
        "attempts": 0,
        "looks": 0,
        "starts": 0,
        "lane": lane,
        "due_at": now,
        "generation": 1,
        "lease_token": 0,
    }

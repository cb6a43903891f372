"""Stores as the schedule: who is due, who holds the lease, and everything one pass needs to know.

The database is the schedule. A trigger marks a store due and raises its generation; a worker takes the lease, works, and
lets go only in the same statement that looks whether the generation moved meanwhile.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update

from onboarder.model.ids import MarketplaceName, MerchantId, PhotoHash, Reference, StoreId, store_id
from onboarder.model.recorded import Lease, StoreRecord, StoreWork
from onboarder.model.shop import StoreState
from onboarder.model.work import IntentState, Lane
from onboarder.records import credentials
from onboarder.records.codec import (
    Row,
    read_doubt,
    read_listing,
    read_merchant,
    read_product,
    read_store,
)
from onboarder.records.database import Transaction, insert_new
from onboarder.records.register import CHUNK
from onboarder.records.tables import intent, listing, merchant, product, remote_photo, store


class LeaseLost(Exception):
    """Somebody else works on the store now; this worker must not write any more."""


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
    stays = case(
        (and_(store.c.lane == Lane.STALL, store.c.due_at.is_not(None)), Lane.STALL), else_=lane
    )
    for start in range(0, len(ids), CHUNK):
        chosen = store.c.id.in_(ids[start : start + CHUNK])
        await tx.execute(
            update(store)
            .where(chosen)
            .values(
                {
                    "due_at": now,
                    "lane": stays,
                    "generation": store.c.generation + 1,
                    "attempts": 0,
                    "looks": 0,
                    **seen,
                }
            )
        )


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
        .where(store.c.due_at <= now, _free(now), *_in(lane, marketplaces))
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


async def take_lease(
    tx: Transaction, wanted: StoreId, *, owner: str, now: datetime, span: timedelta
) -> Lease | None:
    """The lease, or None if the store is not due or somebody alive holds it."""
    until = now + span
    token = await tx.scalar(
        update(store)
        .where(store.c.id == wanted, _free(now), store.c.due_at <= now)
        .values(
            lease_owner=owner,
            lease_until=until,
            lease_token=store.c.lease_token + 1,
            starts=store.c.starts + 1,
        )
        .returning(store.c.lease_token)
    )
    return None if token is None else Lease(wanted, owner, int(token), until)


async def hold(
    tx: Transaction, lease: Lease, *, until: datetime, values: Row | None = None
) -> None:
    """Prolong the lease and write store values with it; `LeaseLost` if it is no longer ours."""
    result = await tx.execute(
        update(store)
        .where(
            store.c.id == lease.store_id,
            store.c.lease_token == lease.token,
            store.c.lease_until.is_not(None),
        )
        .values({"lease_until": until, **(values or {})})
    )
    if result.rowcount != 1:
        raise LeaseLost(lease.store_id)


async def release(
    tx: Transaction,
    lease: Lease,
    *,
    generation: int,
    due_at: datetime | None,
    lane: Lane,
    now: datetime,
    values: Row,
) -> bool:
    """Let go and say when and in which lane to look next; True if triggered meanwhile, then it is due at once."""
    moved = store.c.generation != generation
    found = await tx.scalar(
        update(store)
        .where(store.c.id == lease.store_id, store.c.lease_token == lease.token)
        .values(
            {
                "lease_owner": None,
                "lease_until": None,
                "due_at": case((moved, now), else_=due_at),
                "lane": case((moved, store.c.lane), else_=lane),
                **values,
            }
        )
        .returning(store.c.generation)
    )
    if found is None:
        raise LeaseLost(lease.store_id)
    return int(found) != generation


async def load(tx: Transaction, wanted: StoreId) -> StoreWork:
    """Everything one pass needs; KeyError if there is no such store."""
    row = (await tx.execute(select(store).where(store.c.id == wanted))).mappings().first()
    if row is None:
        raise KeyError(wanted)
    record = read_store(row)
    owner = select(merchant).where(merchant.c.id == record.merchant_id)
    goods = (
        select(product).where(product.c.merchant_id == record.merchant_id).order_by(product.c.id)
    )
    listings = select(listing).where(listing.c.store_id == wanted)
    doubts = select(
        intent.c.id.label("intent_id"),
        intent.c.reference,
        intent.c.kind,
        intent.c.doubt_until.label("until"),
    ).where(
        intent.c.store_id == wanted, intent.c.state.in_([IntentState.PENDING, IntentState.UNKNOWN])
    )
    photos = select(remote_photo.c.hash, remote_photo.c.key).where(
        remote_photo.c.store_id == wanted
    )
    return StoreWork(
        store=record,
        merchant=read_merchant((await tx.execute(owner)).mappings().one()),
        products=tuple(read_product(one) for one in (await tx.execute(goods)).mappings()),
        listings={
            Reference(one["reference"]): read_listing(one)
            for one in (await tx.execute(listings)).mappings()
        },
        doubts=tuple(read_doubt(one) for one in (await tx.execute(doubts)).mappings()),
        photos={PhotoHash(one): str(key) for one, key in await tx.execute(photos)},
        credentials=await credentials.find(tx, wanted),
    )


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


def _free(now: datetime) -> ColumnElement[bool]:
    """Leased to nobody, or to somebody who fell silent."""
    return or_(store.c.lease_until.is_(None), store.c.lease_until < now)


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

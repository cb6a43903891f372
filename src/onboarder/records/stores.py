"""Stores as the schedule: who is due, who holds the lease, and everything one pass needs to know.

The database is the schedule. A trigger marks a store due and raises its generation; a worker takes the lease, works, and
lets go only in the same statement that looks whether the generation moved meanwhile.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_, update

from onboarder.model.ids import MarketplaceName, MerchantId, StoreId, store_id
from onboarder.model.recorded import Lease, StoreRecord
from onboarder.model.shop import StoreState
from onboarder.model.work import Lane
from onboarder.records import loading
from onboarder.records.codec import Row, read_store
from onboarder.records.database import Transaction, insert_new
from onboarder.records.register import CHUNK
from onboarder.records.tables import store

load = loading.load


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
    return (await take_leases(tx, [wanted], owner=owner, now=now, span=span)).get(wanted)


async def take_leases(
    tx: Transaction, wanted: Sequence[StoreId], *, owner: str, now: datetime, span: timedelta
) -> dict[StoreId, Lease]:
    """The leases of those stores that are due and that nobody alive holds."""
    until = now + span
    taken = await tx.execute(
        update(store)
        .where(store.c.id.in_(wanted), _free(now), store.c.due_at <= now)
        .values(
            lease_owner=owner,
            lease_until=until,
            lease_token=store.c.lease_token + 1,
            starts=store.c.starts + 1,
        )
        .returning(store.c.id, store.c.lease_token)
    )
    return {StoreId(one): Lease(StoreId(one), owner, int(token), until) for one, token in taken}


async def hold(
    tx: Transaction, lease: Lease, *, until: datetime, values: Row | None = None
) -> None:
    """Prolong the lease and write store values with it; `LeaseLost` if it is no longer ours."""
    if not await hold_all(tx, [lease], until=until, values=values):
        raise LeaseLost(lease.store_id)


async def hold_all(
    tx: Transaction, leases: Sequence[Lease], *, until: datetime, values: Row | None = None
) -> set[Lease]:
    """Prolong the leases and write the same values to all their stores; those of the leases that are still ours."""
    tokens = [(one.store_id, one.token) for one in leases]
    held = await tx.execute(
        update(store)
        .where(
            store.c.id.in_([one.store_id for one in leases]),
            tuple_(store.c.id, store.c.lease_token).in_(tokens),
            store.c.lease_until.is_not(None),
        )
        .values({"lease_until": until, **(values or {})})
        .returning(store.c.id, store.c.lease_token)
    )
    found = {(str(one), int(token)) for one, token in held}
    return {one for one in leases if (one.store_id, one.token) in found}


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

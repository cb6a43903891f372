"""Which app of its marketplace serves a store: chosen once, by the places that are left.

A place is taken by every store that exists there, that waits for its owner, or that was given to the app: also by one
that was refused or withdrawn since, as a store never changes its app. What exists or waits without a choice on record,
from the time before there were several apps, is the first app's, whose name is empty.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func, null, or_, select, update

from onboarder.model.ids import MarketplaceName, StoreId
from onboarder.model.shop import StoreState
from onboarder.records.database import Transaction
from onboarder.records.locks import in_turn
from onboarder.records.tables import store

_LET_OUT = or_(store.c.remote_id.is_not(None), store.c.state == StoreState.AWAITING_OWNER)
_APP = case((store.c.app.is_not(None), store.c.app), (_LET_OUT, ""), else_=null())
"""Whose place a store takes; NULL if it takes none."""


async def app_of(tx: Transaction, where: StoreId) -> str | None:
    """The app whose place that store takes; None if it takes none yet."""
    found: str | None = await tx.scalar(select(_APP).where(store.c.id == where))
    return found


async def places_taken(tx: Transaction, name: MarketplaceName) -> dict[str, int]:
    """Stores of that marketplace by the app whose places they take; apps without any are left out."""
    taken = select(_APP.label("app")).where(store.c.marketplace == name).subquery()
    query = select(taken.c.app, func.count()).where(taken.c.app.is_not(None)).group_by(taken.c.app)
    return {str(app): int(number) for app, number in await tx.execute(query)}


async def waiting(tx: Transaction, name: MarketplaceName) -> frozenset[StoreId]:
    """Stores ordered on that marketplace that take no place yet."""
    query = select(store.c.id).where(
        store.c.marketplace == name,
        store.c.state == StoreState.DRAFT,
        store.c.withdrawn_at.is_(None),
        _APP.is_(None),
    )
    return frozenset(StoreId(one) for one in (await tx.execute(query)).scalars())


async def take_place(
    tx: Transaction,
    where: StoreId,
    name: MarketplaceName,
    apps: Sequence[str],
    limit: int,
    *,
    now: datetime,
) -> str | None:
    """Give the store to the first of the apps, in their order, that serves fewer than `limit`; None if all are full.

    However many choose at once, nobody gets a place that is taken. Safe to repeat: a store keeps its app.
    """
    # The store first: passes hold theirs already, and whoever locks in one order waits instead of blocking each other.
    given: str | None = await tx.scalar(select(_APP).where(store.c.id == where).with_for_update())
    if given is not None:
        return given
    await in_turn(tx, f"apps {name}", now=now)
    taken = await places_taken(tx, name)
    chosen = next((one for one in apps if taken.get(one, 0) < limit), None)
    if chosen is not None:
        await tx.execute(update(store).where(store.c.id == where).values(app=chosen))
    return chosen

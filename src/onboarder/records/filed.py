"""Products that went into a seller's upload file: kept on the audit trail, so that nothing goes up twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select

from onboarder.model.ids import ListingId, MarketplaceName, RemoteId, StoreId
from onboarder.records import writes
from onboarder.records.database import Transaction
from onboarder.records.register import CHUNK
from onboarder.records.tables import audit, store

TEMPLATE = "template.filled"


class Filed(StrEnum):
    """What became of a product that went by file; the action on the audit trail."""

    WRITTEN = "listing.filed"
    """In a file; whether the seller has uploaded it nobody knows."""
    ACCEPTED = "listing.file_accepted"
    REFUSED = "listing.file_refused"


async def filed(tx: Transaction, listings: Sequence[ListingId]) -> dict[ListingId, Filed]:
    """The latest known of each listing that ever went by file."""
    found: dict[ListingId, Filed] = {}
    for start in range(0, len(listings), CHUNK):
        latest = (
            select(func.max(audit.c.id))
            .where(
                audit.c.subject.in_(listings[start : start + CHUNK]),
                audit.c.action.in_(list(Filed)),
            )
            .group_by(audit.c.subject)
        )
        query = select(audit.c.subject, audit.c.action).where(audit.c.id.in_(latest))
        found |= {ListingId(one): Filed(action) for one, action in await tx.execute(query)}
    return found


async def store_with(
    tx: Transaction, marketplace: MarketplaceName, shop: RemoteId
) -> StoreId | None:
    """The store that is on record as that shop."""
    ours = select(store.c.id).where(store.c.marketplace == marketplace, store.c.remote_id == shop)
    known: str | None = await tx.scalar(ours)
    return StoreId(known) if known else None


async def filled_for(
    tx: Transaction, marketplace: MarketplaceName, shop: RemoteId
) -> StoreId | None:
    """The store that the latest file for the shop was made for."""
    named = _named(await _latest(tx, _shop(marketplace, shop)), "store")
    return None if named is None else StoreId(named)


async def shop_of(tx: Transaction, where: StoreId) -> RemoteId | None:
    """The shop that the latest file for the store was made for."""
    named = _named(await _latest(tx, where), "shop")
    return None if named is None else RemoteId(named)


async def note_file(
    tx: Transaction,
    where: StoreId,
    marketplace: MarketplaceName,
    shop: RemoteId,
    *,
    at: datetime,
    actor: str,
) -> None:
    """Tie the store and the shop of a filled file together, from both sides."""
    pair: dict[str, object] = {"store": where, "shop": shop}
    for subject in (where, _shop(marketplace, shop)):
        await writes.note(tx, at=at, actor=actor, action=TEMPLATE, subject=subject, detail=pair)


async def note_products(
    tx: Transaction,
    became: Mapping[ListingId, Filed],
    *,
    shop: RemoteId,
    at: datetime,
    actor: str,
) -> None:
    """Append what became of products."""
    for one, what in became.items():
        await writes.note(tx, at=at, actor=actor, action=what, subject=one, detail={"shop": shop})


async def _latest(tx: Transaction, subject: str) -> Mapping[str, object]:
    query = (
        select(audit.c.detail)
        .where(audit.c.subject == subject, audit.c.action == TEMPLATE)
        .order_by(audit.c.id.desc())
        .limit(1)
    )
    detail: Mapping[str, object] | None = await tx.scalar(query)
    return detail or {}


def _named(detail: Mapping[str, object], key: str) -> str | None:
    value = detail.get(key)
    return None if value is None else str(value)


def _shop(marketplace: MarketplaceName, shop: RemoteId) -> str:
    return f"{marketplace}:{shop}"

"""The inbox of the marketplaces' messages: each event once, before anybody is told that it arrived."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from onboarder.model.ids import MarketplaceName, RemoteId, StoreId
from onboarder.records.consent_tables import webhook_event
from onboarder.records.database import Transaction
from onboarder.records.register import CHUNK
from onboarder.records.tables import store


async def keep(
    tx: Transaction,
    marketplace: MarketplaceName,
    event_id: str,
    *,
    kind: str,
    stores: Sequence[RemoteId],
    now: datetime,
) -> bool:
    """Store an event; False if it was stored before. Safe to repeat: of any number of deliveries one gets True."""
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    fresh = dialect.insert(webhook_event).values(
        marketplace=marketplace, event_id=event_id, kind=kind, stores=list(stores), received_at=now
    )
    once = fresh.on_conflict_do_nothing().returning(webhook_event.c.event_id)
    return await tx.scalar(once) is not None


async def named(
    tx: Transaction, marketplace: MarketplaceName, shops: Sequence[RemoteId]
) -> list[StoreId]:
    """Our stores among the shops."""
    found: list[StoreId] = []
    for start in range(0, len(shops), CHUNK):
        query = select(store.c.id).where(
            store.c.marketplace == marketplace,
            store.c.remote_id.in_(shops[start : start + CHUNK]),
        )
        found += [StoreId(one) for one in (await tx.execute(query)).scalars()]
    return sorted(found)


async def prune(tx: Transaction, before: datetime) -> int:
    """Forget events received before that time; returns how many. A marketplace delivers none that late."""
    gone = await tx.execute(delete(webhook_event).where(webhook_event.c.received_at < before))
    return int(gone.rowcount)

"""What merchants agreed to at the stall, and their sealed identity numbers. Nothing here changes a consent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from onboarder.model.consents import GivenConsent
from onboarder.model.ids import MerchantId, StoreId
from onboarder.records.codec import reader
from onboarder.records.database import Transaction
from onboarder.records.field_tables import consent_given, identity
from onboarder.records.register import CHUNK
from onboarder.records.tables import store


async def append(tx: Transaction, given: GivenConsent) -> None:
    """Put it on record."""
    row = {name: getattr(given, name) for name in GivenConsent.__slots__}
    await tx.execute(insert(consent_given).values(row))


async def find(tx: Transaction, wanted: str) -> GivenConsent | None:
    query = select(consent_given).where(consent_given.c.id == wanted)
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else _read(row)


async def of(tx: Transaction, owner: MerchantId) -> list[GivenConsent]:
    """All the merchant ever said, in the order it was recorded."""
    return (await of_all(tx, [owner]))[owner]


async def of_all(
    tx: Transaction, owners: Sequence[MerchantId]
) -> defaultdict[MerchantId, list[GivenConsent]]:
    """The same for many."""
    found: defaultdict[MerchantId, list[GivenConsent]] = defaultdict(list)
    order = (consent_given.c.recorded_at, consent_given.c.id)
    for start in range(0, len(owners), CHUNK):
        chosen = consent_given.c.merchant_id.in_(owners[start : start + CHUNK])
        query = select(consent_given).where(chosen).order_by(*order)
        for one in map(_read, (await tx.execute(query)).mappings()):
            found[one.merchant_id].append(one)
    return found


async def keep_identity(
    tx: Transaction, owner: MerchantId, kind: str, sealed: str, *, by: str, now: datetime
) -> None:
    """Keep the sealed number in place of an earlier one. Safe to repeat."""
    mine = (identity.c.merchant_id == owner, identity.c.kind == kind)
    await tx.execute(delete(identity).where(*mine))
    row = {"merchant_id": owner, "kind": kind, "sealed": sealed, "recorded_at": now, "by": by}
    await tx.execute(insert(identity).values(row))


async def identities(tx: Transaction, owner: MerchantId) -> dict[str, str]:
    """The merchant's sealed numbers by kind."""
    query = select(identity.c.kind, identity.c.sealed).where(identity.c.merchant_id == owner)
    return {str(kind): str(sealed) for kind, sealed in await tx.execute(query)}


async def stop(tx: Transaction, ids: Sequence[StoreId], *, now: datetime) -> list[StoreId]:
    """Work for these stores stops: whoever holds a lease has lost it. Returns those that had not stopped before."""
    going = (store.c.id.in_(ids), store.c.withdrawn_at.is_(None))
    broken: Mapping[str, object] = {"lease_owner": None, "lease_until": None}
    stopped = await tx.execute(
        update(store)
        .where(*going)
        .values({**broken, "withdrawn_at": now, "lease_token": store.c.lease_token + 1})
        .returning(store.c.id)
    )
    return sorted(StoreId(one) for one in stopped.scalars())


async def let_go_on(tx: Transaction, ids: Sequence[StoreId]) -> list[StoreId]:
    """The merchant agrees again. Returns the stores that had stopped."""
    stopped = (store.c.id.in_(ids), store.c.withdrawn_at.is_not(None))
    freed = await tx.execute(
        update(store).where(*stopped).values(withdrawn_at=None).returning(store.c.id)
    )
    return sorted(StoreId(one) for one in freed.scalars())


_read = reader(GivenConsent)

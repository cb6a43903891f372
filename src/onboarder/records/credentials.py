"""Stores' credentials: which are current, who renews them just now, and which are lost.

Every change raises the generation, and a renewal is saved only onto the generation it began with: what a slow process
brings back late never replaces what came after it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.sql.dml import ReturningInsert

from onboarder.model.ids import MerchantId, StoreId
from onboarder.model.recorded import SealedCredentials
from onboarder.people.places import Place
from onboarder.records.codec import reader
from onboarder.records.consent_tables import consent_link
from onboarder.records.database import Database, Transaction, new_rows
from onboarder.records.held import LONGEST, unheld
from onboarder.records.tables import credential, store

FORGOTTEN = "v2.forgotten."
"""Stands where a value stood whose key was destroyed: sealed under a key that never was."""


@dataclass(frozen=True, slots=True)
class FreshCredentials:
    """Credentials about to be written, sealed."""

    sealed: str = field(repr=False)
    expires_at: datetime | None
    renewable_until: datetime | None
    renew_by: datetime | None
    """When an idle store's are renewed, so that they never run out."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to renew one generation of a store's credentials."""

    store_id: StoreId
    generation: int
    renewer: str
    until: datetime
    attempt: int
    """1 for the first renewal of this generation; more if the outcome of earlier ones is not known."""


def place(owner: MerchantId, where: StoreId) -> Place:
    """Where a store's credentials are sealed for."""
    return Place(owner, credential.name, credential.c.sealed.name, where)


async def find(tx: Transaction, where: StoreId) -> SealedCredentials | None:
    """The store's credentials as they are now."""
    query = select(credential).where(credential.c.store_id == where)
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else read(row)


async def adopt(tx: Transaction, where: StoreId, fresh: FreshCredentials) -> int:
    """Replace the store's credentials by what it gave us anew; returns their generation.

    Whatever was lost is found, whoever renews is too late.
    """
    row = {"store_id": where, "generation": 1, **_values(fresh)}
    return int((await tx.execute(_adopting(tx.dialect.name), row)).scalar_one())


async def claim(
    tx: Transaction,
    where: StoreId,
    generation: int,
    *,
    renewer: str,
    now: datetime,
    until: datetime,
) -> Claim | None:
    """The right to renew that generation; None if it is not the newest, lost, or somebody alive renews it.

    Counted before the renewal is sent, so that the one of a process that dies over it counts too.
    """
    attempt = await tx.scalar(
        update(credential)
        .where(
            credential.c.store_id == where,
            credential.c.generation == generation,
            credential.c.lost_at.is_(None),
            unheld(credential.c.renewer_until, now, now + LONGEST),
        )
        .values(renewer=renewer, renewer_until=until, tries=credential.c.tries + 1)
        .returning(credential.c.tries)
    )
    return None if attempt is None else Claim(where, generation, renewer, until, int(attempt))


async def save(tx: Transaction, held: Claim, fresh: FreshCredentials) -> bool:
    """Write what a renewal brought; False if the generation it began with is not the newest any more."""
    written = await tx.execute(
        update(credential)
        .where(credential.c.store_id == held.store_id, credential.c.generation == held.generation)
        .values({**_values(fresh), "generation": held.generation + 1})
    )
    return bool(written.rowcount)


async def let_go(tx: Transaction, held: Claim) -> None:
    """Nothing was changed at the marketplace: this renewal does not count, and the next may begin at once."""
    await tx.execute(
        update(credential)
        .where(*_still(held))
        .values(renewer=None, renewer_until=None, tries=credential.c.tries - 1)
    )


async def pause(tx: Transaction, held: Claim, until: datetime) -> None:
    """Nobody knows what became of this renewal: it counts, and nobody renews before that time."""
    await tx.execute(update(credential).where(*_still(held)).values(renewer_until=until))


async def lose(tx: Transaction, where: StoreId, generation: int, *, now: datetime) -> bool:
    """Record that this generation is good for nothing any more; False if there is a newer one. Safe to repeat."""
    lost = await tx.execute(
        update(credential)
        .where(credential.c.store_id == where, credential.c.generation == generation)
        .values(lost_at=now, renewer=None, renewer_until=None)
    )
    return bool(lost.rowcount)


async def forget(tx: Transaction, owner: MerchantId, *, now: datetime) -> None:
    """The merchant's key was destroyed: none of her credentials and links opens any more. Renewals come too late."""
    hers = select(store.c.id).where(store.c.merchant_id == owner)
    live = (consent_link.c.store_id.in_(hers), consent_link.c.ended_at.is_(None))
    await tx.execute(update(consent_link).where(*live).values(ended_at=now))
    await tx.execute(
        update(credential)
        .where(credential.c.store_id.in_(hers))
        .values(
            sealed=FORGOTTEN,
            lost_at=now,
            renewer=None,
            renewer_until=None,
            generation=credential.c.generation + 1,
        )
    )


def runs_out(now: datetime) -> ColumnElement[bool]:
    """Stores whose credentials nobody used for so long that they must be renewed before they cannot be any more."""
    idle = select(credential.c.store_id).where(
        credential.c.renew_by <= now, credential.c.lost_at.is_(None)
    )
    return store.c.id.in_(idle)


class FirstValues:
    """Credentials that the first release sealed under the key ring itself, as a rotation wants to see them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def some(self, *, most: int) -> list[tuple[Place, str]]:
        """Where they stand, and what stands there."""
        query = (
            select(credential.c.store_id, store.c.merchant_id, credential.c.sealed)
            .join(store, store.c.id == credential.c.store_id)
            .where(_FIRST)
            .limit(most)
        )
        async with self._database.read() as tx:
            return [
                (place(MerchantId(owner), StoreId(where)), str(sealed))
                for where, owner, sealed in await tx.execute(query)
            ]

    async def replace(self, changes: Sequence[tuple[Place, str, str]]) -> None:
        """The same values sealed anew: place, old text, new text. What was replaced meanwhile stays."""
        async with self._database.write() as tx:
            for where, old, new in changes:
                same = (credential.c.store_id == where.row, credential.c.sealed == old)
                await tx.execute(update(credential).where(*same).values(sealed=new))

    async def count(self) -> dict[str, int]:
        """How many under each key of the ring."""
        async with self._database.read() as tx:
            found = await tx.execute(select(credential.c.sealed).where(_FIRST))
            return dict(Counter(str(one).split(".")[1] for one in found.scalars()))


_FIRST = credential.c.sealed.startswith("v1.")


def _still(held: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        credential.c.store_id == held.store_id,
        credential.c.generation == held.generation,
        credential.c.renewer == held.renewer,
        credential.c.renewer_until == held.until,
    )


@cache
def _adopting(dialect: str) -> ReturningInsert[int]:
    fresh = new_rows(dialect, credential)
    values = {name: fresh.excluded[name] for name in _VALUES}
    return fresh.on_conflict_do_update(
        index_elements=[credential.c.store_id],
        set_={**values, "generation": credential.c.generation + 1},
    ).returning(credential.c.generation)


def _values(fresh: FreshCredentials) -> dict[str, object]:
    return {
        "sealed": fresh.sealed,
        "expires_at": fresh.expires_at,
        "renewable_until": fresh.renewable_until,
        "renew_by": fresh.renew_by,
        "renewer": None,
        "renewer_until": None,
        "tries": 0,
        "lost_at": None,
    }


_VALUES = _values(FreshCredentials("", None, None, None)).keys()
read = reader(SealedCredentials)

"""Named locks in the database: one holder at a time, of all processes; a holder that falls silent loses it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update

from onboarder.records.database import Transaction, insert_new
from onboarder.records.held import LONGEST
from onboarder.records.tables import lock


@dataclass(frozen=True, slots=True)
class LockHolder:
    owner: str
    since: datetime


async def take_lock(
    tx: Transaction, name: str, owner: str, *, now: datetime, until: datetime
) -> LockHolder | None:
    """None if the lock is ours now; else who holds it. A lock whose holder fell silent is taken over.

    One from a clock far ahead is cut to `until`: whoever lives prolongs it, so that no clock that is behind takes it away.
    """
    free = or_(lock.c.until < now, lock.c.owner == owner)
    await tx.execute(delete(lock).where(lock.c.name == name, free))
    far = (lock.c.name == name, lock.c.until > now + LONGEST)
    await tx.execute(update(lock).where(*far).values(until=until))
    await insert_new(tx, lock, [{"name": name, "owner": owner, "since": now, "until": until}])
    held = (await tx.execute(select(lock.c.owner, lock.c.since).where(lock.c.name == name))).one()
    return None if held[0] == owner else LockHolder(held[0], held[1])


async def keep_lock(tx: Transaction, name: str, owner: str, until: datetime) -> bool:
    """Prolong our lock; False if somebody took it over."""
    result = await tx.execute(
        update(lock).where(lock.c.name == name, lock.c.owner == owner).values(until=until)
    )
    return bool(result.rowcount)


async def drop_lock(tx: Transaction, name: str, owner: str) -> None:
    await tx.execute(delete(lock).where(lock.c.name == name, lock.c.owner == owner))


async def in_turn(tx: Transaction, name: str, *, now: datetime) -> None:
    """Until this transaction ends nobody else comes past here under that name; on SQLite writers take turns anyway."""
    await insert_new(tx, lock, [{"name": name, "owner": "", "since": now, "until": now}])
    await tx.execute(select(lock.c.name).where(lock.c.name == name).with_for_update())

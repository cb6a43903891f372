"""Creates that a phone may send again: who is carrying one out, and what came of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select, update

from onboarder.records.account_tables import idempotency
from onboarder.records.database import Transaction, insert_new
from onboarder.records.held import LONGEST


@dataclass(frozen=True, slots=True)
class Create:
    """One create by one person under the key that the phone gave it."""

    account_id: str
    key: str
    digest: str
    """Of the address and the body."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who carries a create out. `made`: the id of what came of it, once it is done."""

    name: str
    digest: str
    begun_at: datetime
    made: str | None


async def claim(
    tx: Transaction, create: Create, name: str, *, now: datetime, stale: datetime
) -> Claim:
    """The create's claim: ours (`name`) if nobody's, or if another's was begun before `stale` and is not done.

    Of any number at once exactly one gets it.
    """
    row = {"digest": create.digest, "claim": name, "begun_at": now}
    mine = {"account_id": create.account_id, "key": create.key}
    await insert_new(tx, idempotency, [{**mine, **row}])
    left_behind = (
        *_is(create),
        idempotency.c.digest == create.digest,
        idempotency.c.made.is_(None),
        # or by a clock far ahead, whose process is gone
        or_(idempotency.c.begun_at < stale, idempotency.c.begun_at > now + LONGEST),
    )
    await tx.execute(update(idempotency).where(*left_behind).values(row))
    kept = (await tx.execute(select(idempotency).where(*_is(create)))).mappings().one()
    return Claim(kept["claim"], kept["digest"], kept["begun_at"], kept["made"])


async def finish(tx: Transaction, create: Create, made: str) -> None:
    """It is done; every repeat gets this. Safe to repeat."""
    await tx.execute(update(idempotency).where(*_is(create)).values(made=made))


async def give_up(tx: Transaction, create: Create, name: str) -> None:
    """Nothing came of it: the key is free again, if it is still claimed under that name."""
    own = (*_is(create), idempotency.c.claim == name, idempotency.c.made.is_(None))
    await tx.execute(delete(idempotency).where(*own))


async def prune(tx: Transaction, before: datetime) -> None:
    """Forget creates begun before that time. Safe to repeat."""
    await tx.execute(delete(idempotency).where(idempotency.c.begun_at < before))


def _is(create: Create) -> tuple[ColumnElement[bool], ...]:
    return (idempotency.c.account_id == create.account_id, idempotency.c.key == create.key)

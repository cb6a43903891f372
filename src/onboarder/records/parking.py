"""What was parked after repeated failures, and letting it go on."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, Select, or_, select, update

from onboarder.model.ids import MerchantId, StoreId
from onboarder.model.recorded import Lease
from onboarder.model.work import PARKED_CODE, Lane, TaskState
from onboarder.records import stores
from onboarder.records.database import Transaction
from onboarder.records.leases import LeaseLost
from onboarder.records.register import CHUNK
from onboarder.records.tables import listing, store, task


class HeldStore(NamedTuple):
    """What can be read of any store, whatever release wrote the rest."""

    merchant_id: MerchantId
    generation: int
    attempts: int


async def held(tx: Transaction, lease: Lease) -> HeldStore:
    """The store that the lease is for; `LeaseLost` if it is no longer ours."""
    query = select(store.c.merchant_id, store.c.generation, store.c.attempts).where(
        store.c.id == lease.store_id, store.c.lease_token == lease.token
    )
    row = (await tx.execute(query)).first()
    if row is None:
        raise LeaseLost(lease.store_id)
    return HeldStore(MerchantId(row[0]), int(row[1]), int(row[2]))


async def parked(tx: Transaction) -> list[StoreId]:
    """Stores that are parked, or hold a parked listing."""
    query = _open(task.c.store_id).distinct().order_by(task.c.store_id)
    return [StoreId(one) for one in (await tx.execute(query)).scalars()]


async def let_go_on(tx: Transaction, ids: Sequence[StoreId], *, now: datetime) -> None:
    """Make parked listings of these stores ready to be tried again, and the stores due. Safe to repeat.

    What is recorded as done stays so: the next pass goes on at the step that failed.
    """
    for start in range(0, len(ids), CHUNK):
        chosen = ids[start : start + CHUNK]
        subjects = _open(task.c.subject).where(task.c.store_id.in_(chosen))
        await tx.execute(
            update(listing)
            .where(listing.c.id.in_(subjects))
            .values(refused_digest=None, attempts=0, not_before=None)
        )
    await stores.wake(tx, ids, lane=Lane.STALL, now=now)


async def try_again(tx: Transaction, subject: str, code: str) -> None:
    """A listing that waits for a person to see to `code` waits no longer; anything else stays as it is."""
    held = (listing.c.id == subject, listing.c.failure["code"].as_string() == code)
    await tx.execute(update(listing).where(*held).values(not_before=None))


def _open(column: Column[str]) -> Select[str]:
    """Of the open tasks whose code is `parked` or of its family."""
    family = or_(task.c.code == PARKED_CODE, task.c.code.startswith(f"{PARKED_CODE}."))
    return select(column).where(family, task.c.state == TaskState.OPEN)

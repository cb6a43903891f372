"""What was parked after repeated failures, and letting it go on."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Select, select, update

from onboarder.model.ids import StoreId
from onboarder.model.work import PARKED_CODE, Lane, TaskState
from onboarder.records import stores
from onboarder.records.database import Transaction
from onboarder.records.register import CHUNK
from onboarder.records.tables import listing, task


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


def _open(column: Column[str]) -> Select[str]:
    return select(column).where(task.c.code == PARKED_CODE, task.c.state == TaskState.OPEN)

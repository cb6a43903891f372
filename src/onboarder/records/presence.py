"""Which worker processes are alive: each renews its row, and a row that is not renewed is a dead worker's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, insert, select, update

from onboarder.records.codec import reader
from onboarder.records.database import Transaction
from onboarder.records.tables import store, worker

RENEW_EVERY = timedelta(seconds=5)
SILENT_AFTER = timedelta(seconds=15)
"""A worker not heard of for this long counts as dead."""
FORGET_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    id: str
    started_at: datetime
    seen_at: datetime


async def seen(tx: Transaction, name: str, *, started_at: datetime, now: datetime) -> None:
    """Say that the worker is alive, and forget those long dead. Safe to repeat."""
    await tx.execute(delete(worker).where(worker.c.seen_at < now - FORGET_AFTER))
    values = {"started_at": started_at, "seen_at": now}
    renewed = await tx.execute(update(worker).where(worker.c.id == name).values(values))
    if not renewed.rowcount:
        await tx.execute(insert(worker).values(id=name, **values))


async def gone(tx: Transaction, name: str) -> None:
    """The worker ended properly. Safe to repeat."""
    await tx.execute(delete(worker).where(worker.c.id == name))


async def hand_back(tx: Transaction, name: str, *, counts: bool = False) -> int:
    """Free the stores whose passes the worker cut off to end in time. Returns their number.

    They count as never begun, unless one of them may be why it ends (`counts`). Only for a worker that has stopped working.
    """
    never_begun = case((store.c.starts > 0, store.c.starts - 1), else_=0)
    freed = await tx.execute(
        update(store)
        .where(store.c.lease_owner == name)
        .values(
            lease_owner=None,
            lease_until=None,
            starts=store.c.starts if counts else never_begun,
        )
    )
    return int(freed.rowcount)


async def alive(tx: Transaction, now: datetime) -> list[WorkerRecord]:
    """The workers heard of lately, longest running first."""
    query = (
        select(worker).where(worker.c.seen_at >= now - SILENT_AFTER).order_by(worker.c.started_at)
    )
    return [_read_worker(row) for row in (await tx.execute(query)).mappings()]


_read_worker = reader(WorkerRecord)

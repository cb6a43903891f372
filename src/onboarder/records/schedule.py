"""When the next scheduled thing is due. Claiming it is a compare-and-set, so that exactly one process starts it."""

from datetime import datetime

from sqlalchemy import Column, String, Table, exists, select, update

from onboarder.records.database import Transaction, insert_new
from onboarder.records.tables import metadata, run
from onboarder.records.utc_time import UtcTime

schedule = Table(
    "schedule",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("next_at", UtcTime, nullable=False),
)


async def next_at(tx: Transaction, name: str) -> datetime | None:
    """When it is due next; None if it was never scheduled."""
    found: datetime | None = await tx.scalar(
        select(schedule.c.next_at).where(schedule.c.name == name)
    )
    return found


async def first(tx: Transaction, name: str, at: datetime) -> None:
    """Schedule it for the first time, unless another process just did."""
    await insert_new(tx, schedule, [{"name": name, "next_at": at}])


async def claim(tx: Transaction, name: str, *, seen: datetime, following: datetime) -> bool:
    """Move it from the time we saw to the following one; False if another process did so first."""
    moved = await tx.execute(
        update(schedule)
        .where(schedule.c.name == name, schedule.c.next_at == seen)
        .values(next_at=following)
    )
    return bool(moved.rowcount)


async def begun(tx: Transaction, *, by: str, since: datetime, until: datetime) -> bool:
    """Whether `by` began a reconciliation run between the two times."""
    its = (run.c.requested_by == by, run.c.started_at >= since, run.c.started_at < until)
    return bool(await tx.scalar(select(exists().where(*its))))

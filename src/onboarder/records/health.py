"""How well the database is, looked at from outside; writes nothing."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import false, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from onboarder.records.database import Database, RecordsBusy
from onboarder.records.migrations import NEWEST, current
from onboarder.records.tables import lock


@dataclass(frozen=True, slots=True)
class Health:
    """`schema` None: an empty database. The rest is known only when the schema is this release's."""

    kind: str
    needed: str
    schema: str | None = None
    unreachable: str | None = None
    """Name of the error; its text may hold an address."""
    unwritable: str | None = None
    write_seconds: float = 0.0
    skew_seconds: float = 0.0
    """By how much the database's clock and ours differ."""

    @property
    def up_to_date(self) -> bool:
        return self.unreachable is None and self.schema == self.needed


async def health(database: Database, clock: Callable[[], datetime]) -> Health:
    """Never raises for what is wrong with the database."""
    kind, needed = "sqlite" if database.embedded else "postgresql", NEWEST
    try:
        schema = await current(database)
        if schema != needed:
            return Health(kind, needed, schema)
        skew = await _skew(database, clock)
    except (RecordsBusy, SQLAlchemyError) as error:
        return Health(kind, needed, unreachable=type(error).__name__)
    started = time.perf_counter()
    try:
        await _touch(database)
    except (RecordsBusy, SQLAlchemyError) as error:
        return Health(kind, needed, schema, unwritable=type(error).__name__, skew_seconds=skew)
    took = time.perf_counter() - started
    return Health(kind, needed, schema, write_seconds=took, skew_seconds=skew)


async def _touch(database: Database) -> None:
    """A write of no rows: it needs all that a real one needs."""
    async with database.write() as tx:
        await tx.execute(update(lock).where(false()).values(owner=lock.c.owner))


async def _skew(database: Database, clock: Callable[[], datetime]) -> float:
    async with database.read() as tx:
        theirs: object = await tx.scalar(select(func.current_timestamp()))
    told = theirs if isinstance(theirs, datetime) else datetime.fromisoformat(str(theirs))
    aware = told if told.tzinfo else told.replace(tzinfo=UTC)
    return abs((clock() - aware).total_seconds())

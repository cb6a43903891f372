"""One database, SQLite or PostgreSQL, with one way to read and one way to write.

SQLite writes go through a single connection that begins every transaction IMMEDIATE: deferred transactions fail at once
with "database is locked" when they turn from reading to writing, and the driver's own transaction mode loses updates.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import cast

from sqlalchemy import BindParameter, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from onboarder.records.engines import DriverConnection, be_brief, to_postgres, to_sqlite

BUSY = timedelta(seconds=5)
"""How long an embedded write waits for another process's write before `RecordsBusy`."""
ANSWERS = timedelta(minutes=2)
"""How long a server may take for one statement before `RecordsBusy`. The night marks a million stores in one."""
PASSING = ("08", "40", "53", "57")
"""Classes of SQLSTATE that pass by themselves: lost connection, deadlock, no room, server going down."""


class RecordsBusy(Exception):
    """The database could not be reached or asked in time, or has no room; nothing was written. Try again later."""


class RecordsAway(RecordsBusy):
    """No connection to the server: it restarts, or is not where the settings say."""


Transaction = AsyncConnection
"""An open transaction. Other rooms hand it on to the queries here and never run SQL on it themselves."""

IDS: BindParameter[str] = bindparam("ids", expanding=True)
"""In a statement built once: any number of ids, given as `ids` when it is run."""


def new_rows(dialect: str, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """An insert that can say what becomes of rows whose key is there already."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


async def insert_new(tx: Transaction, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert the rows whose key nobody else has inserted meanwhile. Safe to repeat."""
    await tx.execute(new_rows(tx.dialect.name, table).on_conflict_do_nothing(), rows)


class Database:
    """Open it once per process; close it with `aclose`."""

    def __init__(
        self, url: str, *, busy: timedelta = BUSY, answers: timedelta | None = ANSWERS
    ) -> None:
        self.url = url
        self.embedded = url.startswith("sqlite")
        self._writer = (
            to_sqlite(url, busy, writing=True) if self.embedded else to_postgres(url, answers)
        )
        self._reader = to_sqlite(url, busy, writing=False) if self.embedded else self._writer

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        """A transaction that commits at the end of the block; `RecordsBusy` if the database cannot take it.

        `brief` promises statements about a few rows by their keys: embedded, they then run without a trip to a thread.
        """
        async with _opened(self._writer.begin()) as connection:
            if brief and self.embedded:
                be_brief(connection)
            yield connection

    @asynccontextmanager
    async def read(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        """A consistent view; writing in it fails on SQLite. `brief` as in `write`, and `RecordsBusy` for a server."""
        opening = self._reader.connect()
        async with opening if self.embedded else _opened(opening) as connection:
            if brief and self.embedded:
                be_brief(connection)
            yield connection

    async def wipe(self) -> None:
        """What was deleted leaves the write-ahead log too, unless somebody reads just now. On a server nothing happens."""
        if self.embedded:
            async with self._writer.connect() as connection:
                raw = await connection.get_raw_connection()
                await cast("DriverConnection", raw.driver_connection).execute(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                )

    async def aclose(self) -> None:
        await self._writer.dispose()
        await self._reader.dispose()


@asynccontextmanager
async def _opened(
    opening: AbstractAsyncContextManager[AsyncConnection],
) -> AsyncGenerator[AsyncConnection]:
    """`RecordsBusy` for whatever passes by itself, a server that lets nobody in just now included."""
    inside = False
    try:
        async with opening as connection:
            inside = True
            yield connection
    except DBAPIError as error:
        if not _passes(error):
            raise
        raise RecordsBusy(str(error.orig)) from error
    except PoolTimeout as error:
        raise RecordsBusy(type(error).__name__) from error
    except OSError as error:
        if inside:
            raise  # the block's own
        raise RecordsAway(type(error).__name__) from error


def _passes(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return (
        isinstance(error, OperationalError)
        or error.connection_invalidated
        or state.startswith(PASSING)
    )

"""One database, SQLite or PostgreSQL, with one way to read and one way to write.

SQLite writes go through a single connection that begins every transaction IMMEDIATE: deferred transactions fail at once
with "database is locked" when they turn from reading to writing, and the driver's own transaction mode loses updates.
"""

from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol, cast

from sqlalchemy import BindParameter, Connection, Table, bindparam, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from onboarder.records.one_trip import OneTripConnection

BUSY = timedelta(seconds=5)
"""How long an embedded write waits for another process's write before `RecordsBusy`."""
READERS = 4
POSTGRES_CONNECTIONS = 10
PASSING = ("08", "40", "53", "57")
"""Classes of SQLSTATE that pass by themselves: lost connection, deadlock, no room, server going down."""


class RecordsBusy(Exception):
    """The database could not take the write in time or has no room; nothing was written. Try again later."""


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

    def __init__(self, url: str, *, busy: timedelta = BUSY) -> None:
        self.url = url
        self.embedded = url.startswith("sqlite")
        self._writer = _sqlite(url, busy, writing=True) if self.embedded else _postgres(url)
        self._reader = _sqlite(url, busy, writing=False) if self.embedded else self._writer

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[Transaction]:
        """A transaction that commits at the end of the block; `RecordsBusy` if the database cannot take it."""
        try:
            async with self._writer.begin() as connection:
                yield connection
        except DBAPIError as error:
            if not _passes(error):
                raise
            raise RecordsBusy(str(error.orig)) from error

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Transaction]:
        """A consistent view; writing in it fails on SQLite."""
        async with self._reader.connect() as connection:
            yield connection

    async def wipe(self) -> None:
        """What was deleted leaves the write-ahead log too, unless somebody reads just now. On a server nothing happens."""
        if self.embedded:
            async with self._writer.connect() as connection:
                raw = await connection.get_raw_connection()
                await cast("_DriverConnection", raw.driver_connection).execute(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                )

    async def aclose(self) -> None:
        await self._writer.dispose()
        await self._reader.dispose()


def _passes(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return (
        isinstance(error, OperationalError)
        or error.connection_invalidated
        or state.startswith(PASSING)
    )


def _postgres(url: str) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=10,
        pool_pre_ping=True,
        hide_parameters=True,  # errors are logged, and rows hold names and phones
    )


def _sqlite(url: str, busy: timedelta, *, writing: bool) -> AsyncEngine:
    Path(url.partition(":///")[2]).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url,
        pool_size=1 if writing else READERS,
        max_overflow=0,
        pool_timeout=60,
        connect_args={"async_creator_fn": OneTripConnection},
        hide_parameters=True,  # errors are logged, and rows hold names and phones
    )
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"

    def on_connect(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        del entry
        cast("_DriverConnection", connection).isolation_level = None
        cursor = connection.cursor()
        wait = f"busy_timeout={busy // timedelta(milliseconds=1)}"
        for pragma in (wait, *_PRAGMAS, *([] if writing else ["query_only=ON"])):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    event.listen(engine.sync_engine, "invalidate", _roll_back)
    return engine


def _roll_back(
    connection: DBAPIConnection, entry: ConnectionPoolEntry, error: BaseException | None
) -> None:
    """Before a connection is closed under a cancelled statement: SQLite only closes it once nobody holds the statement.

    Until then, which may be long, its transaction would keep the write lock, and no process could write.
    """
    del entry, error
    with suppress(Exception):  # it may be broken already, and is closed next
        connection.rollback()


_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)
"""FULL: an intent must survive a power cut before the call it announces is sent."""


class _DriverConnection(Protocol):
    isolation_level: str | None

    def execute(self, sql: str) -> Awaitable[object]: ...

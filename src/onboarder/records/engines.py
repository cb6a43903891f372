"""Connections to the two databases: how they are made, looked after and given up."""

import math
import time
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol, cast

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from onboarder.records.one_trip import OneTripConnection

REST = 1.0
"""Seconds after which a connection to a server is asked whether it still lives before it is used again."""
CONNECTS_WITHIN = 10.0
"""Seconds that a server may take to let a connection in."""
READERS = 4
POSTGRES_CONNECTIONS = 10
_LET_GO = "let_go"
"""When a connection was given back, on the monotonic clock."""


def to_postgres(url: str, answers: timedelta | None) -> AsyncEngine:
    """`answers`: how long a statement may take; None for as long as it likes."""
    within = None if answers is None else answers.total_seconds()
    engine = create_async_engine(
        url,
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=10,
        connect_args={"timeout": CONNECTS_WITHIN, "command_timeout": within},
        pool_use_lifo=True,  # the one that was just used need not be asked whether it lives
        hide_parameters=True,  # errors are logged, and rows hold names and phones
    )
    _look_after_rest(engine.sync_engine)
    event.listen(engine.sync_engine, "handle_error", _give_up_silence)
    return engine


def _look_after_rest(engine: Engine) -> None:
    """Before a connection that rested is used again, ask whether it still lives: it may have been cut off meanwhile.

    Asking takes three trips to the server, as many as a small transaction, so one that was just used is not asked.
    """

    def on_checkin(connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        del connection
        entry.info[_LET_GO] = time.monotonic()

    def on_checkout(connection: DBAPIConnection, entry: ConnectionPoolEntry, _: object) -> None:
        if time.monotonic() - entry.info.get(_LET_GO, math.inf) < REST:
            return
        try:
            engine.dialect.do_ping(connection)
        except (engine.dialect.loaded_dbapi.Error, TimeoutError) as error:
            raise DisconnectionError from error

    event.listen(engine, "checkin", on_checkin)
    event.listen(engine, "checkout", on_checkout)


def _give_up_silence(context: ExceptionContext) -> None:
    """A server that froze, or a way that forgot the connections, never answers: all connections of that time are left.

    The driver tells of it by no error of its own. A connection that never came about is something else.
    """
    if context.connection is not None and isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
        raise OperationalError(None, None, TimeoutError("no answer in time"))


def to_sqlite(url: str, busy: timedelta, *, writing: bool) -> AsyncEngine:
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
        cast("DriverConnection", connection).isolation_level = None
        cursor = connection.cursor()
        wait = f"busy_timeout={busy // timedelta(milliseconds=1)}"
        for pragma in (wait, *_PRAGMAS, *([] if writing else ["query_only=ON"])):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    event.listen(engine.sync_engine, "checkin", _no_longer_brief)
    event.listen(engine.sync_engine, "invalidate", _roll_back)
    return engine


def be_brief(transaction: AsyncConnection) -> None:
    """Of an embedded database: from here to its end, statements run on the caller's thread."""
    if transaction.sync_connection is not None:
        driver = transaction.sync_connection.connection.driver_connection
        cast("OneTripConnection", driver).brief = True


def _no_longer_brief(connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    del entry
    if connection is not None:
        cast("OneTripConnection", connection.driver_connection).brief = False


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


class DriverConnection(Protocol):
    """What the drivers' own connections are asked here beside what SQLAlchemy asks them."""

    isolation_level: str | None

    def execute(self, sql: str) -> Awaitable[object]: ...

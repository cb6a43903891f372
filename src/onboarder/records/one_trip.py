"""SQLite's driver with one trip to its thread per statement instead of four.

The driver runs every step of a cursor (made, run, read, closed) on the connection's own thread, and each trip there
costs more than the statement itself. Here a statement is run, read to its end and let go of in one.

In a brief transaction even that one is saved: between its beginning, which may wait for another process, and its commit,
which waits for the disk, a statement takes less time than it takes to wake a thread that then must wait for the
interpreter's lock at every row.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import Self

import aiosqlite

Values = Sequence[str | int | float | bytes | None]


class OneTripCursor:
    """What SQLAlchemy asks of a cursor; `execute` and `executemany` are the only steps that leave the event loop."""

    def __init__(self, connection: "OneTripConnection") -> None:
        self._connection = connection
        self._rows: list[object] = []
        self.description: object = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Values | None = None) -> Self:
        """Run one statement and read all its rows."""
        bound = () if parameters is None else parameters
        await self._connection.run(lambda there: self._keep(there.execute(sql, bound)))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Values]) -> Self:
        """Run one statement for each set of parameters."""
        await self._connection.run(lambda there: self._keep(there.executemany(sql, parameters)))
        return self

    async def fetchall(self) -> list[object]:
        """The rows that were read."""
        return self._rows

    async def close(self) -> None:
        """The statement was let go of already."""

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        """On the connection's thread: all that can be known of the statement, which then is over."""
        with closing(cursor):
            self.description, self.rowcount = cursor.description, cursor.rowcount
            self.lastrowid = cursor.lastrowid
            if cursor.description is not None:
                self._rows = cursor.fetchall()


class OneTripConnection(aiosqlite.Connection):
    """The driver's connection, whose cursors are those above. Await it to connect."""

    def __init__(self, path: str, *, check_same_thread: bool = True, timeout: float = 5.0) -> None:
        # Whoever is brief comes from another thread, and never while this one is busy.
        del check_same_thread
        connect = partial(sqlite3.connect, path, check_same_thread=False, timeout=timeout)
        super().__init__(connect, iter_chunk_size=1)
        self._thread.daemon = True  # as SQLAlchemy has it: a forgotten connection keeps no process
        self.brief = False
        """Whether statements run on the caller's thread."""

    def cursor(self) -> OneTripCursor:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # what SQLAlchemy asks of it, it has
        """A cursor; making it costs no trip."""
        return OneTripCursor(self)

    async def commit(self) -> None:
        """On the connection's thread, and so is what comes after a commit that nobody waited for to its end."""
        brief, self.brief = self.brief, False
        await super().commit()
        self.brief = brief

    async def rollback(self) -> None:
        """Nothing waits for a rollback either."""
        if self.brief:
            self._conn.rollback()
        else:
            await super().rollback()

    async def run(self, there: Callable[[sqlite3.Connection], None]) -> None:
        """Run a function on the connection's thread, or at once if the transaction is a brief one."""
        if self.brief:
            there(self._conn)
            return
        await self._execute(there, self._conn)  # type: ignore[no-untyped-call]  # the driver has no types

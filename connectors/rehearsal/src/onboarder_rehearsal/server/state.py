"""What the practice marketplace remembers: one SQLite file, one writer, every commit made before the answer.

Commits go to the write-ahead log without waiting for the disk: they survive a kill of the server, not of the machine.
"""

import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

Value = str | int | float | bytes | None

_TABLES = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS category (
  code TEXT PRIMARY KEY, label TEXT NOT NULL, parent TEXT, open INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS seller (
  no INTEGER PRIMARY KEY, partner TEXT NOT NULL, external_key TEXT NOT NULL, shop_name TEXT NOT NULL,
  owner TEXT NOT NULL, phone TEXT, email TEXT, about TEXT NOT NULL, pickup TEXT, phase TEXT NOT NULL, note TEXT,
  authorised INTEGER NOT NULL DEFAULT 1, review_at REAL, findable_from REAL NOT NULL, applied_at REAL NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS seller_key ON seller (external_key);
CREATE INDEX IF NOT EXISTS seller_review ON seller (review_at) WHERE review_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS token (
  digest TEXT PRIMARY KEY, seller_no INTEGER NOT NULL, expires_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS token_seller ON token (seller_no);
CREATE TABLE IF NOT EXISTS picture (digest TEXT PRIMARY KEY, media_type TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS image (
  id TEXT PRIMARY KEY, seller_no INTEGER NOT NULL, digest TEXT NOT NULL, uploads INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS item (
  no INTEGER PRIMARY KEY, seller_no INTEGER NOT NULL, external_key TEXT NOT NULL, headline TEXT NOT NULL,
  blurb TEXT NOT NULL, category TEXT NOT NULL, mass_grams INTEGER NOT NULL, images TEXT NOT NULL,
  choices TEXT NOT NULL, phase TEXT NOT NULL, note TEXT, review_at REAL, findable_from REAL NOT NULL,
  touched_at REAL NOT NULL, by_hand INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS item_key ON item (seller_no, external_key);
CREATE INDEX IF NOT EXISTS item_any_key ON item (external_key);
CREATE INDEX IF NOT EXISTS item_review ON item (review_at) WHERE review_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS dial (
  no INTEGER PRIMARY KEY, spec TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0, struck INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS late (no INTEGER PRIMARY KEY, due REAL NOT NULL, spec TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS notice (no INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS log (
  no INTEGER PRIMARY KEY, at REAL NOT NULL, method TEXT NOT NULL, route TEXT NOT NULL, seller TEXT,
  outcome INTEGER NOT NULL, fault TEXT, dial TEXT, request_id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS log_seller ON log (seller);
"""


class State:
    """The rows, through plain SQL. `folder` None keeps everything in memory, for tests; `tables` makes what lacks."""

    def __init__(self, folder: Path | None, tables: str = _TABLES) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        name = ":memory:" if folder is None else str(folder / "market.db")
        self._link = sqlite3.connect(name, isolation_level=None, cached_statements=256)
        self._link.row_factory = sqlite3.Row
        self._link.execute("PRAGMA journal_mode=WAL")
        self._link.execute("PRAGMA synchronous=NORMAL")
        self._link.executescript(tables)

    def close(self) -> None:
        self._link.close()

    @contextmanager
    def commit(self) -> Generator[None]:
        """All writes of the body at once, or none if it raises."""
        self._link.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._link.execute("ROLLBACK")
            raise
        self._link.execute("COMMIT")

    @contextmanager
    def attempt(self) -> Generator[None]:
        """Inside a commit: the writes of the body are taken back if it raises, the rest stays."""
        self._link.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._link.execute("ROLLBACK TO attempt")
            raise
        finally:
            self._link.execute("RELEASE attempt")

    def one(self, sql: str, *values: Value) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._link.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        return self._link.execute(sql, values).fetchall()

    def count(self, sql: str, *values: Value) -> int:
        """The first column of the first row, as a number; 0 without a row."""
        row = self.one(sql, *values)
        return int(row[0] or 0) if row is not None else 0

    def run(self, sql: str, *values: Value) -> int:
        """Change rows; answers how many."""
        return self._link.execute(sql, values).rowcount

    def add(self, sql: str, *values: Value) -> int:
        """Insert a row; answers its number."""
        number = self._link.execute(sql, values).lastrowid
        assert number is not None
        return number

    def add_all(self, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        self._link.executemany(sql, rows)

    def setting(self, name: str) -> str | None:
        row = self.one("SELECT value FROM setting WHERE name = ?", name)
        return None if row is None else str(row["value"])

    def set_setting(self, name: str, value: str) -> None:
        self.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, value)

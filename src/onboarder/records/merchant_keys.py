"""The key store: a key per merchant, in a small database of its own that is in no backup of the records.

Whoever restores an old copy of the records therefore finds no key for a merchant whose key was destroyed since.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Index,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    inspect,
    select,
    text,
    update,
)

from onboarder.model.ids import MerchantId
from onboarder.people.vault import MerchantKey
from onboarder.records.database import IDS, Database, Transaction, insert_new
from onboarder.records.together import Together
from onboarder.records.utc_time import UtcTime

_metadata = MetaData()
_key = Table(
    "merchant_key",
    _metadata,
    Column("merchant_id", String(64), primary_key=True),
    Column("id", String(32), nullable=False),
    Column("ring_key", String(32), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_merchant_key_ring_key", "ring_key"),
)


class MerchantKeys:
    """Keys in the store. Makes its one table where it is missing. Close it with `aclose`."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._there = False
        self._finds = Together(self._find)
        self._keeps = Together(self._keep)

    async def find(self, owner: MerchantId) -> MerchantKey | None:
        """The merchant's key, always as the store has it now."""
        return await self._finds.do(owner)

    async def keep(self, fresh: MerchantKey) -> MerchantKey:
        """Keep it durably unless the merchant has a key; returns the one she has. Safe to repeat."""
        return await self._keeps.do(fresh)

    async def not_under(self, ring_key: str, *, most: int) -> list[MerchantKey]:
        """Some of the keys that are sealed under another key of the ring."""
        query = select(_key).where(_key.c.ring_key != ring_key).limit(most)
        async with self._read() as tx:
            return [_read(row) for row in (await tx.execute(query)).mappings()]

    async def replace(self, changes: Sequence[tuple[MerchantKey, MerchantKey]]) -> None:
        """Old ones by new ones, except where somebody changed or destroyed the old one meanwhile."""
        query = (
            update(_key)
            .where(_key.c.merchant_id == bindparam("owner"), _key.c.sealed == bindparam("old"))
            .values(ring_key=bindparam("fresh_ring_key"), sealed=bindparam("fresh"))
        )
        rows = [
            {
                "owner": old.owner,
                "old": old.sealed,
                "fresh_ring_key": new.ring_key,
                "fresh": new.sealed,
            }
            for old, new in changes
        ]
        async with self._write() as tx:
            await tx.execute(query, rows)

    async def forget(self, owner: MerchantId) -> bool:
        """Destroy the merchant's key, in the file and its log too; False if there was none. Nothing brings it back."""
        async with self._write() as tx:
            gone = await tx.execute(delete(_key).where(_key.c.merchant_id == owner))
        await self._database.wipe()
        return bool(gone.rowcount)

    async def count(self) -> dict[str, int]:
        """How many keys are sealed under each key of the ring."""
        query = select(_key.c.ring_key, func.count()).group_by(_key.c.ring_key)
        async with self._read() as tx:
            return {str(name): int(number) for name, number in await tx.execute(query)}

    async def aclose(self) -> None:
        await self._database.aclose()

    async def _find(self, owners: Sequence[MerchantId]) -> Sequence[MerchantKey | None]:
        async with self._read(brief=True) as tx:
            found = await _found(tx, owners)
        return [found.get(one) for one in owners]

    async def _keep(self, fresh: Sequence[MerchantKey]) -> Sequence[MerchantKey]:
        rows = [{**_row(one), "created_at": self._clock()} for one in fresh]
        async with self._write(brief=True) as tx:
            await insert_new(tx, _key, rows)
            found = await _found(tx, [one.owner for one in fresh])
        return [found.get(one.owner, one) for one in fresh]

    @asynccontextmanager
    async def _read(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        await self._ready()
        async with self._database.read(brief=brief) as tx:
            yield tx

    @asynccontextmanager
    async def _write(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        """What a write replaces or deletes is overwritten, not only marked as free."""
        await self._ready()
        async with self._database.write(brief=brief) as tx:
            if self._database.embedded:
                await tx.execute(text("PRAGMA secure_delete=ON"))
            yield tx

    async def _ready(self) -> None:
        if self._there:
            return
        async with self._database.read() as tx:
            there = await tx.run_sync(_has_table)
        if not there:
            async with self._database.write() as tx:
                if not self._database.embedded:
                    # Two processes that start together must not make the table together.
                    await tx.execute(text("SELECT pg_advisory_xact_lock(7364210956)"))
                await tx.run_sync(_metadata.create_all)
        self._there = True


async def _found(tx: Transaction, owners: Sequence[MerchantId]) -> dict[str, MerchantKey]:
    rows = (await tx.execute(_OF_OWNERS, {"ids": owners})).mappings()
    return {one.owner: one for one in map(_read, rows)}


def _has_table(connection: Connection) -> bool:
    return inspect(connection).has_table(_key.name)


def _row(key: MerchantKey) -> dict[str, object]:
    return {
        "merchant_id": key.owner,
        "id": key.id,
        "ring_key": key.ring_key,
        "sealed": key.sealed,
    }


def _read(row: RowMapping) -> MerchantKey:
    return MerchantKey(
        MerchantId(row["merchant_id"]), str(row["id"]), str(row["ring_key"]), str(row["sealed"])
    )


_OF_OWNERS = select(_key).where(_key.c.merchant_id.in_(IDS))

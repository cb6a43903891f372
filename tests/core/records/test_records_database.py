"""The database: one writer at a time, nothing half written, the schema as declared."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.ext.asyncio import create_async_engine

from onboarder.records import (
    account_tables,
    consent_tables,
    field_tables,
    locks,
    office_tables,
    quotas,
    schedule,
    tables,
)
from onboarder.records.database import Database, RecordsBusy, insert_new
from onboarder.records.migrations import pending, upgrade
from onboarder.records.one_trip import OneTripCursor, Values
from tests.servers.postgres import async_url, fresh_database

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


async def test_migrating_from_nothing_gives_exactly_the_declared_tables(database: Database) -> None:
    declared = tables.metadata  # and what the modules below have added to it
    assert account_tables.account.metadata is declared
    assert consent_tables.consent_link.metadata is declared
    assert field_tables.upload.metadata is declared
    assert office_tables.approved_plan.metadata is declared
    assert quotas.quota_day.metadata is declared
    assert schedule.schedule.metadata is declared

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, declared))

    async with database.read() as tx:
        assert await tx.run_sync(differences) == []
    assert not await pending(database)


async def test_migrating_again_changes_nothing(database: Database) -> None:
    await upgrade(database)
    assert not await pending(database)


async def test_two_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    first, second = Database(url), Database(url)
    assert await pending(first)
    await asyncio.gather(upgrade(first), upgrade(second))
    assert not await pending(first)
    await first.aclose()
    await second.aclose()


async def test_concurrent_writers_lose_no_update(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(insert(tables.lock).values(name="n", owner="0", since=NOW, until=NOW))

    async def count_up() -> None:
        async with database.write() as tx:
            query = select(tables.lock.c.owner).where(tables.lock.c.name == "n").with_for_update()
            seen = int(await tx.scalar(query) or 0)
            await asyncio.sleep(0)
            await tx.execute(update(tables.lock).values(owner=str(seen + 1)))

    await asyncio.gather(*(count_up() for _ in range(20)))
    async with database.read() as tx:
        assert await tx.scalar(select(tables.lock.c.owner)) == "20"


async def test_a_deferred_transaction_would_fail_where_ours_waits(tmp_path: Path) -> None:
    url = await an_embedded_database(tmp_path)
    deferred = create_async_engine(url)
    ours = Database(url)
    async with deferred.connect() as reader:
        await reader.exec_driver_sql("PRAGMA busy_timeout=50")
        await reader.commit()
        await reader.exec_driver_sql("BEGIN DEFERRED")
        await reader.execute(select(tables.lock))
        await put_lock(ours, "between")
        with pytest.raises(OperationalError, match="database is locked"):
            await reader.exec_driver_sql("DELETE FROM lock")
    await deferred.dispose()

    other = Database(url)
    async with ours.write() as tx:
        await tx.execute(select(tables.lock))
        waiting = asyncio.create_task(put_lock(other, "waiting"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await tx.execute(text("DELETE FROM lock"))
    await waiting
    async with ours.read() as tx:
        assert (await tx.execute(select(tables.lock.c.name))).scalars().all() == ["waiting"]
    await ours.aclose()
    await other.aclose()


async def test_a_write_lock_held_too_long_is_said_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    url = await an_embedded_database(tmp_path)
    holder = Database(url)
    impatient = Database(url, busy=timedelta(milliseconds=30))
    async with holder.write():
        with pytest.raises(RecordsBusy):
            await put_lock(impatient, "x")
        async with impatient.read() as tx:
            assert (await tx.execute(select(tables.lock))).all() == []
    await put_lock(impatient, "x")
    await holder.aclose()
    await impatient.aclose()


@pytest.mark.postgres
async def test_of_two_writes_that_block_each_other_one_is_told_to_try_again(
    postgres_template: tuple[str, str],
) -> None:
    server, template = postgres_template
    with fresh_database(server, template=template) as url:
        database = Database(async_url(url))
        await put_lock(database, "a")
        await put_lock(database, "b")
        both = asyncio.Barrier(2)

        async def take(first: str, second: str) -> None:
            async with database.write() as tx:
                await tx.execute(
                    update(tables.lock).where(tables.lock.c.name == first).values(owner="x")
                )
                await both.wait()
                await tx.execute(
                    update(tables.lock).where(tables.lock.c.name == second).values(owner="x")
                )

        ends = await asyncio.gather(take("a", "b"), take("b", "a"), return_exceptions=True)
        await database.aclose()
    assert sorted(type(one).__name__ for one in ends) == ["NoneType", "RecordsBusy"]


async def test_a_body_that_fails_leaves_nothing_behind(database: Database) -> None:
    async def fail_after_writing() -> None:
        async with database.write() as tx:
            await tx.execute(insert(tables.lock).values(name="n", owner="o", since=NOW, until=NOW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_writing()
    async with database.read() as tx:
        assert (await tx.execute(select(tables.lock))).all() == []


async def test_readers_of_the_embedded_database_cannot_write(tmp_path: Path) -> None:
    opened = Database(await an_embedded_database(tmp_path))
    async with opened.read() as tx:
        with pytest.raises(OperationalError, match="readonly"):
            await tx.execute(text("DELETE FROM lock"))
    await opened.aclose()


async def test_errors_say_no_bound_values(tmp_path: Path) -> None:
    opened = Database(await an_embedded_database(tmp_path))
    async with opened.write() as tx:
        with pytest.raises(StatementError) as caught:
            await tx.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "Ibu Siti"})
        assert "Siti" not in str(caught.value)
    await opened.aclose()


async def test_times_come_back_as_utc_whatever_zone_they_went_in_with(database: Database) -> None:
    jakarta = NOW.astimezone(timezone(timedelta(hours=7)))
    async with database.write() as tx:
        await tx.execute(insert(tables.lock).values(name="n", owner="o", since=jakarta, until=NOW))
    async with database.read() as tx:
        [row] = (await tx.execute(select(tables.lock.c.since, tables.lock.c.until))).all()
    assert row == (NOW, NOW)
    assert all(one.utcoffset() == timedelta() for one in row)


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    async with database.write() as tx:
        with pytest.raises(StatementError, match="without a zone"):
            await tx.execute(
                insert(tables.lock).values(
                    name="n", owner="o", since=NOW.replace(tzinfo=None), until=NOW
                )
            )


async def test_rows_somebody_else_inserted_meanwhile_are_left_alone(database: Database) -> None:
    row = {"name": "n", "owner": "first", "since": NOW, "until": NOW}
    async with database.write() as tx:
        await insert_new(tx, tables.lock, [row])
        await insert_new(tx, tables.lock, [row | {"owner": "second"}, row | {"name": "m"}])
        rows = (await tx.execute(select(tables.lock.c.name, tables.lock.c.owner))).all()
    assert sorted(rows) == [("m", "first"), ("n", "first")]


async def test_of_many_that_reach_for_a_lock_one_gets_it_and_the_rest_hear_who(
    database: Database,
) -> None:
    async def reach(owner: str) -> locks.LockHolder | None:
        async with database.write() as tx:
            return await locks.take_lock(
                tx, "run", owner, now=NOW, until=NOW + timedelta(seconds=60)
            )

    heard = await asyncio.gather(*(reach(f"p{number}") for number in range(10)))
    [winner] = [f"p{number}" for number, one in enumerate(heard) if one is None]
    assert {one.owner for one in heard if one is not None} == {winner}


async def put_lock(database: Database, name: str) -> None:
    async with database.write() as tx:
        await tx.execute(insert(tables.lock).values(name=name, owner="o", since=NOW, until=NOW))


async def an_embedded_database(folder: Path) -> str:
    url = f"sqlite+aiosqlite:///{folder / 'onboarder.db'}"
    database = Database(url)
    await upgrade(database)
    await database.aclose()
    return url


async def test_a_write_cut_off_in_a_statement_keeps_nobody_from_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    await upgrade(database)
    whole = OneTripCursor.execute

    async def cut_off(
        cursor: OneTripCursor, sql: str, values: Values | None = None
    ) -> OneTripCursor:
        if "RETURNING" in sql:
            task.cancel()  # the statement runs, and nobody waits for its row any more
        return await whole(cursor, sql, values)

    async def write() -> None:
        row = insert(tables.lock).values(name="n", owner="0", since=NOW, until=NOW)
        async with database.write() as tx:
            await tx.execute(row.returning(tables.lock.c.name))

    monkeypatch.setattr(OneTripCursor, "execute", cut_off)
    task = asyncio.create_task(write())
    # What was raised is kept: its traceback holds the statement, as the log of a failed pass does for a while.
    [raised] = await asyncio.gather(task, return_exceptions=True)
    monkeypatch.undo()

    another = Database(database.url, busy=timedelta(seconds=0.2))
    async with another.write() as tx:
        assert await tx.scalar(select(tables.lock.c.name)) is None
    assert isinstance(raised, asyncio.CancelledError)
    await another.aclose()
    await database.aclose()

"""What transactions cost beside their statements: trips to threads, and questions whether a connection still lives."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import Insert, insert, select, text

from onboarder.records import engines, tables
from onboarder.records.database import Database, RecordsAway, RecordsBusy
from onboarder.records.migrations import upgrade
from onboarder.records.one_trip import OneTripConnection
from tests.servers.postgres import async_url, fresh_database
from tests.servers.process import free_port

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncGenerator[Database]:
    made = Database(f"sqlite+aiosqlite:///{tmp_path / 'onboarder.db'}")
    await upgrade(made)
    yield made
    await made.aclose()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One for everything that a driver's thread is asked to do."""
    made: list[object] = []
    whole: Callable[..., Awaitable[object]] = vars(aiosqlite.Connection)["_execute"]

    async def counted(connection: OneTripConnection, *asked: object) -> object:
        made.append(asked)
        return await whole(connection, *asked)

    monkeypatch.setattr(OneTripConnection, "_execute", counted)
    return made


async def test_a_brief_write_only_goes_to_a_thread_where_it_may_wait(
    embedded: Database, trips: list[object]
) -> None:
    await put(embedded, "first")  # connects
    trips.clear()
    async with embedded.write(brief=True) as tx:
        await tx.execute(lock("second"))
        await tx.execute(lock("third"))
    assert len(trips) == 2, "its beginning and its commit"
    trips.clear()
    async with embedded.read(brief=True) as tx:
        assert len((await tx.execute(select(tables.lock))).all()) == 3
    assert trips == []


async def test_after_a_brief_one_others_leave_the_event_loop_free_again(
    embedded: Database, trips: list[object]
) -> None:
    for brief in (True, False):
        async with embedded.read(brief=brief) as tx:
            await tx.execute(select(tables.lock))
        async with embedded.write(brief=brief) as tx:
            trips.clear()
            await tx.execute(lock(f"brief: {brief}"))
            assert len(trips) == (0 if brief else 1)
    trips.clear()
    async with embedded.read() as tx:
        await tx.execute(select(tables.lock))
    assert len(trips) == 3, "begun, read and let go of"


async def test_a_brief_write_that_waits_for_another_process_holds_nothing_up(
    embedded: Database,
) -> None:
    other = Database(embedded.url)
    async with other.write():
        waiting = asyncio.create_task(put(embedded, "waited", brief=True))
        async with embedded.read(brief=True) as tx:
            assert (await tx.execute(select(tables.lock))).all() == []
        assert not waiting.done()
    await waiting
    await other.aclose()


async def test_a_commit_that_is_cut_off_is_not_waited_for_on_the_event_loop(
    embedded: Database, trips: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = OneTripConnection.commit

    async def cut_off(connection: OneTripConnection) -> None:
        trips.clear()
        task.cancel()
        await whole(connection)

    monkeypatch.setattr(OneTripConnection, "commit", cut_off)
    task = asyncio.create_task(put(embedded, "n", brief=True))
    await asyncio.wait([task])
    monkeypatch.undo()

    assert task.cancelled()
    assert "rollback" in str(trips)
    another = Database(embedded.url, busy=timedelta(seconds=0.2))
    await put(another, "m")
    await another.aclose()


async def test_a_brief_write_that_fails_leaves_nothing_behind(embedded: Database) -> None:
    async def fail() -> None:
        async with embedded.write(brief=True) as tx:
            await tx.execute(lock("n"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    another = Database(embedded.url, busy=timedelta(seconds=0.2))
    await put(another, "n")
    await another.aclose()


@pytest.mark.postgres
async def test_a_connection_that_was_cut_off_while_it_rested_is_not_used(
    postgres_template: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "REST", 0.0)  # any rest is long enough to be asked
    server, template = postgres_template
    with fresh_database(server, template=template) as url:
        database = Database(async_url(url))
        await cut_off(database)
        await put(database, "n")
        await database.aclose()


@pytest.mark.postgres
@pytest.mark.parametrize("reads", [True, False])
async def test_one_that_was_cut_off_right_after_its_use_costs_one_transaction_that_says_so(
    postgres_template: tuple[str, str], *, reads: bool
) -> None:
    server, template = postgres_template
    with fresh_database(server, template=template) as url:
        database = Database(async_url(url))
        await cut_off(database)
        with pytest.raises(RecordsBusy):
            await (names(database) if reads else put(database, "n"))
        await (names(database) if reads else put(database, "n"))
        await database.aclose()


async def test_a_server_that_lets_nobody_in_is_busy() -> None:
    """It restarts. A renewed key must not be thrown away for that, nor a pass blamed."""
    database = Database(f"postgresql+asyncpg://u:p@127.0.0.1:{free_port()}/d")
    with pytest.raises(RecordsBusy):
        await put(database, "n")
    with pytest.raises(RecordsBusy):
        await names(database)


async def test_a_server_that_does_not_answer_is_busy_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host is up and lets nobody in: whoever waits for the round under way would wait as long."""
    monkeypatch.setattr(engines, "CONNECTS_WITHIN", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql+asyncpg://u:p@127.0.0.1:{silent.getsockname()[1]}/d")
        async with asyncio.timeout(5):
            with pytest.raises(RecordsAway):
                await put(database, "n")


async def test_what_fails_inside_a_transaction_for_reasons_of_its_own_stays_what_it_is(
    embedded: Database,
) -> None:
    async def fail() -> None:
        async with embedded.write():
            raise TimeoutError

    with pytest.raises(TimeoutError):
        await fail()


async def names(database: Database) -> list[str]:
    async with database.read() as tx:
        return [str(one) for one in (await tx.execute(select(tables.lock.c.name))).scalars()]


async def cut_off(database: Database) -> None:
    """The server ends the pool's only connection, which was used just now."""
    async with database.read() as tx:
        mine = await tx.scalar(text("SELECT pg_backend_pid()"))
    other = Database(database.url)
    async with other.read() as tx:
        await tx.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine})
    await other.aclose()


def lock(name: str) -> Insert:
    return insert(tables.lock).values(name=name, owner="o", since=NOW, until=NOW)


async def put(database: Database, name: str, *, brief: bool = False) -> None:
    async with database.write(brief=brief) as tx:
        await tx.execute(lock(name))

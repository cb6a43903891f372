"""A server that accepts everything and answers nothing, as after a failover or behind a firewall that forgot us."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from onboarder.records.database import Database, RecordsBusy
from tests.servers.postgres import async_url, fresh_database

pytestmark = pytest.mark.postgres

PATIENCE = timedelta(seconds=1)


class Way:
    """The way to a server. Connections that were made before `forget` hear nothing any more; new ones work."""

    def __init__(self, host: str, port: int) -> None:
        self.made = 0
        self._host, self._port = host, port
        self._known = 0

    def forget(self) -> None:
        self._known = self.made

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.made += 1
        number = self.made
        with suppress(OSError, asyncio.CancelledError):
            answers, requests = await asyncio.open_connection(self._host, self._port)
            await asyncio.gather(
                self._carry(reader, requests, 0), self._carry(answers, writer, number)
            )

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(65536):
                if 0 < number <= self._known:
                    continue
                writer.write(piece)
                await writer.drain()
        writer.close()


@pytest.fixture
async def way(postgres_template: tuple[str, str]) -> AsyncGenerator[tuple[Way, Database]]:
    with fresh_database(postgres_template[0]) as url:
        there = urlsplit(url)
        assert there.hostname
        assert there.port
        way = Way(there.hostname, there.port)
        listener = await asyncio.start_server(way.serve, "127.0.0.1", 0)
        host, port = listener.sockets[0].getsockname()[:2]
        through = url.replace(f"{there.hostname}:{there.port}", f"{host}:{port}")
        database = Database(async_url(through), answers=PATIENCE)
        yield way, database
        await database.aclose()
        listener.close()


async def test_what_hears_no_answer_is_given_up_and_done_on_a_new_connection(
    way: tuple[Way, Database],
) -> None:
    path, database = way
    await ask(database)
    path.forget()

    with pytest.raises(RecordsBusy, match="no answer in time"):
        await ask(database)

    assert await ask(database) == 1


async def test_all_who_wait_for_answers_are_let_go(way: tuple[Way, Database]) -> None:
    path, database = way
    await asyncio.gather(*(ask(database) for _ in range(5)))
    path.forget()

    silent = await asyncio.gather(*(ask(database) for _ in range(5)), return_exceptions=True)
    after = await asyncio.gather(*(ask(database) for _ in range(5)))

    assert all(isinstance(one, RecordsBusy) for one in silent)
    assert after == [1] * 5


async def test_a_commit_whose_answer_is_lost_is_given_up_too(way: tuple[Way, Database]) -> None:
    path, database = way

    with pytest.raises(RecordsBusy):
        await ask(database, meanwhile=path.forget)

    assert await ask(database) == 1


async def ask(database: Database, meanwhile: Callable[[], None] = lambda: None) -> object:
    async with database.write() as tx:
        answer: object = await tx.scalar(text("SELECT 1"))
        meanwhile()
        return answer

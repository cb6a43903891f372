"""Databases and Redis servers for tests: each kind once per session, each test on fresh ones."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder.redis_server import EmbeddedServer
from tests.servers.postgres import async_url, fresh_database, start_postgres
from tests.servers.process import wait_until
from tests.servers.redis import start_redis

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
REDIS = pytest.param("redis", marks=pytest.mark.redis_server)


@pytest.fixture(params=["sqlite", POSTGRES])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[str]:
    """SQLAlchemy's URL of a fresh database with the newest schema, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'onboarder.db')}"
        return
    base, name = request.getfixturevalue("postgres_template")
    with fresh_database(base, template=name) as url:
        yield async_url(url)


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """The opened database; for async tests."""
    opened = Database(database_url)
    yield opened
    await opened.aclose()


@pytest.fixture(params=["valkey", REDIS])
def redis_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty Redis, once the embedded Valkey and once a Redis server."""
    url: str = request.getfixturevalue(f"{request.param}_server")
    with Redis.from_url(url) as connection:
        connection.flushall()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy; never written to."""
    path = tmp_path_factory.mktemp("template") / "onboarder.db"
    _migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Generator[str]:
    """A PostgreSQL server for the session, without a database name."""
    with start_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Generator[tuple[str, str]]:
    """Server and name of a migrated database to copy; nobody connects to it."""
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(postgres_url))
        _migrate(async_url(url))
        yield postgres_url, url.removeprefix(f"{postgres_url}/")


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The product's own embedded Valkey for the session."""
    server = EmbeddedServer(tmp_path_factory.mktemp("valkey"))
    server.tend()
    wait_until(server.answers)
    yield f"unix://{server.socket}"
    server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Generator[str]:
    """A Redis server for the session."""
    with start_redis() as url:
        yield url


def _migrate(url: str) -> None:
    """Bring a new database to the newest schema; works inside and outside a running event loop."""

    async def run() -> None:
        database = Database(url)
        try:
            await upgrade(database)
        finally:
            await database.aclose()

    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(asyncio.run, run()).result()

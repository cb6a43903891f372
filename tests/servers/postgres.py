"""A private PostgreSQL server on loopback: without durability unless asked for, thrown away at the end.

ONBOARDER_TEST_POSTGRES_URL (for example postgresql://user:password@127.0.0.1:5432) names a server
that already runs and on which databases may be created; then nothing is started.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from tests.servers.process import free_port, ordinary_user, running

EXISTING_SERVER = "ONBOARDER_TEST_POSTGRES_URL"
INITDB_OPTIONS = ("-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync")
CONNECTIONS = ("max_connections=200",)
FORGETFUL = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


def why_not_available() -> str | None:
    """What is missing and how to get it, or None when start_postgres() will work."""
    if os.environ.get(EXISTING_SERVER) or _binaries():
        return None
    return (
        "PostgreSQL is not installed: no initdb on PATH or under /usr/lib/postgresql. "
        f"Debian: apt-get install postgresql; or set {EXISTING_SERVER}."
    )


@contextmanager
def start_postgres(*, durable: bool = False, network: str | None = None) -> Generator[str]:
    """Yield `postgresql://user@host:port`, without a database name: append `/name`.

    `durable`: commits wait for the disk, as in production; tests are quicker without. `network`: hosts of that network
    are let in too, at any address of this machine.
    """
    existing = os.environ.get(EXISTING_SERVER)
    if existing:
        yield existing.rstrip("/")
        return
    with (
        tempfile.TemporaryDirectory(prefix="onboarder-postgres-") as folder,
        _private_server(
            Path(folder), CONNECTIONS if durable else CONNECTIONS + FORGETFUL, network
        ) as url,
    ):
        yield url


@contextmanager
def fresh_database(base_url: str, *, template: str | None = None) -> Generator[str]:
    """Yield `base_url/name` of a new database, a copy of `template` if given; drop it afterwards.

    Nobody may be connected to the template meanwhile.
    """
    name = f"t_{uuid.uuid4().hex}"
    create_database(base_url, name, template=template)
    try:
        yield f"{base_url}/{name}"
    finally:
        execute(base_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def create_database(base_url: str, name: str, *, template: str | None = None) -> None:
    """Create database `name` on the server, as a copy of `template` if one is given."""
    suffix = f' TEMPLATE "{template}"' if template else ""
    execute(base_url, f'CREATE DATABASE "{name}"{suffix}')


def execute(base_url: str, statement: str, *, database: str = "postgres") -> None:
    """Run one statement outside a transaction; callable with or without a running event loop."""

    async def run(connection: AsyncConnection) -> None:
        await connection.execute(text(statement))

    _connected(base_url, database, run)


def database_exists(base_url: str, name: str) -> bool:
    """Whether the server has a database of that name."""
    found: list[object] = []

    async def look(connection: AsyncConnection) -> None:
        query = text("SELECT 1 FROM pg_database WHERE datname = :name")
        found.extend((await connection.execute(query, {"name": name})).scalars())

    _connected(base_url, "postgres", look)
    return bool(found)


def async_url(url: str) -> str:
    """The same address in the form that SQLAlchemy's asyncpg driver wants."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def _connected(
    base_url: str, database: str, work: Callable[[AsyncConnection], Awaitable[None]]
) -> None:
    """Do `work` on a connection, in a thread and event loop of its own."""

    async def run() -> None:
        url = async_url(f"{base_url}/{database}")
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as connection:
                await work(connection)
        finally:
            await engine.dispose()

    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(asyncio.run, run()).result()


@contextmanager
def _private_server(folder: Path, settings: Sequence[str], network: str | None) -> Generator[str]:
    binaries, user, port = _binaries(), ordinary_user(), free_port()
    assert binaries is not None, why_not_available()
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    initdb = [str(binaries / "initdb"), "-D", str(data), *INITDB_OPTIONS]
    subprocess.run(initdb, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    if network is not None:
        with (data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write(f"host all all {network} trust\n")
    command = [str(binaries / "postgres"), "-D", str(data), "-k", str(folder)]
    for setting in (
        f"listen_addresses={'127.0.0.1' if network is None else '*'}",
        f"port={port}",
        *settings,
    ):
        command += ["-c", setting]
    fast_shutdown = signal.SIGINT
    with running(
        command,
        log=folder / "log",
        is_ready=lambda: _accepts(binaries, port),
        stop_signal=fast_shutdown,
        user=user,
    ):
        yield f"postgresql://postgres@127.0.0.1:{port}"


def _binaries() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest_first = sorted(installed, key=_version, reverse=True)
    return newest_first[0].parent if newest_first else None


def _version(path: Path) -> int:
    match = re.search(r"/postgresql/(\d+)/", str(path))
    return int(match.group(1)) if match else 0


def _accepts(binaries: Path, port: int) -> bool:
    """One that is still starting up answers too, but refuses."""
    asked = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(asked, check=False).returncode == 0

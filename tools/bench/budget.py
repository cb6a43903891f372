"""How much of a marketplace's ceiling two worker processes use: `python -m tools.bench.budget`. Told by its own log.

Ceilings of 10 and 50 calls a second, each counted in three ways at the end of a way with 60 ms of jitter, all at once. They
drop to a third and rise again; at the end Redis forgets everything, again and again. Needs two idle cores: a worker that
is late by more than the jitter cannot keep to a window of a second.
"""

import argparse
import json
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from pydantic import TypeAdapter
from redis import Redis
from tests.servers.process import wait_until

from onboarder.redis_server import EmbeddedServer
from tools.bench.market import ROOT

WORKERS = 2
WAYS = ("fixed", "bucket", "sliding")
WARM, STEADY, LOW, HIGH, FLUSHED = 5.0, 80.0, 66.0, 90.0, 30.0
"""Seconds: not looked at, of the full ceiling, of a third, of the full again, of a Redis that forgets."""
SETTLED = 5.0
"""Seconds within which a new ceiling must be found."""
FLUSH_EVERY = 7.0
MINUTE = 60.0
PART = 3
Log = Sequence[tuple[float, bool]]


@dataclass(frozen=True)
class Marks:
    """When what began, by the marketplace's clock."""

    steady: float
    low: float
    high: float
    flushed: float
    end: float


@dataclass(frozen=True)
class Row:
    """What one ceiling's log says; shares of the ceiling of that time."""

    door: str
    least: float
    """The poorest full minute."""
    mean: float
    refused: float
    """Share of the calls answered 429."""
    low: float
    """Used of a third, from five seconds after the drop."""
    found: float | None
    """Seconds until a raised ceiling is used again."""
    flushed: int
    """429s while Redis forgets."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.budget", description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=[10, 50])
    doors = [f"{counted}-{rate}" for rate in parser.parse_args().rates for counted in WAYS]
    with TemporaryDirectory(prefix="onboarder-budget-") as folder, ExitStack() as stack:
        server = EmbeddedServer(Path(folder))
        server.tend()
        wait_until(server.answers)
        stack.callback(server.stop)
        redis_url = f"unix://{server.socket}"
        base_url = stack.enter_context(_marketplace())
        marks = _run(base_url, redis_url, doors)
        log = _LOGS.validate_json(httpx.get(f"{base_url}/_log", timeout=60).content)
    _say([_row(door, log[door], marks) for door in doors])


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


def _run(base_url: str, redis_url: str, doors: Sequence[str]) -> Marks:
    seconds = str(WARM + STEADY + LOW + HIGH + FLUSHED)
    with ExitStack() as stack:
        for _ in range(WORKERS):
            stack.enter_context(_child("callers", base_url, redis_url, seconds, *doors))
        time.sleep(WARM)
        steady = time.time()
        time.sleep(STEADY)
        low = _part(base_url, PART)
        time.sleep(LOW)
        high = _part(base_url, 1)
        time.sleep(HIGH)
        flushed = time.time()
        with Redis.from_url(redis_url) as redis:
            while time.time() < flushed + FLUSHED - FLUSH_EVERY:
                redis.flushall()
                redis.script_flush()
                time.sleep(FLUSH_EVERY)
    return Marks(steady, low, high, flushed, flushed + FLUSHED - FLUSH_EVERY)


def _part(base_url: str, part: int) -> float:
    return float(httpx.post(f"{base_url}/_part/{part}").raise_for_status().json())


@contextmanager
def _child(module: str, *arguments: str) -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", f"tools.bench.{module}", *arguments], cwd=ROOT
    )
    with process:
        yield process


def _row(door: str, log: Log, marks: Marks) -> Row:
    ceiling = int(door.partition("-")[2])
    third = ceiling // PART
    begins = [marks.steady + second for second in range(int(STEADY - MINUTE))]
    minutes = [_through(log, at, at + MINUTE) / MINUTE / ceiling for at in begins]
    steady = [well for at, well in log if marks.steady <= at < marks.low]
    settled = marks.low + SETTLED
    seconds = range(int(HIGH) - 5)
    again = (s for s in seconds if _share(log, marks.high + s, 5, ceiling) >= 0.9)
    return Row(
        door=door,
        least=min(minutes),
        mean=sum(minutes) / len(minutes),
        refused=steady.count(False) / len(steady),
        low=_share(log, settled, LOW - SETTLED, third),
        found=next((float(s) for s in again), None),
        flushed=sum(not well for at, well in log if marks.flushed <= at < marks.end),
    )


def _share(log: Log, begin: float, seconds: float, ceiling: int) -> float:
    return _through(log, begin, begin + seconds) / seconds / ceiling


def _through(log: Log, begin: float, end: float) -> int:
    return sum(well for at, well in log if begin <= at < end)


def _say(rows: Sequence[Row]) -> None:
    print(
        "| ceiling | used, mean of every minute | poorest minute | answered 429 | of a third, from 5 s on |"
    )
    print("| --- | --- | --- | --- | --- |")
    for row in rows:
        print(
            f"| {row.door} | {row.mean:.1%} | {row.least:.1%} | {row.refused:.2%} | {row.low:.1%} "
            f"| {row.found} | {row.flushed} |"
        )
    print(json.dumps({row.door: row.__dict__ for row in rows}))


_LOGS: TypeAdapter[Mapping[str, list[tuple[float, bool]]]] = TypeAdapter(
    Mapping[str, list[tuple[float, bool]]]
)


if __name__ == "__main__":
    main()

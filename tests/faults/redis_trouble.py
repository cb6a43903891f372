"""Workers at work while Redis is flushed, killed, slow, silent, read-only and full.

`python -m tests.faults.redis_trouble [--away 60] [--json]` prints one line per trouble.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

from redis import Redis

from onboarder.converge.orders import open_stores
from onboarder.model.work import Lane
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder.redis_server import EmbeddedServer
from onboarder_workers.bell import RedisDoorbell, bell_redis
from onboarder_workers.process import at_work
from tests.faults.toxic import Line, Toxin, a_line
from tests.support.crew import Crew, a_crew, eventually, is_so, now
from tests.support.town import REHEARSAL, a_merchant

MERCHANTS, PRODUCTS = 4, 3


@dataclass(frozen=True)
class Result:
    """One trouble. `accepting` is the seconds an order took, `resumed` those until the next listing stood there."""

    trouble: str
    accepting: float
    resumed: float
    seconds: float
    duplicates: int
    lost: int


@dataclass
class Bench:
    """Workers in this process, their Redis, and the line to it."""

    crew: Crew
    server: EmbeddedServer
    line: Line
    away: float

    def command(self, *words: str) -> None:
        """Past the line, straight to the server."""
        with Redis.from_url(f"unix://{self.server.socket}") as redis:
            redis.execute_command(*words)


class Trouble(Protocol):
    """Makes the trouble; `_heal` ends it."""

    __name__: str

    async def __call__(self, bench: Bench) -> None: ...


async def flushed(bench: Bench) -> None:
    """FLUSHALL when about 10, 50 and 90 % of the listings stand there."""
    before = bench.crew.held()
    for share in (0.1, 0.5, 0.9):
        enough = before + int(share * MERCHANTS * PRODUCTS)
        await eventually(_stands(bench.crew, enough))
        bench.command("FLUSHALL")


async def killed(bench: Bench) -> None:
    """Gone for a while, then back and empty."""
    await asyncio.to_thread(bench.server.stop)
    await asyncio.sleep(bench.away)
    bench.server.start()


async def half_open(bench: Bench) -> None:
    bench.line.toxin = Toxin.HALF_OPEN


async def slow(bench: Bench) -> None:
    bench.line.toxin = Toxin.SLOW


async def reset(bench: Bench) -> None:
    bench.line.toxin = Toxin.RESET


async def read_only(bench: Bench) -> None:
    bench.command("REPLICAOF", "127.0.0.1", "1")


async def out_of_memory(bench: Bench) -> None:
    bench.command("CONFIG", "SET", "maxmemory", "1")


TROUBLES: Sequence[Trouble] = (flushed, killed, half_open, slow, reset, read_only, out_of_memory)


async def all_troubles(folder: Path, away: float) -> list[Result]:
    """Each trouble over merchants of its own, healed before the next begins."""
    firsts = count(0, MERCHANTS)
    async with _a_bench(folder, away) as bench:
        return [await _one(bench, one, next(firsts)) for one in TROUBLES]


async def _one(bench: Bench, trouble: Trouble, first: int) -> Result:
    crew, before = bench.crew, bench.crew.held()
    running = asyncio.ensure_future(trouble(bench))
    await asyncio.sleep(0)
    began = time.monotonic()
    stores = await crew.order(MERCHANTS, PRODUCTS, first=first)
    asked = time.monotonic()
    async with bell_redis(crew.settings) as redis:
        people = [a_merchant(one) for one in range(first, first + MERCHANTS)]
        receipt = await open_stores(
            crew.database, RedisDoorbell(redis), people, [REHEARSAL], by="lab", clock=now
        )
    accepting = time.monotonic() - asked
    await eventually(_stands(crew, before + 1))
    resumed = time.monotonic() - began
    await crew.done()
    await running
    _heal(bench)
    return Result(
        trouble=trouble.__name__.replace("_", " "),
        accepting=round(accepting, 2),
        resumed=round(resumed, 2),
        seconds=round(time.monotonic() - began, 2),
        duplicates=len(crew.doubles()),
        lost=before + len(stores) * PRODUCTS - crew.held() + len(stores) - len(receipt.accepted),
    )


def _heal(bench: Bench) -> None:
    bench.line.toxin = Toxin.NONE
    bench.command("REPLICAOF", "NO", "ONE")
    bench.command("CONFIG", "SET", "maxmemory", "256mb")


def _stands(crew: Crew, listings: int) -> Callable[[], Awaitable[bool]]:
    return lambda: is_so(crew.held() >= listings)


@asynccontextmanager
async def _a_bench(folder: Path, away: float) -> AsyncGenerator[Bench]:
    server = EmbeddedServer(folder / "redis")
    server.start()
    url = f"sqlite+aiosqlite:///{folder / 'onboarder.db'}"
    database = Database(url)
    await upgrade(database)
    await database.aclose()
    try:
        async with (
            a_line(server.socket, folder / "line.sock") as line,
            a_crew(folder, url, f"unix://{folder / 'line.sock'}") as crew,
            at_work(crew.settings, tuple(Lane)),
        ):
            yield Bench(crew, server, line, away)
    finally:
        server.stop()


def main() -> int:
    """Print the results; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--away", type=float, default=60)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        results = asyncio.run(all_troubles(Path(folder), chosen.away))
    print(json.dumps([asdict(one) for one in results]))  # noqa: T201  # the result itself
    kept = all(
        one.duplicates == one.lost == 0 and one.accepting <= 5 and one.resumed <= 10
        for one in results
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

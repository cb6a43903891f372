"""Workers at work while Redis is flushed, killed, slow, silent, read-only and full.

`python -m tests.faults.redis_trouble [--away 60] [--short]`. Orders go on while the trouble lasts. The same work is done
once undisturbed first: what it takes then, on this machine and at this hour, is not Redis's fault.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
from tests.faults.findings import Finding, tell
from tests.faults.toxic import Line, Toxin, a_line
from tests.support.crew import Crew, a_crew, eventually, is_so, now
from tests.support.town import REHEARSAL, a_merchant

MERCHANTS, PRODUCTS = 4, 3
ORDER_EVERY = 2.0
MOST_ACCEPTING = 5.0
"""Seconds that an order may take."""
MOST_RESUMED = 10.0
"""Seconds after which listings must come again."""


@dataclass(frozen=True)
class Result:
    """One trouble. `accepting` is the seconds the slowest order took, `resumed` those until its listings came, at most."""

    trouble: str
    orders: int
    accepting: float
    resumed: float
    seconds: float
    duplicates: int
    lost: int

    def against(self, calm: "Result") -> Finding:
        """The finding, measured by the same work undisturbed."""
        accepting, resumed = self.accepting - calm.accepting, self.resumed - calm.resumed
        whole = self.duplicates == self.lost == 0
        return Finding(
            scenario=f"Redis {self.trouble}",
            runs=1,
            seeds="-",
            duplicates=self.duplicates,
            lost=self.lost,
            stuck=0,
            seconds=self.seconds,
            kept=whole and accepting <= MOST_ACCEPTING and resumed <= MOST_RESUMED,
            note=(
                f"{self.orders} orders, the slowest took {self.accepting:.1f} s, the slowest listing came after "
                f"{self.resumed:.1f} s (undisturbed {calm.accepting:.1f} s and {calm.resumed:.1f} s)"
            ),
        )


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


async def calm(bench: Bench) -> None:
    """No trouble at all."""
    del bench


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


async def all_troubles(folder: Path, away: float) -> list[Finding]:
    """Each trouble over merchants of its own, healed before the next begins."""
    numbers = count()
    async with _a_bench(folder, away) as bench:
        yardstick = await _one(bench, calm, numbers)
        found = [await _one(bench, one, numbers) for one in TROUBLES]
    return [one.against(yardstick) for one in found]


async def _one(bench: Bench, trouble: Trouble, numbers: Iterator[int]) -> Result:
    crew, before, began = bench.crew, bench.crew.held(), time.monotonic()
    running = asyncio.ensure_future(trouble(bench))
    await asyncio.sleep(0)
    times = [await _order(crew, numbers, MERCHANTS, PRODUCTS)]
    goods = MERCHANTS * PRODUCTS
    while not running.done():
        times.append(await _order(crew, numbers, 1, 1))
        goods += 1
        await asyncio.wait([running], timeout=ORDER_EVERY)
    await running
    await crew.done()
    _heal(bench)
    return Result(
        trouble=trouble.__name__.replace("_", " "),
        orders=len(times),
        accepting=round(max(accepting for accepting, _ in times), 2),
        resumed=round(max(resumed for _, resumed in times), 2),
        seconds=round(time.monotonic() - began, 2),
        duplicates=len(crew.doubles()),
        lost=before + goods - crew.held(),
    )


async def _order(
    crew: Crew, numbers: Iterator[int], merchants: int, products: int
) -> tuple[float, float]:
    """An order as the API takes it; the seconds until it was accepted, and until its first listing stood there."""
    chosen = [next(numbers) for _ in range(merchants)]
    before, began = crew.held(), time.monotonic()
    await crew.order(merchants, products, first=chosen[0])
    asked = time.monotonic()
    async with bell_redis(crew.settings) as redis:
        people = [a_merchant(one) for one in chosen]
        receipt = await open_stores(
            crew.database, RedisDoorbell(redis), people, [REHEARSAL], by="lab", clock=now
        )
    accepting = time.monotonic() - asked
    assert len(receipt.accepted) == merchants
    await eventually(_stands(crew, before + 1))
    return accepting, time.monotonic() - began


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
    """Print what was found; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--away", type=float, default=60)
    parser.add_argument("--short", action="store_true")
    chosen = parser.parse_args()
    away = 5 if chosen.short else chosen.away
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        return tell(asyncio.run(all_troubles(Path(folder), away)))


if __name__ == "__main__":
    sys.exit(main())

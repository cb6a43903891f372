"""How much of a marketplace's ceiling two worker processes use. Told by the marketplace's own log."""

import asyncio
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import mean
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
from tools.bench.ceilings import OF_A_SHOP
from tools.bench.market import ROOT
from tools.bench.question import Question, Row, Size

WORKERS = 2
WAYS = {"fixed": "fixed windows", "bucket": "token bucket", "sliding": "sliding log"}
AT_ONCE = [[f"{counted}-{rate}" for counted in WAYS] for rate in (10, 50)]
"""Doors that are measured at the same time: 150 calls a second keep two idle processors busy for a quarter of the time."""
WARM, FLUSHED = 5, 21
"""Seconds: not looked at, and of a Redis that forgets."""
SETTLED = 5
"""Seconds within which a new ceiling must be found."""
FLUSH_EVERY = 7
PART = 3
FOUND, OVER = 0.9, 5
"""Share of a raised ceiling that counts as found again, and over how many seconds."""
USED, USED_OF_PART = 0.97, 0.95
REFUSED = {"fixed": 0.0, "bucket": 0.0, "sliding": 0.005}
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


def measure(size: Size) -> Sequence[Row]:
    rows = defaultdict[str, list[Row]](list)
    seconds = Seconds(size.of(75, 30), size.of(65, 25), size.of(90, 45))
    for _ in range(size.rounds):
        for doors in AT_ONCE:
            marks, heard, taken = _round(doors, seconds)
            for door in doors:
                for row in (*_rows(door, *heard[door], marks), _of_the_day(door, heard, taken)):
                    rows[row.what].append(row)
    return [_together(one) for one in rows.values()]


def _together(rows: Sequence[Row]) -> Row:
    """The same row of every round."""
    return rows[0].model_copy(update={"values": tuple(one.values[0] for one in rows)})


def _round(doors: Sequence[str], seconds: Seconds) -> tuple[Marks, Mapping[str, Heard], Taken]:
    with TemporaryDirectory(prefix="onboarder-budget-") as folder, ExitStack() as stack:
        server = EmbeddedServer(Path(folder))
        server.tend()
        wait_until(server.answers)
        stack.callback(server.stop)
        base_url = stack.enter_context(_marketplace())
        days = f"sqlite+aiosqlite:///{folder}/days.db"
        asyncio.run(_begin(days))
        began = OF_A_DAY.day(utc_now())
        marks = _run(base_url, f"unix://{server.socket}", days, doors, seconds)
        heard = _HEARD.validate_json(httpx.get(f"{base_url}/_log", timeout=60).content)
        return marks, heard, asyncio.run(_taken(days, doors, began))


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


def _run(base_url: str, redis_url: str, days: str, doors: Sequence[str], seconds: Seconds) -> Marks:
    whole = WARM + seconds.full + seconds.low + seconds.high + FLUSHED
    with ExitStack() as stack:
        for _ in range(WORKERS):
            stack.enter_context(_child("callers", base_url, redis_url, days, str(whole), *doors))
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
def _child(module: str, *arguments: str) -> Generator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", f"tools.bench.{module}", *arguments]
    with subprocess.Popen(command, cwd=ROOT) as process:
        yield process


def _rows(door: str, log: Log, of_shops: int, marks: Marks) -> list[Row]:
    counted, _, rate = door.partition("-")
    ceiling, third = int(rate), int(rate) // PART
    full = [well for at, well in log if marks.full <= at < marks.low]
    low = _used_on_average(log, marks.low + SETTLED, marks.high, third)
    name = f"{ceiling}/s, {WAYS[counted]}"
    return [
        Row(
            what=f"{name}: used",
            values=(_used_on_average(log, marks.full, marks.low, ceiling),),
            at_least=USED,
        ),
        Row(
            what=f"{name}: answered 429",
            values=(full.count(False) / len(full),),
            at_most=REFUSED[counted],
        ),
        Row(
            what=f"{name}: used of {third}/s from {SETTLED} s after the drop",
            values=(low,),
            at_least=USED_OF_PART,
        ),
        Row(
            what=f"{name}: raised ceiling found after",
            values=(_found(log, marks, ceiling),),
            unit="s",
        ),
        Row(
            what=f"{name}: 429s of a shop's own {OF_A_SHOP}/s, all the time",
            values=(float(of_shops),),
            unit="calls",
        ),
        Row(
            what=f"{name}: 429s while Redis forgets three times",
            values=(sum(not well for at, well in log if marks.flushed <= at < marks.end),),
            unit="calls",
        ),
    ]


def _of_the_day(door: str, heard: Mapping[str, Heard], taken: Taken) -> Row:
    """Never less is taken of the day's quota than is called; what is left of a block is taken for nothing."""
    counted, _, rate = door.partition("-")
    log, of_shops = heard[door]
    return Row(
        what=f"{rate}/s, {WAYS[counted]}: calls made that were not taken of the day's quota",
        unit="calls",
        values=(float(max(0, len(log) + of_shops - taken[door])),),
        at_most=0,
        note=f"{taken[door]:,} taken, {len(log) + of_shops:,} made",
    )


def _found(log: Log, marks: Marks, ceiling: int) -> float:
    """Seconds until a raised ceiling is used; all there were if it is not."""
    last = int(marks.flushed - marks.high) - OVER
    begins = (marks.high + second for second in range(last))
    used = (_used(log, begin, begin + OVER, ceiling) >= FOUND for begin in begins)
    return float(next((second for second, well in enumerate(used) if well), last))


def _used(log: Log, begin: float, end: float, ceiling: int) -> float:
    return sum(well for at, well in log if begin <= at < end) / (end - begin) / ceiling


def _used_on_average(log: Log, begin: float, end: float, ceiling: int) -> float:
    """Of all windows that are ten seconds shorter: where a wave more or less falls into one says nothing."""
    steps = [one / 10 for one in range(100)]
    return mean(_used(log, begin + one, end - 10 + one, ceiling) for one in steps)


QUESTION = Question(
    "How much of a ceiling is used",
    "Two processes with 40 callers each and endless work, behind doors that count calls a second at the end of a way "
    "with 60 ms of jitter: in fixed windows, by a token bucket, or of any second by itself. Each shop has a limit of its "
    f"own besides, {OF_A_SHOP} a second, and one shop has work for 16 callers; every call is taken of a day's quota in "
    "the database as well. The ceiling falls to a third "
    "and rises again; at the end Redis forgets everything, three times. Shares are of the ceiling of that time, told by "
    "the doors' own log.",
    measure,
    unmet="A strict sliding log of 10 a second at the end of a way with 60 ms of jitter: with more room between waves "
    "calls are left out, with less they are refused; the best on a virtual clock uses 0.969 and has 0.28 % refused "
    "([0029](decisions/0029-calls-in-waves-and-a-learned-ceiling.md)), and real processes are late by milliseconds "
    "besides.",
)

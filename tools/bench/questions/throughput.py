"""How many remote writes worker processes carry, each with its durable intent before and its outcome after."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.core.converge.samples import NOW
from tests.servers import postgres
from tests.servers.process import free_port
from tests.support.town import PROGRAMME, REHEARSAL, a_merchant, a_product

from onboarder.model.ids import PhotoHash
from onboarder.model.work import Lane
from onboarder.records import register, stores
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from tools.bench.market import ROOT
from tools.bench.processes import postgres_server
from tools.bench.question import Question, Row, Size

AT_ONCE = 200
LISTINGS = 25
"""Per store, each with a call of its own."""
PHOTO = PhotoHash("0" * 64)
"""One for all listings of a store, so that it is uploaded once."""
LEAST = {("SQLite", 1): 500.0, ("PostgreSQL", 1): 600.0}
"""Writes a second."""
LEAST_OF_TWO = 1.6
"""Times as many with two processes on two cores."""
Series = dict[tuple[str, str], list[float]]


def measure(size: Size) -> Sequence[Row]:
    series: Series = defaultdict(list)
    number = size.of(800, 200)
    with ExitStack() as stack:
        base = postgres_server(stack)
        for _ in range(size.rounds):
            for workers in (1, 2):
                with TemporaryDirectory() as folder:
                    url = f"sqlite+aiosqlite:///{folder}/onboarder.db"
                    _round(series, "SQLite", url, number, workers)
                if base is not None:
                    with postgres.fresh_database(base) as url:
                        _round(series, "PostgreSQL", postgres.async_url(url), number, workers)
            _compare(series)
    return [_row(what, unit, values) for (what, unit), values in sorted(series.items())]


def _round(series: Series, kind: str, url: str, number: int, workers: int) -> None:
    asyncio.run(_order(url, number))
    with slow_market() as market:
        command = [sys.executable, "-m", "tools.bench.writing", url, market, str(AT_ONCE)]
        began = [
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for _ in range(workers)
        ]
        found = [json.loads(one.communicate()[0]) for one in began]
        with urllib.request.urlopen(f"{market}/told") as answer:  # noqa: S310  # our own
            told = json.load(answer)
    if told["writes"] != number * (LISTINGS + 2):
        raise RuntimeError(f"{told['writes']} writes for {number} stores")
    name = _name(kind, workers)
    series[f"{name}: remote writes", "/s"].append(told["per_second"])
    series[f"{name}: CPU per remote write", "ms"].append(
        1000 * sum(one["cpu"] for one in found) / told["writes"]
    )
    series[f"{name}: lag of the event loop, p99", "ms"].append(max(one["lag"] for one in found))


def _compare(series: Series) -> None:
    for kind in ("SQLite", "PostgreSQL"):
        one, two = (series.get((f"{_name(kind, n)}: remote writes", "/s")) for n in (1, 2))
        if one and two:
            series[f"{kind}: two processes / one", ""].append(two[-1] / one[-1])


def _name(kind: str, workers: int) -> str:
    return f"{kind}, {workers} process{'es' if workers > 1 else ''}"


def _row(what: str, unit: str, values: Sequence[float]) -> Row:
    least = next(
        (most for (kind, n), most in LEAST.items() if what == f"{_name(kind, n)}: remote writes"),
        LEAST_OF_TWO if "two processes" in what else None,
    )
    return Row(what=what, unit=unit, values=tuple(values), at_least=least)


async def _order(url: str, number: int) -> None:
    database = Database(url)
    await upgrade(database)
    owners = [a_merchant(n) for n in range(number)]
    goods = [replace(a_product(one, n), photos=(PHOTO,)) for one in owners for n in range(LISTINGS)]
    async with database.write() as tx:
        await register.save_merchants(tx, owners, await register.merchants(tx, PROGRAMME.code), NOW)
        await register.save_products(tx, goods, await register.products(tx, PROGRAMME.code), NOW)
        pairs = [(one.id, REHEARSAL) for one in owners]
        await stores.trigger(tx, pairs, lane=Lane.NIGHT, by="bench", now=NOW)
    await database.aclose()


@contextmanager
def slow_market() -> Generator[str]:
    """Its address, once it answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tools.bench.slow_market", str(port)]
    with subprocess.Popen(command, cwd=Path(ROOT)) as process:
        try:
            _wait_for(f"{url}/told")
            yield url
        finally:
            process.terminate()


def _wait_for(url: str, *, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError):
            urllib.request.urlopen(url).close()  # noqa: S310  # our own
            return
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


QUESTION = Question(
    "How much one worker process carries",
    "A marketplace without limits answers every call after 200 ms; 200 stores are worked on at once, with a call for each "
    "listing. Counted are writes there: shops opened and set up, and listings created, each with its durable intent "
    "before and its outcome after. The marketplace and the databases run in processes of their own.",
    measure,
)

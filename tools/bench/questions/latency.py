"""How long a person at a stall waits: until the marketplace hears of their store, and for an answer of the API."""

import asyncio
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain, cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Literal

import httpx
from tests.faults.crowd import calls
from tests.faults.first_call import Order, first_call, heard_after
from tests.servers import postgres
from tests.support.crew import Crew, eventually, is_so, now
from tests.support.town import PROGRAMME, REHEARSAL, a_merchant

from onboarder.converge.orders import open_stores
from onboarder.model.people import Merchant
from onboarder.model.work import Lane
from onboarder.programmes import read_programme
from onboarder.records import register
from onboarder_workers.bell import RedisDoorbell, bell_redis
from tools.bench.lag import LAG, MOST_MS, percentile
from tools.bench.market import ROOT
from tools.bench.peers import stock_arq
from tools.bench.processes import postgres_server, redis_server
from tools.bench.question import Question, Row, Size
from tools.bench.stall import Stall, a_stall, lag_of, staffed

WORKERS = 2
AMPLE, SCARCE = 500.0, 20.0
"""Calls a second: so many that one order after the other meets no limit; so few that the night's lane is busy for hours."""
PRODUCTS = 2
IDLE_MS, API_MS, QUEUED_SECONDS = 30.0, 300.0, 5.0
ARQ, USE_CASE, PHONE = "stock arq alone", "the use case", "the phone's request"
STALL = 50_000
"""The number of the first merchant at the stall."""
PHONES = 25
"""As many as there are canvassers, all at it at once."""
Ask = Callable[[int], Awaitable[httpx.Response]]
Series = dict[tuple[str, str, float | None], list[float]]
"""Values by what they are, their unit and what they may be at most."""


def measure(size: Size) -> Sequence[Row]:
    series: Series = defaultdict(list)
    with ExitStack() as stack:
        base = postgres_server(stack)
        for _ in range(size.rounds):
            with TemporaryDirectory() as folder:
                url = f"sqlite+aiosqlite:///{folder}/onboarder.db"
                asyncio.run(_round(series, "SQLite", url, Path(folder), size))
            if base is not None:
                with postgres.fresh_database(base) as url, TemporaryDirectory() as folder:
                    here = postgres.async_url(url)
                    asyncio.run(_round(series, "PostgreSQL", here, Path(folder), size))
    return [
        Row(what=what, unit=unit, values=tuple(values), at_most=most)
        for (what, unit, most), values in series.items()
    ]


async def _round(series: Series, kind: str, url: str, folder: Path, size: Size) -> None:
    with ExitStack() as stack:
        redis = redis_server(stack)
        async with a_stall(folder, url, redis, per_second=AMPLE, workers=WORKERS) as stall:
            await _idle(series, kind, stall, redis, size)
            await staffed(stall.crew, SCARCE, WORKERS)
            await _fill_the_night(stall.crew, size.of(9_000, 3_000))
            await _queued(series, kind, stall, size)
            await _api(series, kind, stall, size)
            series[f"{kind}, a worker: {LAG}", "ms", MOST_MS].append(lag_of(stall.crew))


async def _idle(series: Series, kind: str, stall: Stall, redis: str, size: Size) -> None:
    opens = size.of(100, 30)
    found = {PHONE: await _opens(stall.crew, stall.order, range(20_000, 20_000 + opens))}
    async with _by_use_case(stall.crew) as order:
        found[USE_CASE] = await _opens(stall.crew, order, range(30_000, 30_000 + opens))
    async with stock_arq_at_work(stall.crew, redis) as order:
        people = [a_merchant(40_000 + n) for n in range(size.of(40, 10))]
        found[ARQ] = [await heard_after(stall.crew, one.id, partial(order, one)) for one in people]
    for way, seconds in found.items():
        most = None if way is ARQ else IDLE_MS
        name = f"beside {kind}: {way}" if way is ARQ else f"{kind}, idle: from {way}"
        _note(series, f"{name} to the first call", "ms", [1000 * one for one in seconds], most)
    ratio = percentile(found[PHONE], 0.95) / percentile(found[ARQ], 0.95)
    series[f"{kind}, idle, p95: ours from {PHONE} / {ARQ}", "", None].append(ratio)


async def _opens(crew: Crew, order: Order, numbers: Sequence[int]) -> list[float]:
    """Seconds for each, one after the other; the one before is done when the next begins."""
    found = list[float]()
    for number in numbers:
        await crew.done()
        found.append(await first_call(crew, number, order))
    await crew.done()
    return found


@asynccontextmanager
async def _by_use_case(crew: Crew) -> AsyncGenerator[Order]:
    async with bell_redis(crew.settings) as redis:
        bell = RedisDoorbell(redis)

        async def order(person: Merchant) -> None:
            await open_stores(crew.database, bell, [person], [REHEARSAL], by="bench", clock=now)

        yield order


@asynccontextmanager
async def stock_arq_at_work(crew: Crew, redis: str) -> AsyncGenerator[Order]:
    """What orders from it while it runs beside the crew, on the same Redis and the same marketplace."""
    with _stock_worker(redis, str(crew.marketplace.base_url)):
        pool = await stock_arq.queue(redis)

        async def order(person: Merchant) -> None:
            await pool.enqueue_job(stock_arq.look_for.__name__, person.id)

        first = a_merchant(39_999)  # until it has started
        await heard_after(crew, first.id, partial(order, first))
        yield order
        await pool.aclose()


@contextmanager
def _stock_worker(redis: str, marketplace: str) -> Generator[None]:
    command = [sys.executable, "-m", "tools.bench.peers.stock_arq", redis, marketplace]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as worker:
        try:
            yield
        finally:
            worker.terminate()


async def _fill_the_night(crew: Crew, number: int) -> None:
    """Merchants of all the programme's markets by turns, until the workers are busy with them."""
    await crew.order(number, PRODUCTS, lane=Lane.NIGHT)
    programme = read_programme(crew.settings.config_dir / "programmes", PROGRAMME.code)
    places = cycle(market.code for market in programme.markets)
    people = [replace(a_merchant(n), market=next(places)) for n in range(number)]
    async with crew.database.write() as tx:
        await register.save_merchants(tx, people, [one.id for one in people], now())
    before = len(calls(crew.marketplace))
    await eventually(lambda: is_so(len(calls(crew.marketplace)) > before + 2 * SCARCE))


async def _queued(series: Series, kind: str, stall: Stall, size: Size) -> None:
    numbers = range(STALL, STALL + size.of(50, 10))
    seconds = [await first_call(stall.crew, number, stall.order) for number in numbers]
    what = f"{kind}, the night's lane full: from {PHONE} to the first call"
    _note(series, what, "s", seconds, QUEUED_SECONDS)


async def _api(series: Series, kind: str, stall: Stall, size: Size) -> None:
    by_phone = {
        "GET /merchants": partial(_get, stall.canvasser, "/merchants"),
        "GET /merchants?q=…": partial(_get, stall.canvasser, "/merchants?q=Contoh 17{n}"),
        "GET /merchants/…": partial(_merchant, stall.canvasser),
        "GET /work": partial(_get, stall.canvasser, "/work"),
        "POST /merchants": partial(_register, stall.canvasser),
    }
    standing = {"GET /standing": partial(_get, stall.office, "/standing")}
    for what, ask in {**by_phone, **standing}.items():
        found = [await _timed(ask, number) for number in range(size.of(100, 30))]
        _note(series, f"{kind}, the night's lane full: {what}", "ms", found, API_MS)
    phones = [_phone([*by_phone.values()], one, size.of(20, 2)) for one in range(PHONES)]
    found = list(chain.from_iterable(await asyncio.gather(*phones)))
    what = f"{kind}, the night's lane full: any of these by {PHONES} phones"
    _note(series, what, "ms", found, API_MS)


async def _phone(asks: Sequence[Ask], phone: int, times: int) -> list[float]:
    """What one phone waits for whatever it asks, about a second after each answer."""
    random, found = Random(phone), list[float]()  # noqa: S311  # what it asks
    for turn in range(times):
        await asyncio.sleep(random.uniform(0.5, 1.5))
        found.append(await _timed(random.choice(asks), 1_000 * (phone + 1) + turn))
    return found


async def _timed(ask: Ask, number: int) -> float:
    """Milliseconds until the whole answer is there; raises for a refusal."""
    began = time.perf_counter()
    answer = await ask(number)
    took = 1000 * (time.perf_counter() - began)
    answer.raise_for_status()
    return took


async def _get(client: httpx.AsyncClient, path: str, number: int) -> httpx.Response:
    return await client.get(path.format(n=number % 90 + 10))


async def _merchant(client: httpx.AsyncClient, number: int) -> httpx.Response:
    """One whom the phone's order put there: of the canvasser's own market."""
    return await client.get(f"/merchants/{a_merchant(STALL + number % 10).id}")


async def _register(client: httpx.AsyncClient, number: int) -> httpx.Response:
    body: Mapping[str, str] = {
        "id": _ulid(number),
        "market": a_merchant(0).market,
        "name": f"Contoh Baru {number}",
        "phone": f"+62812000{number:05}",
    }
    key = {"Idempotency-Key": _ulid(10_000 + number)}
    return await client.post("/merchants", json=body, headers=key)


def _ulid(number: int) -> str:
    return f"01J{number:023}"


def _note(
    series: Series, what: str, unit: Literal["ms", "s"], values: Sequence[float], most: float | None
) -> None:
    """The middle and the p95 of a round; the goal is for the latter."""
    series[f"{what}, p50", unit, None].append(percentile(values, 0.5))
    series[f"{what}, p95", unit, most].append(percentile(values, 0.95))


QUESTION = Question(
    "How long a person at a stall waits",
    "Real processes: two workers, `onboarder serve`, the practice marketplace, Redis, the database; settings as shipped. "
    "The marketplace's own log says when the first call about a new store came, counted from the phone's request to the "
    "API, or from the use case behind it called in a process that already runs. Nothing else is on when each is ordered, "
    "and the budget is ample; then 9,000 merchants of all the programme's markets wait in the night's lane and are being "
    "worked on with a budget of 20 calls a second. Beside it arq alone with all its defaults, whose job makes that call "
    "and nothing else. Requests to the API go one after the other under that load, and then those of a canvasser from 25 "
    "phones that each ask again about a second after an answer.",
    measure,
    unmet="Absolute times, which follow the machine: when an empty Python began in 10.4 ms it was 27 and 29 ms from the "
    "phone's request, and 33 and 36 ms in an hour in which it took 13.3 (2026-11-30).",
)

"""A campaign on a virtual clock, measured from inside: `python -m tools.bench.campaign_run MERCHANTS calm|troubled`.

One worker's real sweep, passes, engine and database; three practice marketplaces in the same process, each with its own
budget, latency and misfortunes. Prints JSON. What runs in threads takes no virtual time (`tests/faults/virtual.py`).
"""

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import structlog
from sqlalchemy import func, select
from tests.faults.virtual import VirtualDatabase, VirtualLoop, in_threads, run
from tests.support.town import Town, a_merchant, a_product, a_town

from onboarder.connector.budget import LocalBudget
from onboarder.connector.contract import Equipment
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.converge.loop import converge
from onboarder.converge.surroundings import Marketplace
from onboarder.model.ids import MarketplaceName, PhotoHash
from onboarder.model.work import Lane
from onboarder.records import register, stores, tables
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server.app import create_app
from onboarder_rehearsal.server.dials import Dial, Fault
from onboarder_rehearsal.server.rules import Rules
from onboarder_workers.duties import repeat
from onboarder_workers.passes import Passes
from onboarder_workers.process import bearable
from onboarder_workers.sweep import Sweep
from onboarder_workers.watch import resident

RATES = {"pasar-a": 50.0, "pasar-b": 20.0, "pasar-c": 10.0}
"""Calls a second that each marketplace allows."""
PRODUCTS, PHOTOS = 10, 3
CALLS = 36
"""About so many calls a merchant needs at one marketplace."""
LATENCY = 0.2
SLOTS = 40
"""Stores under way: enough for 80 calls a second that take a fifth of a second and wait for their turn."""
LOOK_SECONDS = 5.0
SWEEP_SECONDS = 1.0
LONGEST = timedelta(days=4)
LOST = 0.02
"""Share of the writes whose answers are lost after the work was done."""
LIMITED_EVERY, LIMITED_FOR = 100.0, 2.0
"""Once in so many seconds of full work a call is told to wait so many; then all of them wait."""
OUTAGE_AFTER, OUTAGE = 0.3, 60.0
"""Each marketplace fails once for so many seconds, after this share of the time that its calls need."""
BASE = "http://127.0.0.1:8790"
FAKES = tuple(PhotoHash(f"{n:064x}") for n in range(PRODUCTS * PHOTOS))
"""As many photos as a merchant's products have; read by nobody but the town's `OnePhoto`."""
KEPT = 200
"""Merchants put on record per transaction."""


@dataclass(slots=True)
class Told:
    """What one marketplace saw. `last` is the second of its last call, virtual in this module."""

    rate: float
    calls: int = 0
    last: float = 0.0
    stores: int = 0
    listings: int = 0
    doubles: int = 0
    lost: int = 0
    """Calls whose answers it lost."""
    withheld: float = 0.0
    """Seconds for which it told everybody to wait."""


@dataclass(frozen=True, slots=True)
class Campaign:
    merchants: int
    pace: float
    """Share of a marketplace's rate that dictates the time: here what its budget uses if nobody waits for anything else."""
    before: int
    peak: int
    told: dict[str, Told] = field(default_factory=dict[str, Told])
    growth: int = 0
    """Bytes by which a worker's greatest size in the second half exceeds that of the first; only in real time."""
    lag_ms: float = 0.0
    """Of the worst worker's loop; only in real time."""


class Distant(httpx.AsyncBaseTransport):
    """The marketplace in this process, some way off; counts calls."""

    def __init__(self, inner: httpx.AsyncBaseTransport, told: Told) -> None:
        self._inner = inner
        self._told = told

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        loop = asyncio.get_running_loop()
        self._told.calls += 1
        self._told.last = loop.time()
        await asyncio.sleep(LATENCY)
        return await self._inner.handle_async_request(request)


async def campaign(folder: Path, merchants: int, *, troubled: bool) -> Campaign:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)  # for the type checker
    told = {name: Told(rate) for name, rate in RATES.items()}
    async with _a_city(folder, told) as (town, controls), _sampled() as sizes:
        loop.heard = lambda seconds: town.clock.pass_by(timedelta(seconds=seconds))
        pace = await _pace()
        await order(town.database, merchants, FAKES, lane=Lane.STALL, now=town.clock())
        began = loop.time()
        troubles = [
            asyncio.create_task(
                trouble(controls[name], one.rate, calm_for(merchants, one.rate), OUTAGE)
            )
            for name, one in told.items()
            if troubled
        ]
        await _work_off(town)
        await asyncio.gather(*troubles)
        for name, one in told.items():
            one.last -= began
            await account(controls[name], one)
        return Campaign(merchants, pace, sizes[0], max(sizes), told)


@asynccontextmanager
async def _a_city(
    folder: Path, told: dict[str, Told]
) -> AsyncGenerator[tuple[Town, dict[str, httpx.AsyncClient]]]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'city.db'}")
    with in_threads():
        await upgrade(database)
    async with AsyncExitStack() as stack:
        town = await stack.enter_async_context(a_town(VirtualDatabase(database)))
        controls: dict[str, httpx.AsyncClient] = {}
        places: dict[MarketplaceName, Marketplace] = {}
        for name, one in told.items():
            rules = Rules(token_seconds=1e9)
            app = httpx.ASGITransport(app=create_app(None, clock=town.clock.seconds, rules=rules))
            client = httpx.AsyncClient(transport=app, base_url=BASE)
            controls[name] = await stack.enter_async_context(client)
            places[MarketplaceName(name)] = _place(town, MarketplaceName(name), one, app, stack)
        town.around = replace(town.around, marketplaces=places, random=Random(7))  # noqa: S311  # the same every time
        yield town, controls
    await database.aclose()


def _place(
    town: Town,
    name: MarketplaceName,
    told: Told,
    app: httpx.AsyncBaseTransport,
    stack: AsyncExitStack,
) -> Marketplace:
    budget = LocalBudget(told.rate, clock=asyncio.get_running_loop().time)
    client = open_client(BASE, transport=Distant(app, told))
    http = MarketplaceHttp(client, budget, marketplace=name, clock=town.clock)
    stack.push_async_callback(http.aclose)
    equipment = Equipment(http, town.clock, town.around.vault.derive)
    connector = RehearsalConnector({}, equipment)
    return Marketplace(name, connector, {"food-crackers": "1010"}, per_second=told.rate)


async def _pace() -> float:
    """What a budget of 100/s gives to somebody who always wants more, as a share of it."""
    loop, budget = (
        asyncio.get_running_loop(),
        LocalBudget(100, clock=asyncio.get_running_loop().time),
    )
    began = loop.time()
    for _ in range(1001):
        await budget.acquire("pace")
    return 1000 / (loop.time() - began) / 100


async def order(
    database: Database, merchants: int, photos: Sequence[PhotoHash], *, lane: Lane, now: datetime
) -> None:
    """Put merchants with products, to whom the photos are dealt out, on record and order them at all marketplaces."""
    for start in range(0, merchants, KEPT):
        people = [a_merchant(n) for n in range(start, min(merchants, start + KEPT))]
        goods = [
            replace(a_product(one, n), photos=tuple(photos[n * PHOTOS : (n + 1) * PHOTOS]))
            for one in people
            for n in range(PRODUCTS)
        ]
        pairs = [(one.id, MarketplaceName(name)) for one in people for name in RATES]
        async with database.write() as tx:
            await register.save_merchants(tx, people, (), now)
            await register.save_products(tx, goods, (), now)
            await stores.trigger(tx, pairs, lane=lane, by="bench", now=now)


def calm_for(merchants: int, rate: float) -> float:
    """Seconds from the first call to the outage."""
    return OUTAGE_AFTER * merchants * CALLS / rate


async def trouble(control: httpx.AsyncClient, rate: float, calm: float, outage: float) -> None:
    """Answers get lost and calls are told to wait all the time; after `calm` seconds nothing is answered for `outage`."""
    usual = [
        Dial(fault=Fault.LOST_AFTER, method="POST", probability=LOST),
        Dial(fault=Fault.LIMITED, probability=1 / LIMITED_EVERY / rate, seconds=LIMITED_FOR),
    ]
    await _dial(control, *usual)
    await asyncio.sleep(calm)
    await _dial(control, Dial(fault=Fault.UNAVAILABLE))
    await asyncio.sleep(outage)
    await control.delete("/_control/dials")
    await _dial(control, *usual)


async def _dial(control: httpx.AsyncClient, *dials: Dial) -> None:
    body = [one.model_dump(mode="json", exclude_none=True) for one in dials]
    (await control.post("/_control/dials", json=body)).raise_for_status()


async def _work_off(town: Town) -> None:
    """One worker's sweep and passes, until nothing is due within days."""
    around = town.around
    passes = Passes(
        lambda store: converge(around, store, owner="worker"),
        {Lane.STALL: SLOTS, Lane.NIGHT: SLOTS},
        bearable=bearable(around),
    )
    stop = asyncio.Event()
    sweeps = [
        Sweep(around, passes, lane, name, SWEEP_SECONDS)
        for lane in Lane
        for name in around.marketplaces
    ]
    sweeping = [asyncio.create_task(repeat("sweep", one.once, stop)) for one in sweeps]
    end = town.clock() + LONGEST
    while not await is_quiet(around.database):
        if town.clock() > end:
            raise TimeoutError("the campaign does not end")
        await asyncio.sleep(LOOK_SECONDS)
    stop.set()
    await passes.drain(60)
    await asyncio.gather(*sweeping)


async def is_quiet(database: Database) -> bool:
    """Whether no store is due, now or later."""
    query = select(func.count()).where(tables.store.c.due_at.is_not(None))
    async with database.read() as tx:
        return not await tx.scalar(query)


async def account(control: httpx.AsyncClient, told: Told) -> None:
    """What the marketplace holds and what it did to calls, by its own account."""
    held = (await control.get("/_control/account?brief=1")).raise_for_status().json()
    told.stores, told.listings = held["totals"]["stores"], held["totals"]["listings"]
    told.doubles = len(held["duplicate_stores"]) + len(held["duplicate_listings"])
    told.lost = held["faults"].get(Fault.LOST_AFTER, 0)
    told.withheld = LIMITED_FOR * held["faults"].get(Fault.LIMITED, 0)


@asynccontextmanager
async def _sampled() -> AsyncGenerator[list[int]]:
    """Sizes of this process, the marketplaces in it included."""
    sizes = [resident()]

    async def sample() -> None:
        while True:
            await asyncio.sleep(10 * LOOK_SECONDS)
            sizes.append(resident())

    sampling = asyncio.create_task(sample())
    try:
        yield sizes
    finally:
        sampling.cancel()


if __name__ == "__main__":
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
    )
    with tempfile.TemporaryDirectory(prefix="onboarder-bench-") as where:
        found = run(campaign(Path(where), int(sys.argv[1]), troubled=sys.argv[2] == "troubled"))
    json.dump(asdict(found), sys.stdout)

"""The campaign in real time: worker processes, three practice marketplaces that enforce their rates themselves, a database
and a Redis, all processes of their own. Times are told by the marketplaces' logs, sizes by the system.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import httpx
from tests.faults.crowd import allow, calls
from tests.servers import postgres
from tests.support.crew import Crew, a_crew, eventually, now

from onboarder.model.ids import MarketplaceName
from onboarder.model.work import Lane
from tools.bench.campaign_run import (
    OUTAGE,
    PHOTOS,
    PRODUCTS,
    RATES,
    SLOTS,
    Campaign,
    Told,
    account,
    calm_for,
    is_quiet,
    order,
    trouble,
)
from tools.bench.processes import postgres_server, redis_server
from tools.bench.stall import PRODUCTION, hire, lag_of, migrate

NAMES = [MarketplaceName(one) for one in RATES]
WORKERS = 2
LOOK_SECONDS = 1.0
PATIENCE = 3600.0
"""Seconds after which a campaign that does not end is given up."""
KILOBYTE = 1 << 10
OF = 2_000
"""Merchants of the long campaign, which the shorter one's outage is in proportion to."""
Controls = Mapping[str, httpx.AsyncClient]


def outage(merchants: int) -> float:
    """Seconds for which each marketplace fails once in a campaign of so many."""
    return OUTAGE * merchants / OF


def campaign(merchants: int, *, troubled: bool = True) -> Campaign:
    """Each marketplace's `last` counts from its own first call; its rate alone dictates the time."""
    with TemporaryDirectory(prefix="onboarder-bench-") as folder, ExitStack() as stack:
        url = _database(Path(folder), stack)
        return asyncio.run(
            _campaign(Path(folder), url, redis_server(stack), merchants, troubled=troubled)
        )


def _database(folder: Path, stack: ExitStack) -> str:
    base = postgres_server(stack)
    if base is None:
        return f"sqlite+aiosqlite:///{folder}/onboarder.db"
    return postgres.async_url(stack.enter_context(postgres.fresh_database(base)))


async def _campaign(
    folder: Path, url: str, redis: str, merchants: int, *, troubled: bool
) -> Campaign:
    await migrate(url)
    changes = {**PRODUCTION, "night_jobs": SLOTS // WORKERS}
    async with a_crew(folder, url, redis, NAMES, **changes) as crew, _controls(crew) as controls:
        await _open(crew, controls)
        sizes = await _work_off(crew, controls if troubled else {}, merchants)
        told = {str(name): await _told(crew, controls, name) for name in NAMES}
        peak = max(_bytes(one.pid, "VmHWM") for one in crew.workers)
        return Campaign(merchants, 1, 0, peak, told, growth(sizes), lag_of(crew))


@asynccontextmanager
async def _controls(crew: Crew) -> AsyncGenerator[Controls]:
    """To the marketplaces without holding up whoever watches the others."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                httpx.AsyncClient(base_url=one.base_url, trust_env=False)
            )
            for name, one in crew.marketplaces.items()
        }


async def _open(crew: Crew, controls: Controls) -> None:
    """The marketplaces enforce their rates, and workers are there who know them."""
    for name, rate in zip(NAMES, RATES.values(), strict=True):
        rules = {"app_per_second": rate, "counted": "bucket"}
        (await controls[name].patch("/_control/rules", json=rules)).raise_for_status()
        allow(crew, rate, name=name)
    await hire(crew, WORKERS)


async def _work_off(crew: Crew, disturbed: Controls, merchants: int) -> list[list[int]]:
    """Order everything and wait until no store is due any more; returns each worker's sizes meanwhile."""
    sizes = [list[int]() for _ in crew.workers]
    photos = [crew.photo(n) for n in range(PRODUCTS * PHOTOS)]
    await order(crew.database, merchants, photos, lane=Lane.NIGHT, now=now())
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        for name, control in disturbed.items():
            group.create_task(_disturb(control, RATES[name], merchants))
        while not await is_quiet(crew.database):  # they work in other processes
            for worker, one in zip(crew.workers, sizes, strict=True):
                one.append(_bytes(worker.pid, "VmRSS"))
            await asyncio.sleep(LOOK_SECONDS)
    return sizes


def growth(sizes: Sequence[Sequence[int]]) -> int:
    """By how much the second half's greatest size exceeds the first half's, of the worker that grew most."""
    halves = [(one[: len(one) // 2], one[len(one) // 2 :]) for one in sizes if len(one) > 1]
    return max((max(late) - max(early) for early, late in halves), default=0)


async def _disturb(control: httpx.AsyncClient, rate: float, merchants: int) -> None:
    """From the first call on."""

    async def is_called() -> bool:
        log = await control.get("/_control/log", params={"limit": 1})
        return bool(log.raise_for_status().json())

    await eventually(is_called)
    await trouble(control, rate, calm_for(merchants, rate), outage(merchants))


async def _told(crew: Crew, controls: Controls, name: MarketplaceName) -> Told:
    log = calls(crew.marketplaces[name])
    told = Told(RATES[name], calls=len(log), last=log[-1].at - log[0].at)
    await account(controls[name], told)
    return told


def _bytes(pid: int, what: Literal["VmHWM", "VmRSS"]) -> int:
    """Memory of the process: the most that it ever had, or what it has."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    size = next(one for one in lines if one.startswith(f"{what}:"))
    return int(size.split()[1]) * KILOBYTE

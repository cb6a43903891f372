"""A worker process that has nothing to do but calls.

`python -m tools.bench.callers BASE_URL REDIS_URL DATABASE_URL SECONDS DOOR…` prints the p99 of its loop's lag.

Every caller works for a shop of its own, but a few of each process, who work for one and the same and would call for it
more often than it may.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from random import Random

from redis.asyncio import Redis

from onboarder.application import utc_now
from onboarder.connector.budget import in_lane
from onboarder.connector.budget_shared import SharedBudget
from onboarder.connector.daily import DailyBudget
from onboarder.connector.errors import MarketplaceError, RateLimited
from onboarder.connector.http import Effect, MarketplaceHttp, Request, open_client
from onboarder.connector.manifest import Quotas
from onboarder.event_loop import run
from onboarder.logging import configure_logging
from onboarder.model.work import Lane
from onboarder.records.database import Database
from onboarder.records.quotas import RecordedDays
from tools.bench.ceilings import OF_A_SHOP, SHOP, WHOSE
from tools.bench.lag import lag_watched

AT_ONCE = 40
"""Stores at once: a worker's places in its two lanes."""
BUSY = 8
"""Callers of a process who work for the busy shop."""
OF_A_DAY = Quotas(calls_a_day=1_000_000)
"""Of each door: as many as it could never be asked for, but every call is taken from it."""
PARKED = 1.0
"""Seconds by which refused work comes back later than it was told, at most: as the loop does it."""


async def call(http: MarketplaceHttp, door: str, shop: str, random: Random) -> None:
    """One call after the other, for ever."""
    request = Request(
        "GET",
        f"/{door}",
        "/door",
        Effect.READ,
        headers={SHOP: shop},
        limited_scope=lambda answer: answer.headers[WHOSE],
    )
    while True:
        try:
            with in_lane(Lane.NIGHT, shop):
                await http.send(request)
        except RateLimited as limited:
            await asyncio.sleep(limited.retry_after.total_seconds() + PARKED * random.random())
        except MarketplaceError:
            await asyncio.sleep(PARKED * random.random())


def budget(redis: "Redis", database: Database, door: str) -> DailyBudget:
    """All that a marketplace may grant at once: calls a second of the app and of each shop, and calls a day."""
    shared = SharedBudget(redis, door, float(door.partition("-")[2]), per_store=OF_A_SHOP)
    return DailyBudget(shared, RecordedDays(database), door, OF_A_DAY, utc_now)


async def main(
    base_url: str, redis_url: str, database_url: str, seconds: float, doors: Sequence[str]
) -> float:
    """The p99 of the loop's lag while the callers were at work."""
    redis, database = Redis.from_url(redis_url), Database(database_url)
    random = Random()  # noqa: S311  # jitter
    opened = [
        MarketplaceHttp(
            open_client(base_url, connections=2 * AT_ONCE),
            budget(redis, database, door),
            marketplace=door,
        )
        for door in doors
    ]
    tasks = [
        asyncio.ensure_future(call(http, door, _shop(number), random))
        for http, door in zip(opened, doors, strict=True)
        for number in range(AT_ONCE)
    ]
    async with lag_watched() as lag:
        await asyncio.wait(tasks, timeout=seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for http in opened:
        await http.aclose()
    await redis.aclose()
    await database.aclose()
    return lag.p99


def _shop(number: int) -> str:
    return "busy" if number < BUSY else f"{os.getpid()}-{number}"


if __name__ == "__main__":
    configure_logging(json=True)
    base_url, redis_url, database_url, seconds, *doors = sys.argv[1:]
    lagged = run(main(base_url, redis_url, database_url, float(seconds), doors))
    json.dump(lagged, sys.stdout)

"""arq, a job per listing: `python -m tools.bench.peers.on_arq` works, `… fill` fills the queue."""

import asyncio
import sys
from collections.abc import Sequence
from typing import TypedDict, cast

from arq import create_pool
from arq.connections import RedisSettings
from arq.typing import StartupShutdown, WorkerCoroutine
from arq.worker import Worker

from tools.bench.peers.plain import AT_ONCE, Item, Places, Plain, item

PLAIN = "plain"
"""What jobs find in arq's context."""
POLL_SECONDS = 0.05
Context = dict[object, object]


class Options(TypedDict):
    """What is set of arq's worker."""

    functions: Sequence[WorkerCoroutine]
    redis_settings: RedisSettings
    on_startup: StartupShutdown
    max_jobs: int
    poll_delay: float
    keep_result: float
    log_results: bool


async def put_up(ctx: Context, listing: Item) -> None:
    await cast("Plain", ctx[PLAIN]).put_up(listing)


async def startup(ctx: Context) -> None:
    ctx[PLAIN] = Plain(Places.read())


async def fill(places: Places) -> None:
    pool = await create_pool(RedisSettings.from_dsn(places.redis))
    for one in range(places.number):
        await pool.enqueue_job(put_up.__name__, item(one))
    await pool.aclose()


def options(redis: str) -> Options:
    """What its manual advises for short jobs and many at once: a short poll delay, no results."""
    return Options(
        functions=[cast("WorkerCoroutine", put_up)],
        redis_settings=RedisSettings.from_dsn(redis),
        on_startup=cast("StartupShutdown", startup),
        max_jobs=AT_ONCE,
        poll_delay=POLL_SECONDS,
        keep_result=0,
        log_results=False,
    )


if __name__ == "__main__":
    where = Places.read()
    if "fill" in sys.argv:
        asyncio.run(fill(where))
    else:
        Worker(**options(where.redis)).run()

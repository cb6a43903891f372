"""arq with every default, its job the first call about a store: `python -m tools.bench.peers.stock_arq REDIS URL`."""

import sys
from typing import cast

import httpx
from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from arq.typing import StartupShutdown, WorkerCoroutine
from arq.worker import Worker

CLIENT = "client"
KEY = {"Authorization": "Partner stock-arq-practice"}
Context = dict[object, object]


async def look_for(ctx: Context, reference: str) -> None:
    """Ask the marketplace whether it knows the store."""
    client = cast("httpx.AsyncClient", ctx[CLIENT])
    query = {"external_key": reference}
    (await client.get("/v1/sellers", params=query, headers=KEY)).raise_for_status()


async def queue(redis: str) -> ArqRedis:
    return await create_pool(RedisSettings.from_dsn(redis))


def work(redis: str, marketplace: str) -> None:
    async def startup(ctx: Context) -> None:  # as arq wants it
        ctx[CLIENT] = httpx.AsyncClient(base_url=marketplace, trust_env=False)

    Worker(
        [cast("WorkerCoroutine", look_for)],
        redis_settings=RedisSettings.from_dsn(redis),
        on_startup=cast("StartupShutdown", startup),
    ).run()


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2])

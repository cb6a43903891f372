"""For those who know arq: `arq onboarder_workers.settings.WorkerSettings` runs a whole worker process.

arq itself answers the rings of the stall's lane; the night's lane, the sweep, the schedule and the rest run beside it, with
the same settings as for `onboarder worker`. One difference: it ends when Redis goes away, as arq does, so something must
start it again; `onboarder worker` stays and goes on working without Redis.
"""

import sys
from contextlib import AsyncExitStack

from arq.connections import ArqRedis
from arq.typing import StartupShutdown

from onboarder.logging import configure_logging
from onboarder.model.work import Lane
from onboarder.redis_server import EmbeddedServer
from onboarder.settings import Settings
from onboarder_workers.bell import PASSES, WorkerOptions, bell_client, worker_options
from onboarder_workers.process import DRAIN_SECONDS, at_work


class ArqSettings(WorkerOptions):
    """What arq's command line reads."""

    on_startup: StartupShutdown
    on_shutdown: StartupShutdown
    job_completion_wait: int


def __getattr__(name: str) -> ArqSettings:
    """`WorkerSettings`, made when asked for: importing this module reads no configuration and starts nothing."""
    if name == "WorkerSettings":
        return worker_settings(Settings())
    raise AttributeError(name)


def worker_settings(settings: Settings) -> ArqSettings:
    """A worker for arq's own command line. Starts the embedded server if these settings need one."""
    stack = AsyncExitStack()
    if settings.redis_url is None:
        server = EmbeddedServer(settings.data_dir)
        server.start()  # arq speaks to Redis before it calls on_startup
        stack.callback(server.stop)
    redis: ArqRedis = bell_client(settings)

    async def on_startup(ctx: dict[str, object]) -> None:
        configure_logging(json=not sys.stderr.isatty())
        ctx[PASSES] = await stack.enter_async_context(
            at_work(settings, tuple(Lane), rung=[Lane.NIGHT])
        )

    async def on_shutdown(ctx: dict[str, object]) -> None:
        del ctx
        await stack.aclose()

    return ArqSettings(
        **worker_options(redis, Lane.STALL),
        on_startup=on_startup,
        on_shutdown=on_shutdown,
        job_completion_wait=int(DRAIN_SECONDS),
    )

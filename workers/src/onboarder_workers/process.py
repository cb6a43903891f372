"""One worker process: answers rings, sweeps, keeps the night, shows that it lives, and drains when told to stop."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from onboarder.application import Application, open_application
from onboarder.converge.loop import converge
from onboarder.model.work import Lane
from onboarder.records import presence
from onboarder.redis_server import connect, needed
from onboarder.settings import Settings
from onboarder_workers.bell import answer_rings
from onboarder_workers.nights import Nights
from onboarder_workers.passes import Passes
from onboarder_workers.sweep import Sweep

log = structlog.get_logger()

DRAIN_SECONDS = 30.0
"""How long passes under way may take to end after the first signal."""


async def work(settings: Settings, lanes: Sequence[Lane]) -> int:
    """Work until SIGTERM or SIGINT, then drain; a second signal ends the process at once. Returns the exit code."""
    stop = _stop_signal()
    async with at_work(settings, lanes) as passes:
        await stop.wait()
        log.info("worker.draining")
    log.info("worker.ended", passes=passes.begun)
    return 0


@asynccontextmanager
async def at_work(
    settings: Settings, lanes: Sequence[Lane], *, rung: Sequence[Lane] | None = None
) -> AsyncGenerator[Passes]:
    """A worker in this event loop while the block runs; drains at the end.

    `rung` are the lanes whose rings it answers itself, by default all of its lanes.
    """
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_application(settings))
        await stack.enter_async_context(needed(settings))
        redis = await stack.enter_async_context(connect(settings))
        around = await stack.enter_async_context(app.surroundings(redis))
        passes = Passes(
            lambda store: converge(around, store, owner=app.name), _slots(settings, lanes)
        )
        stack.push_async_callback(_leave, app, passes)
        duties = [
            *(answer_rings(settings, lane, passes) for lane in (lanes if rung is None else rung)),
            *(Sweep(around, passes, lane, settings.sweep_seconds).forever() for lane in lanes),
            Nights(app).forever(),
            _show_presence(app),
        ]
        log.info("worker.started", worker=app.name, lanes=list(lanes))
        tasks = [asyncio.create_task(duty) for duty in duties]
        stack.push_async_callback(_end, tasks)
        yield passes


def _slots(settings: Settings, lanes: Sequence[Lane]) -> dict[Lane, int]:
    known = {Lane.STALL: settings.stall_jobs, Lane.NIGHT: settings.night_jobs}
    return {lane: known[lane] for lane in lanes}


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Take no more work."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def _leave(app: Application, passes: Passes) -> None:
    """Let passes end, hand back what had to be cut off, and take our name off the list."""
    await passes.drain(DRAIN_SECONDS)
    async with app.database.write() as tx:
        await presence.hand_back(tx, app.name)
        await presence.gone(tx, app.name)


async def _show_presence(app: Application) -> None:
    while True:
        try:
            async with app.database.write() as tx:
                await presence.seen(tx, app.name, started_at=app.started_at, now=app.clock())
        except Exception:
            log.exception("presence.failed")
        await asyncio.sleep(presence.RENEW_EVERY.total_seconds())


def _stop_signal() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second ends the process there and then."""
    stop = asyncio.Event()

    def told(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told, number)
    return stop

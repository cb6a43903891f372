"""One worker process: answers rings, sweeps, keeps the night, shows that it lives, and drains when told to stop."""

import asyncio
import math
import os
import signal
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from onboarder.application import Application, open_application
from onboarder.converge.glance import Glances
from onboarder.converge.loop import converge
from onboarder.converge.surroundings import Marketplace, Surroundings
from onboarder.model.ids import MarketplaceName
from onboarder.model.work import Lane
from onboarder.queue import RESTART
from onboarder.records import presence
from onboarder.redis_server import connect, needed
from onboarder.settings import Settings
from onboarder_workers.bell import answer_rings
from onboarder_workers.duties import Duty, repeat, unhurried
from onboarder_workers.nights import Nights, glance
from onboarder_workers.passes import SLOW, Passes
from onboarder_workers.sweep import Sweep
from onboarder_workers.tidying import TIDY_AFTER, tidy
from onboarder_workers.watch import MEGABYTE, Limits, Watch, bound_memory, resident

log = structlog.get_logger()

DRAIN_SECONDS = 30.0
"""How long passes under way may take to end after the first signal."""
FILLED, FEWEST = 0.75, 4
"""Passes per call a second that a marketplace allows, and at least. With as many slow ones beside them they keep its budget
filled, and wait for their turns less long than a night's call may: a store is then done in one go."""
GLANCES = 2
"""Glances for each pass: they only call, so that more of them are needed to keep a budget filled."""


async def work(settings: Settings, lanes: Sequence[Lane]) -> int:
    """Work until SIGTERM or SIGINT, then drain; a second signal ends the process at once.

    Returns the exit code: `RESTART` if the process had become too large. A blocked one ends with it by itself.
    """
    bound_memory(settings.worker_memory_mb)
    stop, outgrown = _stop_signal(), asyncio.Event()
    watch = _watch(settings, outgrown)
    with watch.kept():
        async with at_work(settings, lanes) as passes:
            watch.under_way = passes.stores
            await _either(stop, outgrown)
            passes.suspected = outgrown.is_set()
            log.info("worker.draining")
    log.info("worker.ended", passes=passes.begun)
    return RESTART if outgrown.is_set() else 0


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
            lambda store: converge(around, store, owner=app.name),
            _slots(settings, lanes),
            bearable=bearable(around),
            slow=min(SLOW, settings.pass_seconds / 10),
        )
        nights = Nights(app)
        stack.push_async_callback(_sign_off, app, passes, nights)
        duties: dict[str, Duty] = {
            **{
                f"sweep.{lane}.{name}": Sweep(
                    around, passes, lane, name, settings.sweep_seconds
                ).once
                for lane in lanes
                for name in around.marketplaces
            },
            "nights": nights.once,
            **_glances(settings, around, lanes, passes),
            "presence": partial(_show_presence, app),
            "tidying": unhurried(partial(tidy, app), TIDY_AFTER),
        }
        bells = [answer_rings(settings, lane, passes) for lane in (lanes if rung is None else rung)]
        await stack.enter_async_context(_on_duty(duties, bells, passes))
        log.info("worker.started", worker=app.name, lanes=list(lanes))
        yield passes


def bearable(around: Surroundings) -> dict[MarketplaceName, int]:
    """How many passes at once make full use of each marketplace, where that is known."""
    return {name: _bearable(one) for name, one in around.marketplaces.items()}


@asynccontextmanager
async def _on_duty(
    duties: Mapping[str, Duty], bells: Sequence[Coroutine[None, None, None]], passes: Passes
) -> AsyncGenerator[None]:
    """Duties and bells run beside the block; with its end no work is taken any more."""
    stop = asyncio.Event()
    repeated = [asyncio.create_task(repeat(name, duty, stop)) for name, duty in duties.items()]
    answering = [asyncio.create_task(bell) for bell in bells]
    try:
        yield
    finally:
        stop.set()
        passes.close()
        for bell in answering:
            bell.cancel()
        await asyncio.wait([*repeated, *answering], timeout=DRAIN_SECONDS)


def _glances(
    settings: Settings, around: Surroundings, lanes: Sequence[Lane], passes: Passes
) -> dict[str, Duty]:
    """For workers of the night's lane."""
    if Lane.NIGHT not in lanes:
        return {}
    glances = Glances(
        around,
        jobs=settings.night_jobs,
        bearable={name: GLANCES * number for name, number in bearable(around).items()},
        may_go_on=lambda: not passes.closed,
    )
    return {"glances": partial(glance, glances)}


def _slots(settings: Settings, lanes: Sequence[Lane]) -> dict[Lane, int]:
    known = {Lane.STALL: settings.stall_jobs, Lane.NIGHT: settings.night_jobs}
    return {lane: known[lane] for lane in lanes}


def _bearable(marketplace: Marketplace) -> int:
    rate = marketplace.per_second or marketplace.connector.manifest.requests_per_second
    called = marketplace.calls_at_once
    filled = max(FEWEST, math.ceil(rate * FILLED))
    # One reads or writes its records while another calls.
    return filled if called is None else min(filled, 2 * called)


async def _sign_off(app: Application, passes: Passes, nights: Nights) -> None:
    """Let passes end, hand back what had to be cut off, and take our name off the list."""
    await passes.drain(DRAIN_SECONDS)
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await nights.let_go()
            async with app.database.write() as tx:
                await presence.hand_back(tx, app.name, counts=passes.suspected)
                await presence.gone(tx, app.name)
    except Exception:
        log.exception("worker.not_signed_off")  # leases and locks run out by themselves


async def _show_presence(app: Application) -> float:
    async with app.database.write() as tx:
        await presence.seen(tx, app.name, started_at=app.started_at, now=app.clock())
    return presence.RENEW_EVERY.total_seconds()


def _watch(settings: Settings, outgrown: asyncio.Event) -> Watch:
    loop = asyncio.get_running_loop()
    return Watch(
        Limits(settings.blocked_seconds, settings.worker_memory_mb * MEGABYTE),
        beat=loop.call_soon_threadsafe,
        outgrown=lambda: loop.call_soon_threadsafe(outgrown.set),
        size=resident,
    )


async def _either(*events: asyncio.Event) -> None:
    """Wait for the first of the events."""
    waiting = [asyncio.create_task(one.wait()) for one in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()


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

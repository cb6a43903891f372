"""What a worker process does again and again beside the passes."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

log = structlog.get_logger()

PAUSE_AFTER_FAILURE = 1.0


Duty = Callable[[], Awaitable[float]]
"""Does its part once and returns the seconds until the next time."""


async def repeat(name: str, duty: Duty, stop: asyncio.Event) -> None:
    """Do the duty until `stop`, pausing for as many seconds as it says. What it raises is logged and tried again.

    It is never cut off in the middle: a cancelled transaction costs its connection.
    """
    while not stop.is_set():
        try:
            pause = await duty()
        except Exception:
            log.exception("duty.failed", duty=name)
            pause = PAUSE_AFTER_FAILURE
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()


def unhurried(duty: Duty, seconds: float) -> Duty:
    """The duty, but so many seconds after the worker's beginning at the soonest, which has more urgent things to do."""
    waited = False

    async def once() -> float:
        nonlocal waited
        if waited:
            return await duty()
        waited = True
        return seconds

    return once

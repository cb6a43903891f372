"""The event loop of workers and of the service: libuv's, with a garbage collector that looks less often."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import TypeVar

import uvloop

T = TypeVar("T")

YOUNG = 50_000
"""Objects made since the last look before the collector looks again; by default 700, which one pass exceeds many times.

What they leave is freed at once by counting references; the collector is only for cycles, and those are few.
"""


def run(work: Coroutine[None, None, T]) -> T:
    """`asyncio.run` for processes that run for long and do many small things."""
    gc.freeze()  # what the imports made stays anyway: no look has to go over it
    gc.set_threshold(YOUNG, 20, 20)
    gc.enable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)

"""The passes of one process: so many at once per lane, never two over one store."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from onboarder.converge.loop import PassEnd
from onboarder.model.ids import StoreId
from onboarder.model.work import Lane

log = structlog.get_logger()

LONGEST_PASS = 600.0
"""Seconds after which a pass is cut off; its lease then runs out and somebody tries again."""


class Passes:
    """Runs `work` over stores in the slots of their lane. Rings and the sweep both come through here."""

    def __init__(
        self, work: Callable[[StoreId], Awaitable[PassEnd]], slots: Mapping[Lane, int]
    ) -> None:
        self.slots = slots
        self.begun = 0
        """Passes so far."""
        self._work = work
        self._free = {lane: asyncio.Semaphore(number) for lane, number in slots.items()}
        self._running: dict[StoreId, asyncio.Task[None]] = {}
        self._closed = False

    @property
    def under_way(self) -> int:
        """Passes running now."""
        return len(self._running)

    async def begin(self, lane: Lane, store: StoreId) -> None:
        """Wait for a free slot and begin a pass in it; returns once it runs.

        Does nothing if one runs over the store already (that one looks again before it lets go), or once closed.
        """
        free = self._free[lane]
        await free.acquire()
        if self._closed or store in self._running:
            free.release()
            return
        task = asyncio.create_task(self._pass(store))
        self._running[store] = task
        self.begun += 1

        def over(_: asyncio.Task[None]) -> None:
            del self._running[store]
            free.release()

        task.add_done_callback(over)

    def close(self) -> None:
        """Begin nothing more; whoever waits for a slot goes away without one."""
        self._closed = True
        for free in self._free.values():
            free.release()  # the first to wake finds us closed and wakes the next

    async def drain(self, seconds: float) -> None:
        """Close, let the passes under way end, and cut off what is not over after `seconds`."""
        self.close()
        if not self._running:
            return
        _, late = await asyncio.wait(self._running.values(), timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("passes.cut_off", number=len(late))
            await asyncio.wait(late)

    async def _pass(self, store: StoreId) -> None:
        try:
            async with asyncio.timeout(LONGEST_PASS):
                while await self._work(store) is PassEnd.AGAIN and not self._closed:
                    pass
        except Exception:
            log.exception("pass.broken", store=store)

"""The passes of one process: so many at once per lane and marketplace, never two over one store.

Each marketplace has room of its own, so that the stores of a slow one keep nothing from those of a fast one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from onboarder.converge.loop import PassEnd
from onboarder.model.ids import MarketplaceName, StoreId, marketplace_of
from onboarder.model.work import Lane
from onboarder_workers.slots import Slot, Slots

log = structlog.get_logger()

SLOW = 3.0
"""Seconds after which a pass makes way: a shop whose calls hang must not keep a tenth of the room from the others."""


class Passes:
    """Runs `work` over stores in the slots of their lane and marketplace. Rings and the sweep both come through here.

    A marketplace has `slots` in each lane, or as many as it bears at once, if that is known and fewer.
    """

    def __init__(
        self,
        work: Callable[[StoreId], Awaitable[PassEnd]],
        slots: Mapping[Lane, int],
        *,
        bearable: Mapping[MarketplaceName, int] | None = None,
        slow: float = SLOW,
    ) -> None:
        self.begun = 0
        """Passes so far."""
        self.suspected = False
        """Whether what is under way may be why the process has to end: what does not end in time then counts as begun."""
        self._work = work
        self._numbers, self._bearable = slots, bearable or {}
        self._slots: dict[tuple[Lane, MarketplaceName], Slots] = {}
        self._slow = slow
        self._running: dict[StoreId, asyncio.Task[None]] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing is begun any more."""
        return self._closed

    @property
    def under_way(self) -> int:
        """Passes running now."""
        return len(self._running)

    def stores(self) -> list[StoreId]:
        """The stores of the passes running now; may be asked from any thread."""
        return list(self._running)

    def slots(self, lane: Lane, marketplace: MarketplaceName) -> int:
        """How many passes there can be at once, those not counted that have become slow."""
        number = self._numbers[lane]
        return min(number, self._bearable.get(marketplace, number))

    async def begin(self, lane: Lane, store: StoreId) -> None:
        """Wait for a free slot and begin a pass in it; returns once it runs.

        Does nothing if one runs over the store already (that one looks again before it lets go), or once closed.
        """
        slot = await self._room(lane, marketplace_of(store)).take()
        if self._closed or store in self._running:
            slot.free()
            return
        task = asyncio.create_task(self._pass(store))
        moving = asyncio.create_task(self._make_way(slot, store))
        self._running[store] = task
        self.begun += 1

        def over(_: asyncio.Task[None]) -> None:
            del self._running[store]
            moving.cancel()
            slot.free()

        task.add_done_callback(over)

    def close(self) -> None:
        """Begin nothing more; whoever waits for a slot goes away without one."""
        self._closed = True
        for slots in self._slots.values():
            slots.wake()  # the first to wake finds us closed and wakes the next

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

    def _room(self, lane: Lane, marketplace: MarketplaceName) -> Slots:
        if (lane, marketplace) not in self._slots:
            self._slots[lane, marketplace] = Slots(self.slots(lane, marketplace))
        return self._slots[lane, marketplace]

    async def _pass(self, store: StoreId) -> None:
        try:
            while await self._work(store) is PassEnd.AGAIN and not self._closed:
                pass
        except Exception:
            log.exception("pass.broken", store=store)

    async def _make_way(self, slot: Slot, store: StoreId) -> None:
        await asyncio.sleep(self._slow)
        log.info("pass.slow", store=store, seconds=self._slow)
        await slot.make_way()

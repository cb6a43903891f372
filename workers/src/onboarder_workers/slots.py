"""How many passes of one kind run at once."""

import asyncio
from collections.abc import Callable


class Slots:
    """So many passes at once, and beside them as many that have become slow: these never take all the room."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._quick = asyncio.Semaphore(number)
        self._slow = asyncio.Semaphore(number)

    async def take(self) -> "Slot":
        """Wait for a free slot."""
        await self._quick.acquire()
        return Slot(self._quick.release, self._slow)

    def wake(self) -> None:
        """Let whoever waits first go on without a slot; giving it back wakes the next."""
        self._quick.release()


class Slot:
    """Room for one pass."""

    def __init__(self, give_back: Callable[[], None], slow: asyncio.Semaphore) -> None:
        self._give_back = give_back
        self._slow = slow

    async def make_way(self) -> None:
        """The pass is slow: once there is a slow one's place it moves there and frees this slot."""
        await self._slow.acquire()
        self._give_back()
        self._give_back = self._slow.release

    def free(self) -> None:
        """The pass is over."""
        self._give_back()

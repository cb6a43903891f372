"""How long a pass may take: in all, and without a sign of life. Beyond that it is cut off and counts as a failure."""

import asyncio
from datetime import timedelta
from types import TracebackType
from typing import Self


class Bound:
    """A time limit around one pass, in seconds of the event loop. It raises `TimeoutError` in the pass.

    A pass that neither wrote nor called anybody for `silent` has lost its lease or is about to: it only holds a slot.
    """

    def __init__(self, whole: timedelta, *, silent: timedelta) -> None:
        self._now = asyncio.get_running_loop().time
        self._end = self._now() + whole.total_seconds()
        self._silent = silent.total_seconds()
        self._timeout = asyncio.timeout_at(self._next())
        self._runs = False

    @property
    def reached(self) -> bool:
        """Whether the pass was cut off."""
        return self._timeout.expired()

    def sign_of_life(self) -> None:
        """The pass wrote something: its silence begins anew. Nothing is prolonged any more once it was cut off."""
        if self._runs and not self.reached:
            self._timeout.reschedule(self._next())

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._runs = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._runs = False
        await self._timeout.__aexit__(kind, error, where)

    def _next(self) -> float:
        return min(self._end, self._now() + self._silent)

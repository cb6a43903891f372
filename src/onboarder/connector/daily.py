"""The calls that a marketplace grants an app in a day: taken from a book that outlives every process and Redis."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Protocol

from onboarder.connector.budget import Budget, lane_at_work
from onboarder.connector.errors import Advice, RateLimited
from onboarder.connector.manifest import Quotas
from onboarder.model.people import Actor
from onboarder.model.work import Lane

NIGHT_SHARE = 0.9
"""What the night may take of a day's calls; the rest is kept for people at a stall."""
BLOCK_SHARE = 0.005
"""Calls are taken in blocks of this share of the day's, at most `LARGEST_BLOCK`: what a killed process loses."""
LARGEST_BLOCK = 50

DAY_USED_UP = Advice(
    "quota.calls_of_the_day",
    Actor.NOBODY,
    "Jatah panggilan hari ini ke marketplace sudah habis. Sistem melanjutkan sendiri setelah jatah baru dimulai.",
    "Today's calls to the marketplace are used up. Work goes on by itself when the next day begins there.",
)


def calls_for(lane: Lane, limit: int) -> int:
    """How many of a day's calls that lane may take: all at a stall; fewer in the night, yet never none."""
    return limit if lane is Lane.STALL else max(1, int(limit * NIGHT_SHARE))


class DayBook(Protocol):
    """Who has taken how much of which day."""

    async def take(self, name: str, day: date, wanted: int, limit: int) -> int:
        """Take up to `wanted` of what `limit` leaves of that day; answers how many. Durable. `Unavailable` when busy."""
        ...


class DailyBudget:
    """A budget within the day's calls. What is over raises `RateLimited` until the marketplace's next day begins."""

    def __init__(
        self, inner: Budget, book: DayBook, name: str, quotas: Quotas, clock: Callable[[], datetime]
    ) -> None:
        self._inner, self._book, self._name = inner, book, name
        self._quotas, self._clock = quotas, clock
        self._day: date | None = None
        self._left = dict.fromkeys(Lane, 0)
        self._taking = asyncio.Lock()

    async def acquire(self, scope: str) -> None:
        lane = lane_at_work()
        left = await self._take(lane, scope)
        try:
            await self._inner.acquire(scope)
        except BaseException:
            left[lane] += 1  # not called after all; for nothing if that day is over
            raise

    async def penalise(self, scope: str, pause: timedelta) -> None:
        await self._inner.penalise(scope, pause)

    async def pause_store(self, pause: timedelta) -> None:
        await self._inner.pause_store(pause)

    async def _take(self, lane: Lane, scope: str) -> dict[Lane, int]:
        """Take one call; answers what is left of that day's."""
        limit = self._quotas.calls_a_day
        if limit is None:
            return self._left
        async with self._taking:
            now = self._clock()
            day = self._quotas.day(now)
            if day != self._day:
                self._day, self._left = day, dict.fromkeys(Lane, 0)
            if self._left[lane] == 0:
                block = max(1, min(LARGEST_BLOCK, int(limit * BLOCK_SHARE)))
                self._left[lane] = await self._book.take(
                    self._name, day, block, calls_for(lane, limit)
                )
            if self._left[lane] == 0:
                reset = self._quotas.next_day(now) - now
                raise RateLimited(DAY_USED_UP, retry_after=reset, scope=scope)
            self._left[lane] -= 1
            return self._left

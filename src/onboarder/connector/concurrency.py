"""How many calls of one process may be under way at a marketplace at once: as many as it answers in time.

A marketplace that is asked for more than it can do answers everything late, and after the deadline in vain, so going on
asking means that nothing is ever done. The limit is halved when answers come late, and rises by one with every full round
of answers in time: additive increase, multiplicative decrease, as TCP has it (RFC 5681).
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import timedelta

import structlog

from onboarder.connector.advice import BUSY
from onboarder.connector.budget import lane_at_work
from onboarder.connector.errors import RateLimited
from onboarder.model.work import Lane

log = structlog.get_logger()

FEWEST = 2
"""Calls that are always allowed, unless one is all there may be: one that hangs must not stop the others."""
CUT = 0.5
"""What is left of the calls under way when too many were late."""
TOO_MANY, AMONG = 3, 30
"""So many late ones before so many answers in time: a single call that hangs is no overload."""


@dataclass(slots=True)
class Place:
    """One call's."""

    round: int
    sent_at: float | None = None
    """When it was sent; what never was says nothing of the marketplace."""
    answered: bool = False
    """Only an answer is in time: a refused connection is quick and says nothing either."""


class ConcurrencyLimit:
    """Places for calls, `most` to begin with.

    `patience` is how long an answer may take that is not late, and how long a call waits for a place before it is refused.
    Where places are few, a person at a stall goes first.
    """

    def __init__(self, most: int, *, patience: timedelta) -> None:
        self.limit = float(most)
        self.under_way = 0
        self._most = most
        self._patience = patience.total_seconds()
        self._waiting: dict[Lane, deque[asyncio.Future[None]]] = {lane: deque() for lane in Lane}
        self._round = self._late = self._in_time = 0

    async def enter(self) -> Place:
        """Wait for a place; `RateLimited` if none is free in time. Give it back to `leave`."""
        if self.under_way < int(self.limit):
            self.under_way += 1
        else:
            await self._wait()
        return Place(self._round)

    def sent(self, place: Place) -> None:
        """The call leaves now, and its answer says how much the marketplace bears."""
        place.sent_at = asyncio.get_running_loop().time()

    def leave(self, place: Place) -> None:
        """The call is over, answered or not."""
        if place.sent_at is not None:
            self._learn(place, asyncio.get_running_loop().time() - place.sent_at)
        self._free()

    def _learn(self, place: Place, seconds: float) -> None:
        """Calls from before the last cut say nothing about the new limit."""
        if seconds >= self._patience:
            self._late += place.round == self._round
        elif place.answered:
            self.limit = min(self._most, self.limit + 1 / self.limit)
            self._in_time += 1
        if self._late >= TOO_MANY:
            self._cut()
        elif self._in_time >= AMONG:
            self._late = self._in_time = 0

    def _cut(self) -> None:
        self._late = self._in_time = 0
        self._round += 1
        self.limit = min(self._most, max(FEWEST, min(self.limit, self.under_way * CUT)))
        log.warning("marketplace.overloaded", under_way=self.under_way, limit=int(self.limit))

    async def _wait(self) -> None:
        queue = self._waiting[lane_at_work()]
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except BaseException as error:
            if not turn.cancelled():
                self._free()  # let in and cut off at the same time
            if isinstance(error, TimeoutError):
                raise RateLimited(
                    BUSY, retry_after=timedelta(seconds=self._patience), scope="app"
                ) from None
            raise

    def _free(self) -> None:
        self.under_way -= 1
        for lane in (Lane.STALL, Lane.NIGHT):
            queue = self._waiting[lane]
            while queue and self.under_way < int(self.limit):
                turn = queue.popleft()
                if not turn.cancelled():
                    self.under_way += 1
                    turn.set_result(None)

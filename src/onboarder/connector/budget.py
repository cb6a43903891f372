"""Leave to call a marketplace: whose call it is, how long it may wait, and the rule inside one process.

A call is given a slot and waits for it; a call whose slot is too far away is refused, and its store is parked in the
database instead of holding a worker. `budget_shared` is the rule for all processes together.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Protocol

from onboarder.connector.advice import BUDGET
from onboarder.connector.errors import RateLimited
from onboarder.model.work import Lane

USED_SHARE = 0.97
"""Share of a ceiling that is used, as docs/decisions/0029 measured it: at ten calls a second, a little more of more."""
LONGEST_WAIT = {Lane.STALL: 5.0, Lane.NIGHT: 2.2}
"""Seconds a call may wait for its slot before its store is parked. The night's is two waves, or one short pause: parking
costs more than waiting, and another store's call would find no nearer slot.
"""

_lane: ContextVar[Lane] = ContextVar("lane", default=Lane.NIGHT)
_store: ContextVar[str] = ContextVar("store", default="")


@contextmanager
def in_lane(lane: Lane, store: str = "") -> Generator[None]:
    """Calls made inside count as work of that lane, and for that store."""
    lane_token, store_token = _lane.set(lane), _store.set(store)
    try:
        yield
    finally:
        _lane.reset(lane_token)
        _store.reset(store_token)


def store_at_work() -> str:
    """The store that calls are made for here; empty if nobody said."""
    return _store.get()


def lane_at_work() -> Lane:
    """The lane that calls are made for here."""
    return _lane.get()


class Budget(Protocol):
    """Leave to call a marketplace."""

    async def acquire(self, scope: str) -> None:
        """Wait for a slot; `RateLimited` if it is further away than the lane may wait, or in the store's own pause."""
        ...

    async def penalise(self, scope: str, pause: timedelta) -> None:
        """The marketplace refused a call: no slot before `pause` has passed, and its ceiling is learned."""
        ...

    async def pause_store(self, pause: timedelta) -> None:
        """The marketplace refused the store at work alone: no call for it before `pause` has passed."""
        ...


class UnlimitedBudget:
    """No limit at all, for benchmarks and connector tests."""

    async def acquire(self, scope: str) -> None:
        """Return at once."""

    async def penalise(self, scope: str, pause: timedelta) -> None:
        """Forget it."""

    async def pause_store(self, pause: timedelta) -> None:
        """Forget it."""


class LocalBudget:
    """The same rule inside one process."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval = 1 / (per_second * USED_SHARE)
        self._clock = clock
        self._sleep = sleep
        self._next: dict[str, float] = {}
        self._paused_until: dict[str, float] = {}

    async def acquire(self, scope: str) -> None:
        self.refuse_pauses(scope)
        longest = LONGEST_WAIT[_lane.get()]
        if self._next.get(scope, 0.0) - self._clock() > longest:
            # Refused at once, another store's call would only come in its place.
            await self._sleep(longest)
        while True:
            now = self._clock()
            slot = max(self._next.get(scope, 0.0), self._paused_until.get(scope, 0.0), now)
            _refuse_if_far(slot - now, scope)
            self._next[scope] = slot + self._interval
            pause = self._paused_until.get(scope)
            await self._sleep(slot - now)
            if self._paused_until.get(scope) == pause or not self._left(scope):
                return

    async def penalise(self, scope: str, pause: timedelta) -> None:
        self._pause(scope, pause)

    async def pause_store(self, pause: timedelta) -> None:
        if store_at_work():
            self._pause(own_pause(store_at_work()), pause)

    def latest(self, scope: str) -> float:
        """The latest slot that was given, on the clock."""
        return self._next.get(scope, float("-inf")) - self._interval

    def rest_until(self, scope: str, moment: float) -> None:
        """No slot before that moment of the clock. Safe to repeat."""
        self._next[scope] = max(self._next.get(scope, 0.0), moment)

    def refuse_pauses(self, scope: str) -> float:
        """`RateLimited` in the store's own pause, or if the scope's ends too late; else the seconds until it ends."""
        own = self._left(own_pause(store_at_work()))
        if own > 0:
            raise RateLimited(BUDGET, retry_after=timedelta(seconds=own), scope="store")
        left = self._left(scope)
        _refuse_if_far(left, scope)
        return left

    def _pause(self, name: str, pause: timedelta) -> None:
        until = self._clock() + pause.total_seconds()
        self._paused_until[name] = max(self._paused_until.get(name, 0.0), until)

    def _left(self, name: str) -> float:
        return max(0.0, self._paused_until.get(name, 0.0) - self._clock())


def own_pause(store: str) -> str:
    """The name of a store's own pause."""
    return f"store:{store}"


def _refuse_if_far(wait: float, scope: str) -> None:
    if wait > LONGEST_WAIT[_lane.get()]:
        raise RateLimited(BUDGET, retry_after=timedelta(seconds=wait), scope=scope)

"""One rate budget per marketplace app and scope, shared by all processes through Redis.

The rule lives in budget.lua, on the Redis server's clock: a call is given a slot and waits for it; a call whose slot is too
far away is refused, and its store is parked in the database instead of holding a worker. No second holds more calls than
the ceiling, calls that must wait go in waves, and what 429s say of the ceiling is learned and tried anew. The night
may only take close slots and leaves some of them, so a person at the stall always finds a near one. Without Redis a slow
local budget takes over: never more calls than before.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import structlog
from redis.exceptions import RedisError

from onboarder.connector.advice import BUDGET
from onboarder.connector.errors import RateLimited
from onboarder.model.work import Lane

if TYPE_CHECKING:
    from collections.abc import Generator

    from redis.asyncio import Redis

log = structlog.get_logger()

USED_SHARE = 0.975
"""Share of the ceiling we use, measured in docs/decisions/0029: hardly a 429 where each second counts by itself."""
LONGEST_WAIT = {Lane.STALL: 5.0, Lane.NIGHT: 1.1}
"""Seconds a call may wait for its slot before its store is parked. The night's is one wave, or one short pause."""
LOCAL_SHARE = 0.25
"""Share of the rate that each process keeps when Redis is away: four processes stay within the ceiling."""
ANSWER_SECONDS = 1.0
"""How long Redis may take in all, reconnecting included: a call must not come to its deadline here."""
AWAY_SECONDS = 3.0
"""How long a Redis that failed is left alone: waiting for its time-out at every call would stop the work."""

_lane: ContextVar[Lane] = ContextVar("lane", default=Lane.NIGHT)
_store: ContextVar[str] = ContextVar("store", default="")

SCRIPT = (Path(__file__).parent / "budget.lua").read_text(encoding="utf-8")
_WAITED_FOR_A_PERSON = 2
_US = 1_000_000
_FORGOTTEN = 3600.0


@contextmanager
def in_lane(lane: Lane, store: str = "") -> "Generator[None]":
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
            self._pause(_own(store_at_work()), pause)

    def refuse_pauses(self, scope: str) -> float:
        """`RateLimited` in the store's own pause, or if the scope's ends too late; else the seconds until it ends."""
        own = self._left(_own(store_at_work()))
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


class _Script(Protocol):
    """A script that Redis holds; sent again by itself when Redis has forgotten it."""

    async def __call__(self, keys: Sequence[str], args: Sequence[str]) -> list[int]: ...


class SharedBudget:
    """The budget in Redis, with a slow local one for the time that Redis is away.

    What this process was told to wait, and when it called last, it remembers itself as well: Redis may forget everything in
    between. `per_store` limits each store's own calls a second besides.
    """

    def __init__(
        self,
        redis: "Redis",
        marketplace: str,
        per_second: float,
        *,
        per_store: float | None = None,
        prefix: str = "onboarder:budget",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._script = cast("_Script", redis.register_script(SCRIPT))
        self._clock = clock
        self._ask_again_at = 0.0
        self._last: dict[str, float] = {}
        self._name = f"{prefix}:{marketplace}"
        self._rate, self._per_store = per_second, per_store or 0.0
        self._sleep = sleep
        self._fallback = LocalBudget(per_second * LOCAL_SHARE, clock=clock, sleep=sleep)

    async def acquire(self, scope: str) -> None:
        again = 0
        while True:
            told = self._fallback.refuse_pauses(scope)
            if told:
                await self._sleep(told)
            reserved = await self._reserve(scope, asked=again == _WAITED_FOR_A_PERSON)
            if reserved is None:
                return await self._fallback.acquire(scope)
            wait, penalties, again = reserved[0] / _US, reserved[1], reserved[2]
            if wait < 0:
                raise RateLimited(BUDGET, retry_after=timedelta(seconds=-wait), scope=scope)
            await self._sleep(wait)
            if not again and (not wait or await self._still_good(scope, penalties, reserved[3])):
                self._last[scope] = self._clock()
                return None

    async def penalise(self, scope: str, pause: timedelta) -> None:
        await self._fallback.penalise(scope, pause)
        await self._ask("penalise", scope, self._rate, pause.total_seconds() * _US)

    async def pause_store(self, pause: timedelta) -> None:
        await self._fallback.pause_store(pause)
        if store_at_work():
            await self._ask("pause_store", "", pause.total_seconds() * _US)

    async def _reserve(self, scope: str, *, asked: bool) -> list[int] | None:
        lane = _lane.get()
        since = self._clock() - self._last.get(scope, float("-inf"))
        return await self._ask(
            "reserve",
            scope,
            self._rate,
            self._per_store if store_at_work() else 0,
            LONGEST_WAIT[lane] * _US,
            lane is Lane.NIGHT,
            asked,
            min(since, _FORGOTTEN) * _US,
        )

    async def _still_good(self, scope: str, penalties: int, place: int) -> bool:
        """Whether no 429 has come while the call waited; sleeps once more behind a call that went out late."""
        answer = await self._ask("still_good", scope, self._rate, penalties, place)
        if answer is None or answer[0] == 0:
            return True
        if answer[0] > 0:
            await self._sleep(answer[0] / _US)
        return answer[0] > 0

    async def _ask(self, operation: str, scope: str, *numbers: float) -> list[int] | None:
        """Redis's answer, or None while it is away. A Redis that does not answer is not asked again for a while."""
        if self._clock() < self._ask_again_at:
            return None
        own = f"{self._name}:{_own(store_at_work())}"
        keys = [f"{self._name}:{scope}", own, f"{own}:calls"]
        arguments = [operation, *(repr(float(number)) for number in numbers)]
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._script(keys, arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._ask_again_at = self._clock() + AWAY_SECONDS
            log.warning("budget.redis_away", scope=scope, why=type(error).__name__)
            return None


def _own(store: str) -> str:
    """The name of a store's own pause."""
    return f"store:{store}"


def _refuse_if_far(wait: float, scope: str) -> None:
    if wait > LONGEST_WAIT[_lane.get()]:
        raise RateLimited(BUDGET, retry_after=timedelta(seconds=wait), scope=scope)

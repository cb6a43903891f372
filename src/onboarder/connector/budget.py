"""One rate budget per marketplace app and scope, shared by all processes through Redis.

A generic cell rate algorithm with burst 1 on the Redis server's clock: each call reserves its slot and waits for it;
a call whose slot is too far away is refused, and its store is parked in the database instead of holding a worker. The
night may only reserve close slots, so a person at the stall always finds a near one. A 429 pushes the next slot out and
halves the rate, which then grows back. Without Redis a slow local budget takes over: never more calls than before.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
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

USED_SHARE = 0.95
"""Share of the ceiling we use: measured to give no 429 at fixed-window and token-bucket servers."""
LONGEST_WAIT = {Lane.STALL: 5.0, Lane.NIGHT: 0.5}
"""Seconds a call may wait for its slot before its store is parked."""
LOCAL_SHARE = 0.25
"""Share of the rate that each process keeps when Redis is away: four processes stay within the ceiling."""
ANSWER_SECONDS = 1.0
"""How long Redis may take in all, reconnecting included: a call must not come to its deadline here."""
AWAY_SECONDS = 3.0
"""How long a Redis that failed is left alone: waiting for its time-out at every call would stop the work."""

_lane: ContextVar[Lane] = ContextVar("lane", default=Lane.NIGHT)

# KEYS: the budget. ARGV: interval at full rate (µs), longest wait (µs).
# Answers the wait in µs, or minus the wait if the slot is too far away and was not taken.
_RESERVE = """
local now = redis.call('TIME'); now = now[1] * 1000000 + now[2]
local state = redis.call('HMGET', KEYS[1], 'next', 'factor', 'at')
local next, factor, at = tonumber(state[1]) or 0, tonumber(state[2]) or 1, tonumber(state[3]) or now
factor = math.min(1, factor * (1.2 ^ ((now - at) / 1000000)))
local slot = math.max(next, now)
local wait = slot - now
if wait > tonumber(ARGV[2]) then return -wait end
redis.call('HSET', KEYS[1], 'next', string.format('%.0f', slot + tonumber(ARGV[1]) / factor),
           'factor', tostring(factor), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 3600000)
return wait
"""
# KEYS: the budget. ARGV: pause (µs).
_PENALISE = """
local now = redis.call('TIME'); now = now[1] * 1000000 + now[2]
local state = redis.call('HMGET', KEYS[1], 'next', 'factor')
local next, factor = tonumber(state[1]) or now, tonumber(state[2]) or 1
redis.call('HSET', KEYS[1], 'next', string.format('%.0f', math.max(next, now + tonumber(ARGV[1]))),
           'factor', tostring(math.max(0.0625, factor / 2)), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 3600000 + math.floor(tonumber(ARGV[1]) / 1000))
return 1
"""


@contextmanager
def in_lane(lane: Lane) -> "Generator[None]":
    """Calls made inside count as work of that lane."""
    token = _lane.set(lane)
    try:
        yield
    finally:
        _lane.reset(token)


class Budget(Protocol):
    """Leave to call a marketplace."""

    async def acquire(self, scope: str) -> None:
        """Wait for a slot; `RateLimited` if it is further away than the lane may wait."""
        ...

    async def penalise(self, scope: str, pause: timedelta) -> None:
        """The marketplace refused a call: no slot before `pause` has passed, and half the rate after it."""
        ...


class UnlimitedBudget:
    """No limit at all, for benchmarks and connector tests."""

    async def acquire(self, scope: str) -> None:
        """Return at once."""

    async def penalise(self, scope: str, pause: timedelta) -> None:
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

    async def acquire(self, scope: str) -> None:
        now = self._clock()
        slot = max(self._next.get(scope, 0.0), now)
        _refuse_if_far(slot - now, scope)
        self._next[scope] = slot + self._interval
        await self._sleep(slot - now)

    async def penalise(self, scope: str, pause: timedelta) -> None:
        until = self._clock() + pause.total_seconds()
        self._next[scope] = max(self._next.get(scope, 0.0), until)


class SharedBudget:
    """The budget in Redis, with a slow local one for the time that Redis is away."""

    def __init__(
        self,
        redis: "Redis",
        marketplace: str,
        per_second: float,
        *,
        prefix: str = "onboarder:budget",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._redis = redis
        self._clock = clock
        self._ask_again_at = 0.0
        self._name = f"{prefix}:{marketplace}"
        self._interval = 1_000_000 / (per_second * USED_SHARE)
        self._sleep = sleep
        self._fallback = LocalBudget(per_second * LOCAL_SHARE, sleep=sleep)

    async def acquire(self, scope: str) -> None:
        longest = LONGEST_WAIT[_lane.get()]
        wait = await self._ask(_RESERVE, scope, self._interval, longest * 1_000_000)
        if wait is None:
            await self._fallback.acquire(scope)
            return
        _refuse_if_far(abs(wait) / 1_000_000 if wait < 0 else 0.0, scope)
        await self._sleep(wait / 1_000_000)

    async def penalise(self, scope: str, pause: timedelta) -> None:
        await self._fallback.penalise(scope, pause)
        await self._ask(_PENALISE, scope, pause.total_seconds() * 1_000_000)

    async def _ask(self, script: str, scope: str, *numbers: float) -> int | None:
        """Redis's answer, or None while it is away. A Redis that does not answer is not asked again for a while."""
        if self._clock() < self._ask_again_at:
            return None
        arguments = [str(round(number)) for number in numbers]
        answer = self._redis.eval(script, 1, f"{self._name}:{scope}", *arguments)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return int(await cast("Awaitable[int]", answer))
        except (RedisError, OSError, TimeoutError) as error:
            self._ask_again_at = self._clock() + AWAY_SECONDS
            log.warning("budget.redis_away", scope=scope, why=type(error).__name__)
            return None


def _refuse_if_far(wait: float, scope: str) -> None:
    if wait > LONGEST_WAIT[_lane.get()]:
        raise RateLimited(BUDGET, retry_after=timedelta(seconds=wait), scope=scope)

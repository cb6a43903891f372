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
_store: ContextVar[str] = ContextVar("store", default="")

# KEYS: the budget, the store's own pause. ARGV: interval at full rate (µs), longest wait (µs).
# Answers the wait in µs (or minus the wait if the slot is too far away and was not taken), and the number of penalties.
_RESERVE = """
local own = redis.call('PTTL', KEYS[2])
if own > 0 then return {-own * 1000, 0} end
local now = redis.call('TIME'); now = now[1] * 1000000 + now[2]
local state = redis.call('HMGET', KEYS[1], 'next', 'factor', 'at', 'penalties')
local next, factor, at = tonumber(state[1]) or 0, tonumber(state[2]) or 1, tonumber(state[3]) or now
local penalties = tonumber(state[4]) or 0
factor = math.min(1, factor * (1.2 ^ ((now - at) / 1000000)))
local slot = math.max(next, now)
local wait = slot - now
if wait > tonumber(ARGV[2]) then return {-wait, penalties} end
redis.call('HSET', KEYS[1], 'next', string.format('%.0f', slot + tonumber(ARGV[1]) / factor),
           'factor', tostring(factor), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 3600000)
return {wait, penalties}
"""
# KEYS: the budget. ARGV: pause (µs).
_PENALISE = """
local now = redis.call('TIME'); now = now[1] * 1000000 + now[2]
local state = redis.call('HMGET', KEYS[1], 'next', 'factor')
local next, factor = tonumber(state[1]) or now, tonumber(state[2]) or 1
redis.call('HSET', KEYS[1], 'next', string.format('%.0f', math.max(next, now + tonumber(ARGV[1]))),
           'factor', tostring(math.max(0.0625, factor / 2)), 'at', string.format('%.0f', now))
redis.call('HINCRBY', KEYS[1], 'penalties', 1)
local over = tonumber(redis.call('HGET', KEYS[1], 'over')) or 0
redis.call('HSET', KEYS[1], 'over', string.format('%.0f', math.max(over, now + tonumber(ARGV[1]))))
redis.call('PEXPIRE', KEYS[1], 3600000 + math.floor(tonumber(ARGV[1]) / 1000))
return {1}
"""
# KEYS: the budget. ARGV: the number of penalties when the slot was taken. Answers 1 if the slot is still good: no penalty
# has come since, or its pause is over by now.
_STILL_GOOD = """
local state = redis.call('HMGET', KEYS[1], 'penalties', 'over')
if (tonumber(state[1]) or 0) == tonumber(ARGV[1]) then return {1} end
local now = redis.call('TIME'); now = now[1] * 1000000 + now[2]
return {(tonumber(state[2]) or 0) <= now and 1 or 0}
"""
# KEYS: the budget, the store's own pause. ARGV: pause (µs).
_PAUSE_STORE = (
    "redis.call('SET', KEYS[2], 1, 'PX', math.ceil(tonumber(ARGV[1]) / 1000) + 1); return {1}"
)


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


class Budget(Protocol):
    """Leave to call a marketplace."""

    async def acquire(self, scope: str) -> None:
        """Wait for a slot; `RateLimited` if it is further away than the lane may wait, or in the store's own pause."""
        ...

    async def penalise(self, scope: str, pause: timedelta) -> None:
        """The marketplace refused a call: no slot before `pause` has passed, and half the rate after it."""
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


class SharedBudget:
    """The budget in Redis, with a slow local one for the time that Redis is away.

    What this process was told to wait, it remembers itself as well: Redis may forget everything in between.
    """

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
        self._fallback = LocalBudget(per_second * LOCAL_SHARE, clock=clock, sleep=sleep)

    async def acquire(self, scope: str) -> None:
        longest = LONGEST_WAIT[_lane.get()] * 1_000_000
        while True:
            told = self._fallback.refuse_pauses(scope)
            reserved = await self._ask(_RESERVE, scope, self._interval, longest)
            if reserved is None:
                return await self._fallback.acquire(scope)
            wait, penalties = reserved[0] / 1_000_000, reserved[1]
            if wait < 0:
                raise RateLimited(BUDGET, retry_after=timedelta(seconds=-wait), scope=scope)
            await self._sleep(max(wait, told))
            if not wait or await self._ask(_STILL_GOOD, scope, penalties) != [0]:
                return None

    async def penalise(self, scope: str, pause: timedelta) -> None:
        await self._fallback.penalise(scope, pause)
        await self._ask(_PENALISE, scope, pause.total_seconds() * 1_000_000)

    async def pause_store(self, pause: timedelta) -> None:
        await self._fallback.pause_store(pause)
        if store_at_work():
            await self._ask(_PAUSE_STORE, "", pause.total_seconds() * 1_000_000)

    async def _ask(self, script: str, scope: str, *numbers: float) -> list[int] | None:
        """Redis's answer, or None while it is away. A Redis that does not answer is not asked again for a while."""
        if self._clock() < self._ask_again_at:
            return None
        keys = [f"{self._name}:{scope}", f"{self._name}:{_own(store_at_work())}"]
        answer = self._redis.eval(script, 2, *keys, *(str(round(number)) for number in numbers))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return list(await cast("Awaitable[list[int]]", answer))
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

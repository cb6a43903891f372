"""One rate budget per marketplace app and scope, shared by all processes through Redis.

The rule lives in budget.lua, on the Redis server's clock. No second holds more calls than the ceiling, calls that must wait
go in waves, and what 429s say of the ceiling is learned and tried anew. The night only takes close slots and leaves some
of them until shortly before, so a person at the stall always finds a near one. Redis is asked for all who wait at a time
together: once for their slots, and once when a wave goes out. Without Redis a slow local budget takes over: never more
calls than before.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import chain
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import structlog
from redis.exceptions import RedisError

from onboarder.connector.advice import BUDGET
from onboarder.connector.budget import (
    LONGEST_WAIT,
    LocalBudget,
    lane_at_work,
    own_pause,
    store_at_work,
)
from onboarder.connector.errors import RateLimited
from onboarder.connector.waves import Leave, Slot, Slots, Then, Together, Wave, Wish
from onboarder.model.work import Lane

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger()

LOCAL_SHARE = 0.25
"""Share of the rate that each process keeps when Redis is away, in whole calls a second: four stay within the ceiling."""
ANSWER_SECONDS = 1.0
"""How long Redis may take in all, reconnecting included: a call must not come to its deadline here."""
AWAY_SECONDS = 3.0
"""How long a Redis that failed is left alone at most: waiting for its time-out at every call would stop the work. All
processes ask again at the same moments, so that none goes on without Redis for long while others are back.
"""

SCRIPT = (Path(__file__).parent / "budget.lua").read_text(encoding="utf-8")
MOST_TOGETHER = 100
"""Calls asked for at once: Redis does nothing else meanwhile."""
_PERIOD = 1.0
"""Seconds for which a call counts at a marketplace."""
_US = 1_000_000
_FORGOTTEN = 3600.0
_LONG_AGO = float("-inf")


class _Script(Protocol):
    """A script that Redis holds; sent again by itself when Redis has forgotten it."""

    async def __call__(self, keys: Sequence[str], args: Sequence[str]) -> list[int]: ...


class SharedBudget:
    """The budget in Redis, with a slow local one for the time that Redis is away.

    What this process was told to wait, and when it called last, it remembers itself as well: Redis may forget everything in
    between, and knows nothing of what went out while it was away. `per_store` limits each store's own calls a second.
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
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._script = cast("_Script", redis.register_script(SCRIPT))
        self._clock, self._wall = clock, wall
        self._ask_again_at = 0.0
        self._gone: dict[str, float] = {}
        """When this process last called, by scope."""
        self._given: dict[str, float] = {}
        """The latest slot that Redis gave it, by scope; void once Redis forgets."""
        self._name = f"{prefix}:{marketplace}"
        self._rate, self._per_store = per_second, per_store or 0.0
        self._sleep = sleep
        own = per_second * LOCAL_SHARE
        self._fallback = LocalBudget(floor(own) or own, clock=clock, sleep=sleep)
        self._waiting: dict[str, Together] = {}

    async def acquire(self, scope: str) -> None:
        while True:
            told = self._fallback.refuse_pauses(scope)
            if told:
                await self._sleep(told)
            slot = await self._at(scope).ask(Wish(lane_at_work(), store_at_work()))
            if slot is None:
                return await self._go_around(scope)
            if slot.wait < 0:
                raise RateLimited(BUDGET, retry_after=timedelta(seconds=-slot.wait), scope=scope)
            given = self._given.get(scope, _LONG_AGO)
            self._given[scope] = max(given, self._clock() + slot.wait)
            if slot.wait:
                await self._sleep(slot.wait)
            if await self._goes(slot):
                self._gone[scope] = self._clock()
                return None

    async def _go_around(self, scope: str) -> None:
        """A call without Redis; the first only when what went out through it no longer counts over there."""
        given = self._given.get(scope, _LONG_AGO)
        if given > self._fallback.latest(scope):
            self._fallback.rest_until(scope, given + _PERIOD)
        await self._fallback.acquire(scope)

    async def penalise(self, scope: str, pause: timedelta) -> None:
        await self._fallback.penalise(scope, pause)
        await self._ask("penalise", scope, [], self._rate, pause.total_seconds() * _US)

    async def pause_store(self, pause: timedelta) -> None:
        await self._fallback.pause_store(pause)
        if store_at_work():
            await self._ask("pause_store", "", [store_at_work()], pause.total_seconds() * _US)

    def _at(self, scope: str) -> Together:
        """Where the calls of that scope wait together."""
        if scope not in self._waiting:
            self._waiting[scope] = Together(partial(self._reserve, scope), MOST_TOGETHER)
        return self._waiting[scope]

    async def _goes(self, slot: Slot) -> bool:
        if slot.then is not Then.GO:
            return False
        return slot.wave is None or await slot.wave.goes(self._sleep)

    async def _reserve(self, scope: str, wishes: Sequence[Wish]) -> Slots:
        around = self._fallback.latest(scope)
        answer = await self._ask(
            "reserve",
            scope,
            [one.store for one in wishes],
            self._rate,
            self._since(max(self._gone.get(scope, _LONG_AGO), around)),
            self._since(around),
            *chain.from_iterable(map(self._numbers, wishes)),
        )
        if answer is None:
            return None
        waves: dict[int, Wave] = {}
        return [
            self._slot(scope, answer[0], wait, Then(then), waves)
            for wait, then in zip(answer[1::2], answer[2::2], strict=True)
        ]

    def _since(self, moment: float) -> float:
        """Microseconds, an hour at most; below zero for what is still to come."""
        return min(self._clock() - moment, _FORGOTTEN) * _US

    def _numbers(self, wish: Wish) -> tuple[float, float, bool]:
        """The store's own rate, the longest wait, and whether the kept slots are not for this call."""
        own = self._per_store if wish.store else 0
        return own, LONGEST_WAIT[wish.lane] * _US, wish.lane is Lane.NIGHT

    def _slot(
        self, scope: str, penalties: int, wait: int, then: Then, waves: dict[int, Wave]
    ) -> Slot:
        """One call's slot; those of the same wait are one wave."""
        if wait <= 0 or then is not Then.GO:
            return Slot(wait / _US, then, None)
        wave = waves.setdefault(wait, Wave(partial(self._leave, scope, penalties)))
        wave.calls += 1
        return Slot(wait / _US, then, wave)

    async def _leave(self, scope: str, penalties: int, calls: int) -> Leave:
        """Whether so many may go now: not after a 429 that has come while they waited; later, behind late ones."""
        answer = await self._ask("go_out", scope, [], self._rate, penalties, calls)
        return Leave(0, Then.GO) if answer is None else Leave(answer[0] / _US, Then(answer[1]))

    async def _ask(
        self, operation: str, scope: str, stores: Sequence[str], *numbers: float
    ) -> list[int] | None:
        """Redis's answer, or None while it is away. A Redis that does not answer is not asked again for a while."""
        if self._clock() < self._ask_again_at:
            return None
        budget = f"{self._name}:{scope}"
        keys = [budget, f"{budget}:gone"]
        for own in (f"{self._name}:{own_pause(store)}" for store in stores):
            keys += own, f"{own}:calls"
        arguments = [operation, *(repr(float(number)) for number in numbers)]
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._script(keys, arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._ask_again_at = self._clock() + AWAY_SECONDS - self._wall() % AWAY_SECONDS
            log.warning("budget.redis_away", scope=scope, why=type(error).__name__)
            return None

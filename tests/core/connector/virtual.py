"""Many callers of one budget on a clock of our own: nothing waits, everything happens in the order of its time."""

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from datetime import timedelta
from itertools import count
from random import Random

from redis.asyncio import Redis

from onboarder.connector.budget import Budget, in_lane
from onboarder.connector.errors import RateLimited
from onboarder.model.work import Lane
from onboarder_rehearsal.server.pace import Count

CLOCK = "virtual:clock"
BEGIN = 1_000_000.0
PARKED = 1.0
"""Seconds by which refused work comes back later than it was told, at most: as the loop does it."""


def on_virtual_clock(script: str) -> str:
    """The script as it is, but for where it reads the time."""
    return script.replace("redis.call('TIME')", f"{{0, redis.call('GET', '{CLOCK}')}}")


class VirtualTime:
    """Runs tasks one at a time, each until it sleeps; then the clock goes on to the next that wakes."""

    def __init__(self, redis: "Redis") -> None:
        self.now = BEGIN
        self.behind = 0.0
        """Seconds by which the clock of Redis's host is behind."""
        self._redis = redis
        self._order = count()
        self._asleep: list[tuple[float, int, asyncio.Future[None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._awake = 0
        self._idle = asyncio.Event()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._asleep, (self.now + max(0.0, seconds), next(self._order), waker))
        self._rest()
        await waker

    def start(self, work: Coroutine[object, object, None]) -> None:
        self._awake += 1
        self._idle.clear()
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(lambda _: self._rest())
        self._tasks.add(task)

    async def run(self, seconds: float) -> None:
        """Let so much time pass."""
        until = self.now + seconds
        await self.set(self.now)
        if self._awake:
            await self._idle.wait()
        while self._asleep and self._asleep[0][0] <= until:
            at, _, waker = heapq.heappop(self._asleep)
            await self.set(at)
            self._awake += 1
            self._idle.clear()
            waker.set_result(None)
            await self._idle.wait()
        await self.set(until)

    async def set(self, at: float) -> None:
        self.now = at
        await self._redis.set(CLOCK, round((at - self.behind) * 1_000_000))

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _rest(self) -> None:
        self._awake -= 1
        if self._awake == 0:
            self._idle.set()


class Market:
    """A marketplace with a ceiling, at the end of a way that takes up to `jitter` seconds; it says wait a second."""

    def __init__(
        self, time: VirtualTime, counting: Count, ceiling: float, *, jitter: float
    ) -> None:
        self.ceiling = ceiling
        self.held_up = 0.0
        """Seconds that everything on its way now takes longer."""
        self.arrivals: list[tuple[float, bool]] = []
        """Seconds since the beginning, and whether the call was let through."""
        self._time, self._counting, self._jitter = time, counting, jitter
        self._random = Random(20_261_127)

    async def call(self, budget: Budget) -> bool:
        await self._time.sleep(self.held_up + self._random.random() * self._jitter)
        well = self._counting.wait(self.ceiling, self._time.now) == 0
        self.arrivals.append((self._time.now - BEGIN, well))
        await self._time.sleep(0.12 + 0.06 * self._random.random() if well else 0.001)
        if not well:
            await budget.penalise("app", timedelta(seconds=1))
        return well

    def seed(self) -> float:
        """A draw of chance for one who calls here."""
        return self._random.random()

    def used(self, begin: float, end: float) -> float:
        """Share of the present ceiling that was let through between these seconds."""
        return len(self._of(begin, end, well=True)) / (end - begin) / self.ceiling

    def refused(self, begin: float, end: float) -> int:
        return len(self._of(begin, end, well=False))

    def _of(self, begin: float, end: float, *, well: bool) -> list[float]:
        return [at for at, so in self.arrivals if begin <= at < end and so is well]


async def calling(
    time: VirtualTime,
    budget: Budget,
    market: Market,
    *,
    lane: Lane = Lane.NIGHT,
    told: Callable[[float], None] | None = None,
) -> None:
    """Somebody with endless work; `told` hears how long each call waited for its slot."""
    random = Random(market.seed())
    while True:
        asked = time.now
        try:
            with in_lane(lane):
                await budget.acquire("app")
        except RateLimited as limited:
            wait = limited.retry_after.total_seconds()
            await time.sleep(wait + PARKED * random.random())
            continue
        if told is not None:
            told(time.now - asked)
        if not await market.call(budget):
            await time.sleep(1 + PARKED * random.random())

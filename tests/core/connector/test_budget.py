"""The rate budget: no call too early, none refused that could wait, the same rule with and without Redis."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from itertools import cycle
from math import floor

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from onboarder.connector import budget_shared
from onboarder.connector.budget import (
    LONGEST_WAIT,
    USED_SHARE,
    Budget,
    LocalBudget,
    UnlimitedBudget,
    in_lane,
)
from onboarder.connector.budget_shared import AWAY_SECONDS, LOCAL_SHARE, SharedBudget
from onboarder.connector.errors import RateLimited
from onboarder.model.work import Lane
from tests.core.connector.virtual import BEGIN, CLOCK, VirtualTime, on_virtual_clock

RATE = 10.0
INTERVAL = 1 / (RATE * USED_SHARE)
PERIOD, PERIOD_OF_4 = 1.0288, 1.0368
"""Seconds from one wave of ten calls to the next, and from one of four."""
DOUBTED = 0.9931
"""Share that is still used after a wave with many refusals that is no new ceiling yet."""


class Naps:
    """Notes the waits; the clock, Redis's as well, goes on by them."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.now = 1000.0
        self.redis: Redis | None = None

    async def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)
        await self.forward(seconds)

    async def forward(self, seconds: float) -> None:
        self.now += seconds
        if self.redis is not None:
            await self.redis.set(CLOCK, round(self.now * 1_000_000))

    def clock(self) -> float:
        return self.now


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def local(naps: Naps) -> LocalBudget:
    return LocalBudget(RATE, clock=naps.clock, sleep=naps.sleep)


@pytest.fixture
async def redis(
    redis_url: str, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator["Redis"]:
    """A Redis whose script goes by the clock of the naps."""
    monkeypatch.setattr(budget_shared, "SCRIPT", on_virtual_clock(budget_shared.SCRIPT))
    connection = Redis.from_url(redis_url)
    naps.redis = connection
    await naps.forward(0)
    yield connection
    await connection.aclose()


def shared(redis: "Redis", naps: Naps) -> SharedBudget:
    return SharedBudget(
        redis, "rehearsal", RATE, clock=naps.clock, sleep=naps.sleep, wall=naps.clock
    )


async def times(naps: Naps, *budgets_in_turn: Budget, calls: int) -> list[float]:
    """When calls of the stall's lane were sent, one after the other."""
    begin, sent = naps.now, list[float]()
    with in_lane(Lane.STALL):
        for _, budget in zip(range(calls), cycle(budgets_in_turn), strict=False):
            await budget.acquire("app")
            sent.append(naps.now - begin)
    return sent


async def lowered(naps: Naps, budget: Budget, *, to: int) -> None:
    """A wave of ten calls of which so many are let through."""
    await times(naps, budget, calls=10)
    for _ in range(10 - to):
        await budget.penalise("app", timedelta(seconds=1))


async def test_local_calls_are_spaced_by_the_used_share_of_the_rate(
    local: LocalBudget, naps: Naps
) -> None:
    sent = await times(naps, local, calls=4)

    assert sent == pytest.approx([0, INTERVAL, 2 * INTERVAL, 3 * INTERVAL])


async def test_local_time_that_passes_frees_slots(local: LocalBudget, naps: Naps) -> None:
    await local.acquire("app")
    naps.now += 60
    await local.acquire("app")

    assert naps.taken == [0, 0]


async def test_local_scopes_do_not_slow_each_other(local: LocalBudget, naps: Naps) -> None:
    await local.acquire("app")
    await local.acquire("store-1")

    assert naps.taken == [0, 0]


async def test_local_calls_without_a_near_slot_keep_their_place_for_a_while_before_they_are_refused() -> (
    None
):
    """Refused at once, another store's call would only come in its place, and be refused too."""
    waits = list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    full, longest = LocalBudget(RATE, clock=lambda: 0.0, sleep=sleep), LONGEST_WAIT[Lane.NIGHT]
    with in_lane(Lane.NIGHT):
        for _ in range(int(longest / INTERVAL) + 1):
            await full.acquire("app")
        assert max(waits) < longest
        with pytest.raises(RateLimited):
            await full.acquire("app")

    assert waits[-1] == longest


async def test_local_penalty_refuses_until_it_has_passed(local: LocalBudget, naps: Naps) -> None:
    await local.penalise("app", timedelta(seconds=30))

    with pytest.raises(RateLimited) as caught:
        await local.acquire("app")
    naps.now += 30
    await local.acquire("app")

    assert caught.value.retry_after == timedelta(seconds=30)
    assert caught.value.scope == "app"
    assert naps.taken == [0]


async def test_unlimited_never_waits_and_never_refuses() -> None:
    budget = UnlimitedBudget()
    await budget.penalise("app", timedelta(hours=1))

    for _ in range(100):
        await budget.acquire("app")


async def test_two_processes_share_one_budget(redis: "Redis", naps: Naps) -> None:
    sent = await times(naps, shared(redis, naps), shared(redis, naps), calls=30)

    assert sent == pytest.approx([0] * 10 + [PERIOD] * 10 + [2 * PERIOD] * 10, abs=0.001)


async def test_scopes_and_marketplaces_are_apart(redis: "Redis", naps: Naps) -> None:
    other = SharedBudget(redis, "mercur", RATE, clock=naps.clock, sleep=naps.sleep)
    await times(naps, shared(redis, naps), calls=10)

    await shared(redis, naps).acquire("store-1")
    await other.acquire("app")

    assert not any(naps.taken)


async def test_a_person_at_the_stall_finds_a_near_slot_when_the_night_has_filled_its_own(
    redis: "Redis",
) -> None:
    time, night, person = VirtualTime(redis), list[float](), list[float]()
    budget = SharedBudget(redis, "rehearsal", RATE, clock=time.clock, sleep=time.sleep)

    async def one(lane: Lane, sent: list[float]) -> None:
        with in_lane(lane), suppress(RateLimited):
            await budget.acquire("app")
            sent.append(time.now - BEGIN)

    for _ in range(60):
        time.start(one(Lane.NIGHT, night))
    await time.run(0.5)
    time.start(one(Lane.STALL, person))
    await time.run(0.7)
    await time.aclose()

    assert sorted(night) == pytest.approx([0.0] * 10 + [PERIOD] * 9, abs=0.001)
    assert person == pytest.approx([PERIOD], abs=0.001)


async def test_a_penalty_holds_every_process_back_until_it_is_over(
    redis: "Redis", naps: Naps
) -> None:
    here, there = shared(redis, naps), shared(redis, naps)

    await here.penalise("app", timedelta(seconds=2))

    assert (await times(naps, there, here, calls=2)) == pytest.approx([2, 2], abs=0.01)


async def test_calls_refused_teach_every_process_what_the_ceiling_is(
    redis: "Redis", naps: Naps
) -> None:
    here, there = shared(redis, naps), shared(redis, naps)
    await lowered(naps, here, to=4)
    await lowered(naps, here, to=4)

    sent = await times(naps, there, calls=8)

    period = PERIOD_OF_4 / DOUBTED
    assert sent == pytest.approx([period] * 4 + [2 * period] * 4, abs=0.001)


async def test_a_way_that_was_held_up_once_is_no_new_ceiling(redis: "Redis", naps: Naps) -> None:
    budget = shared(redis, naps)
    await lowered(naps, budget, to=4)

    assert (await times(naps, budget, calls=10))[-1] == pytest.approx(1, abs=0.05)


async def test_one_refusal_is_no_new_ceiling(redis: "Redis", naps: Naps) -> None:
    budget = shared(redis, naps)
    await times(naps, budget, calls=10)
    await budget.penalise("app", timedelta(seconds=1))

    assert (await times(naps, budget, calls=10))[-1] == pytest.approx(PERIOD, abs=0.05)


async def test_a_long_penalty_is_told_to_the_caller(redis: "Redis", naps: Naps) -> None:
    budget = shared(redis, naps)

    await budget.penalise("app", timedelta(minutes=10))
    with in_lane(Lane.STALL), pytest.raises(RateLimited) as caught:
        await budget.acquire("app")

    assert caught.value.retry_after.total_seconds() == pytest.approx(600, abs=1)


async def test_more_than_what_was_learned_is_tried_again(redis: "Redis", naps: Naps) -> None:
    budget, key = shared(redis, naps), "onboarder:budget:rehearsal:app"
    await lowered(naps, budget, to=2)
    await lowered(naps, budget, to=2)

    sent = await times(naps, budget, calls=150)

    in_a_second = [sum(at <= one < at + 1 for one in sent) for at in sent]
    assert (in_a_second[0], max(in_a_second)) == (2, RATE)
    assert await redis.pttl(key) > 0


async def test_without_redis_a_slower_local_budget_takes_over(naps: Naps) -> None:
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1)
    budget = shared(away, naps)

    with in_lane(Lane.STALL):
        await budget.acquire("app")
        await budget.acquire("app")
    await budget.penalise("app", timedelta(seconds=60))
    with pytest.raises(RateLimited):
        await budget.acquire("app")
    await away.aclose()

    whole = floor(RATE * LOCAL_SHARE)
    assert naps.taken == pytest.approx([0, INTERVAL * RATE / whole], abs=0.05)


async def test_a_redis_that_does_not_answer_is_asked_again_only_after_a_while(naps: Naps) -> None:
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1)
    budget = shared(away, naps)

    with capture_logs() as logs, in_lane(Lane.STALL):
        await budget.acquire("app")
        await budget.acquire("app")
        asked = len(logs)
        naps.now += AWAY_SECONDS
        await budget.acquire("app")
    await away.aclose()

    assert (asked, len(logs)) == (1, 2)


@pytest.mark.parametrize("is_shared", [True, False])
async def test_a_call_that_waits_for_its_slot_hears_of_a_429_that_comes_meanwhile(
    redis: "Redis", naps: Naps, is_shared: bool
) -> None:
    def made() -> Budget:
        local = LocalBudget(RATE, clock=naps.clock, sleep=sleep)
        if not is_shared:
            return local
        return SharedBudget(redis, "rehearsal", RATE, clock=naps.clock, sleep=sleep)

    async def sleep(seconds: float) -> None:
        if seconds:
            await other.penalise("app", timedelta(seconds=30))
        await naps.sleep(seconds)

    waiting = made()
    other = made() if is_shared else waiting
    await times(naps, waiting, calls=10 if is_shared else 1)
    with in_lane(Lane.STALL), pytest.raises(RateLimited) as caught:
        await waiting.acquire("app")

    assert caught.value.retry_after.total_seconds() == pytest.approx(30, abs=2)


@pytest.mark.parametrize("is_shared", [True, False])
async def test_a_store_that_was_refused_alone_waits_alone(
    redis: "Redis", naps: Naps, is_shared: bool
) -> None:
    here: Budget = shared(redis, naps) if is_shared else LocalBudget(RATE, sleep=naps.sleep)
    there = shared(redis, naps) if is_shared else here
    with in_lane(Lane.STALL, "kutai"):
        await here.pause_store(timedelta(seconds=3))
    with in_lane(Lane.STALL, "melati"):
        await there.acquire("app")

    for budget in (here, there):
        with in_lane(Lane.STALL, "kutai"), pytest.raises(RateLimited) as caught:
            await budget.acquire("app")
        assert caught.value.retry_after.total_seconds() == pytest.approx(3, abs=0.5)


async def test_a_redis_that_forgets_shortens_no_pause_that_we_were_told_ourselves(
    redis: "Redis", naps: Naps
) -> None:
    budget = shared(redis, naps)
    await budget.penalise("app", timedelta(seconds=30))
    await redis.flushall()

    with in_lane(Lane.STALL), pytest.raises(RateLimited):
        await budget.acquire("app")

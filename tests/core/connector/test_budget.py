"""The rate budget: no call too early, none refused that could wait, the same rule with and without Redis."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from onboarder.connector.budget import (
    AWAY_SECONDS,
    LOCAL_SHARE,
    LONGEST_WAIT,
    USED_SHARE,
    Budget,
    LocalBudget,
    SharedBudget,
    UnlimitedBudget,
    in_lane,
)
from onboarder.connector.errors import RateLimited
from onboarder.model.work import Lane

RATE = 10.0
INTERVAL = 1 / (RATE * USED_SHARE)
SLACK = 0.05
"""Seconds the Redis server's own clock may go on between two calls of a test."""


class Naps:
    """Notes the waits instead of waiting."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.now = 1000.0

    async def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)

    def clock(self) -> float:
        return self.now


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def local(naps: Naps) -> LocalBudget:
    return LocalBudget(RATE, clock=naps.clock, sleep=naps.sleep)


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator["Redis"]:
    connection = Redis.from_url(redis_url)
    yield connection
    await connection.aclose()


def shared(redis: "Redis", naps: Naps) -> SharedBudget:
    return SharedBudget(redis, "rehearsal", RATE, sleep=naps.sleep)


async def filled(budget: Budget, lane: Lane) -> int:
    """How many calls of that lane get a slot before one is refused."""
    with in_lane(lane):
        for taken in range(1000):
            try:
                await budget.acquire("app")
            except RateLimited:
                return taken
    raise AssertionError("never refused")


async def test_local_calls_are_spaced_by_the_used_share_of_the_rate(
    local: LocalBudget, naps: Naps
) -> None:
    with in_lane(Lane.STALL):
        for _ in range(4):
            await local.acquire("app")

    assert naps.taken == pytest.approx([0, INTERVAL, 2 * INTERVAL, 3 * INTERVAL])


async def test_local_time_that_passes_frees_slots(local: LocalBudget, naps: Naps) -> None:
    await local.acquire("app")
    naps.now += 60
    await local.acquire("app")

    assert naps.taken == [0, 0]


async def test_local_scopes_do_not_slow_each_other(local: LocalBudget, naps: Naps) -> None:
    await local.acquire("app")
    await local.acquire("store-1")

    assert naps.taken == [0, 0]


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
    here, there = shared(redis, naps), shared(redis, naps)

    with in_lane(Lane.STALL):
        for budget in (here, there) * 3:
            await budget.acquire("app")

    expected = [place * INTERVAL for place in range(6)]
    assert naps.taken == pytest.approx(expected, abs=SLACK)


async def test_scopes_and_marketplaces_are_apart(redis: "Redis", naps: Naps) -> None:
    other = SharedBudget(redis, "mercur", RATE, sleep=naps.sleep)

    await shared(redis, naps).acquire("app")
    await shared(redis, naps).acquire("store-1")
    await other.acquire("app")

    assert naps.taken == pytest.approx([0, 0, 0], abs=SLACK)


async def test_a_person_at_the_stall_finds_a_near_slot_when_the_night_has_filled_its_own(
    redis: "Redis", naps: Naps
) -> None:
    budget = shared(redis, naps)

    night = await filled(budget, Lane.NIGHT)
    with in_lane(Lane.STALL):
        await budget.acquire("app")

    assert night == pytest.approx(LONGEST_WAIT[Lane.NIGHT] / INTERVAL, abs=2)
    assert naps.taken[-1] <= LONGEST_WAIT[Lane.NIGHT] + INTERVAL


async def test_a_refused_call_takes_no_slot(redis: "Redis", naps: Naps) -> None:
    budget = shared(redis, naps)
    await filled(budget, Lane.NIGHT)
    last = naps.taken[-1]

    for _ in range(50):
        with pytest.raises(RateLimited):
            await budget.acquire("app")
    with in_lane(Lane.STALL):
        await budget.acquire("app")

    assert naps.taken[-1] <= last + INTERVAL


async def test_a_penalty_holds_every_process_back_and_halves_the_rate(
    redis: "Redis", naps: Naps
) -> None:
    here, there = shared(redis, naps), shared(redis, naps)

    await here.penalise("app", timedelta(seconds=2))
    with in_lane(Lane.STALL):
        for budget in (there, here, there):
            await budget.acquire("app")

    assert naps.taken == pytest.approx([2, 2 + 2 * INTERVAL, 2 + 4 * INTERVAL], abs=SLACK)


async def test_a_long_penalty_is_told_to_the_caller(redis: "Redis", naps: Naps) -> None:
    budget = shared(redis, naps)

    await budget.penalise("app", timedelta(minutes=10))
    with in_lane(Lane.STALL), pytest.raises(RateLimited) as caught:
        await budget.acquire("app")

    assert caught.value.retry_after.total_seconds() == pytest.approx(600, abs=1)


async def test_the_rate_grows_back_in_the_minute_after_a_penalty(
    redis: "Redis", naps: Naps
) -> None:
    budget, key = shared(redis, naps), "onboarder:budget:rehearsal:app"
    await budget.penalise("app", timedelta(0))
    await _move_back(redis, key, seconds=60)

    with in_lane(Lane.STALL):
        for _ in range(3):
            await budget.acquire("app")

    assert naps.taken == pytest.approx([0, INTERVAL, 2 * INTERVAL], abs=SLACK)
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

    assert naps.taken == pytest.approx([0, INTERVAL / LOCAL_SHARE], abs=SLACK)


async def test_a_redis_that_does_not_answer_is_asked_again_only_after_a_while(naps: Naps) -> None:
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1)
    budget = SharedBudget(away, "rehearsal", RATE, clock=naps.clock, sleep=naps.sleep)

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
        return SharedBudget(redis, "rehearsal", RATE, sleep=sleep) if is_shared else local

    async def sleep(seconds: float) -> None:
        naps.taken.append(seconds)
        if seconds and len(naps.taken) == 2:
            await other.penalise("app", timedelta(seconds=30))

    waiting = made()
    other = made() if is_shared else waiting
    with in_lane(Lane.STALL):
        await waiting.acquire("app")
        with pytest.raises(RateLimited) as caught:
            await waiting.acquire("app")

    assert caught.value.retry_after.total_seconds() == pytest.approx(30, abs=1)


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


async def _move_back(redis: "Redis", key: str, *, seconds: int) -> None:
    """As if the penalty had been that much earlier."""
    for name in ("at", "next"):
        value = float((await redis.hget(key, name)) or 0)  # type: ignore[misc]  # redis-py types it as either
        await redis.hset(key, name, str(value - seconds * 1_000_000))  # type: ignore[misc]  # as above

"""What the budget makes of a marketplace's ceiling: used up, never beyond, found again when it moves."""

from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from random import Random

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from onboarder.connector import budget_shared
from onboarder.connector.budget import LONGEST_WAIT, in_lane
from onboarder.connector.budget_shared import SharedBudget
from onboarder.connector.errors import RateLimited
from onboarder.connector.waves import Sleep
from onboarder.model.work import Lane
from onboarder_rehearsal.server.pace import COUNTS
from onboarder_rehearsal.server.rules import Counted
from tests.core.connector.virtual import Market, VirtualTime, calling, on_virtual_clock

CEILING = 10
CALLERS = 15
"""Of each process."""
JITTER = 0.06
SETTLED = 5.0
"""Seconds within which a new ceiling must be found."""
PERIOD = 1.0288


@pytest.fixture
async def redis(valkey_server: str) -> AsyncGenerator["Redis"]:
    connection = Redis.from_url(valkey_server)
    await connection.flushall()
    yield connection
    await connection.aclose()


@pytest.fixture
async def time(redis: "Redis", monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[VirtualTime]:
    monkeypatch.setattr(budget_shared, "SCRIPT", on_virtual_clock(budget_shared.SCRIPT))
    virtual = VirtualTime(redis)
    yield virtual
    await virtual.aclose()


Crowd = Callable[[Counted], Market]


@pytest.fixture
def crowd(redis: "Redis", time: VirtualTime) -> Crowd:
    """Two processes with more work than the ceiling allows."""

    def gather(counted: Counted) -> Market:
        market = Market(time, COUNTS[counted](), CEILING, jitter=JITTER)
        for budget in (process(redis, time), process(redis, time)):
            for _ in range(CALLERS):
                time.start(calling(time, budget, market))
        return market

    return gather


def process(
    redis: "Redis",
    time: VirtualTime,
    *,
    per_store: float | None = None,
    rate: float = CEILING,
) -> SharedBudget:
    """One process's own view of the budget."""
    return SharedBudget(
        redis,
        "rehearsal",
        rate,
        per_store=per_store,
        clock=time.clock,
        sleep=time.sleep,
        wall=time.clock,
    )


@pytest.mark.parametrize("counted", ["fixed", "bucket", "sliding"])
async def test_the_ceiling_is_used_up_and_hardly_ever_touched(
    time: VirtualTime, crowd: Crowd, counted: Counted
) -> None:
    market = crowd(counted)

    await time.run(44)

    assert market.used(3, 44) >= (0.95 if counted == "sliding" else 0.97)
    assert market.refused(0, 44) <= (6 if counted == "sliding" else 0)  # one in 300 is usual


@pytest.mark.parametrize("counted", ["fixed", "sliding"])
async def test_a_ceiling_that_drops_is_found_used_and_found_again_when_it_rises(
    time: VirtualTime, crowd: Crowd, counted: Counted
) -> None:
    market = crowd(counted)
    await time.run(3)
    market.ceiling = CEILING // 3
    await time.run(SETTLED + 40)
    low = market.used(3 + SETTLED, 48), market.refused(3 + SETTLED, 48)
    market.ceiling = CEILING
    await time.run(52)

    assert low[0] >= (0.9 if counted == "sliding" else 0.95)  # waves of three even out little
    assert low[1] <= 5
    assert market.used(90, 100) >= 0.9


async def test_a_way_that_is_held_up_once_costs_no_more_than_the_pause_that_is_told(
    time: VirtualTime, crowd: Crowd
) -> None:
    """A wave comes late and the next in time: to a strict log that looks as if the ceiling had dropped."""
    market = crowd("sliding")
    await time.run(10)
    market.held_up = 0.15
    await time.run(1)
    market.held_up = 0
    await time.run(19)

    assert market.refused(10, 13) >= 5
    assert market.used(14, 30) >= 0.95


async def test_a_redis_that_forgets_everything_lets_no_second_burst_out(
    redis: "Redis", time: VirtualTime, crowd: Crowd
) -> None:
    market = crowd("fixed")
    for _ in range(4):
        await time.run(2.3)
        await redis.flushall()
        await redis.script_flush()
    await time.run(5)

    assert market.refused(0, 14) == 0
    assert market.used(0, 14) >= 0.7


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_redis_that_goes_away_and_comes_back_lets_no_second_burst_out(
    redis: "Redis", time: VirtualTime, monkeypatch: pytest.MonkeyPatch, *, forgets: bool
) -> None:
    """It knows nothing of what went out without it, and who goes on without it nothing of the others."""
    market = Market(time, COUNTS["sliding"](), CEILING, jitter=0)
    budgets = [process(redis, time) for _ in range(4)]
    for budget in budgets:
        for _ in range(CALLERS // 2):
            time.start(calling(time, budget, market))
    await time.run(10)

    with monkeypatch.context() as patch:
        for budget in budgets:
            patch.setattr(budget, "_script", _away)
            await time.run(0.7)  # each notices when it asks
        await time.run(8)
    if forgets:
        await redis.flushall()
        await time.set(time.now)
    await time.run(36)

    assert market.refused(12.8, 56.8) == 0
    assert market.used(14, 20) >= 0.7
    assert market.used(26, 56) >= 0.93  # of 30 waves one may begin just outside


async def _away(*_: object) -> list[int]:
    raise RedisConnectionError


async def test_people_at_stalls_wait_one_wave_while_the_night_takes_all_it_can(
    redis: "Redis", time: VirtualTime, crowd: Crowd
) -> None:
    market, waits = crowd("fixed"), list[float]()
    await time.run(5)
    for _ in range(2):
        time.start(calling(time, process(redis, time), market, lane=Lane.STALL, told=waits.append))

    await time.run(15)

    assert len(waits) > 20
    assert max(waits) <= PERIOD + 0.1
    assert market.used(5, 20) >= 0.95


async def test_the_night_s_work_waits_for_the_wave_after_the_next_and_is_seldom_parked(
    redis: "Redis", time: VirtualTime
) -> None:
    """Parking costs a pass, and another store's pass comes in its place."""
    market, parked = Market(time, COUNTS["fixed"](), CEILING, jitter=JITTER), list[float]()
    budget = process(redis, time)

    async def place_for_passes() -> None:
        while True:
            with in_lane(Lane.NIGHT):
                try:
                    await budget.acquire("app")
                except RateLimited:
                    parked.append(time.now)
                    await time.sleep(0.02)
                    continue
            await market.call(budget)

    for _ in range(2 * CEILING):
        time.start(place_for_passes())
    for _ in range(3):
        time.start(calling(time, budget, market, lane=Lane.STALL))
    await time.run(20)

    assert len(parked) <= 6 * CEILING  # thousands if it waits for one wave only
    assert market.used(3, 20) >= 0.95


async def test_a_night_s_call_that_people_leave_no_slot_is_parked_before_its_time_is_over(
    redis: "Redis", time: VirtualTime
) -> None:
    market, waited = Market(time, COUNTS["fixed"](), CEILING, jitter=JITTER), list[float]()
    budget = process(redis, time)

    async def in_vain() -> None:
        asked = time.now
        with in_lane(Lane.NIGHT), pytest.raises(RateLimited):
            await budget.acquire("app")
        waited.append(time.now - asked)

    for _ in range(3 * CEILING):
        time.start(calling(time, budget, market, lane=Lane.STALL))
    await time.run(10)
    time.start(in_vain())
    await time.run(5)

    assert len(waited) == 1
    assert waited[0] <= LONGEST_WAIT[Lane.NIGHT] + 2 * PERIOD


async def test_no_store_calls_more_often_than_it_may_and_the_app_s_budget_is_used_all_the_same(
    redis: "Redis", time: VirtualTime
) -> None:
    own, budget = dict[str, list[float]](), process(redis, time, per_store=2)

    async def one(store: str) -> None:
        while True:
            with in_lane(Lane.STALL, store):
                await budget.acquire("app")
            own.setdefault(store, []).append(time.now)
            await time.sleep(0.01)

    for number in range(6):
        time.start(one(f"knm-{number}"))
    await time.run(20)

    for calls in own.values():
        assert all(later - sooner >= 1 for sooner, later in zip(calls, calls[2:], strict=False))
    assert sum(map(len, own.values())) >= 0.93 * CEILING * 20
    assert LONGEST_WAIT[Lane.STALL] > PERIOD


async def test_processes_that_are_late_make_those_after_them_wait(
    redis: "Redis", time: VirtualTime
) -> None:
    def busy(process: int) -> Sleep:
        """Up to 0.3 s late, all who wake at that moment alike."""

        async def sleep(seconds: float) -> None:
            late = Random(f"{process} {time.now + seconds:.3f}").random() if seconds else 0
            await time.sleep(seconds + 0.3 * late)

        return sleep

    market = Market(time, COUNTS["sliding"](), CEILING, jitter=0)
    for number in range(2):
        budget = SharedBudget(redis, "rehearsal", CEILING, clock=time.clock, sleep=busy(number))
        for _ in range(CALLERS):
            time.start(calling(time, budget, market))

    await time.run(40)

    assert market.refused(0, 40) == 0
    assert market.used(5, 40) >= 0.85


async def test_refusals_far_below_the_ceiling_leave_most_of_it(
    redis: "Redis", time: VirtualTime
) -> None:
    """What was let through says what the ceiling is only if it was in use."""
    rate, refusals, waits = 200, 6, list[float]()
    budget = SharedBudget(redis, "rehearsal", rate, clock=time.clock, sleep=time.sleep)

    async def unlucky() -> None:
        for _ in range(refusals):
            with in_lane(Lane.STALL):
                await budget.acquire("app")
            await time.sleep(0.05)
            await budget.penalise("app", timedelta(seconds=2))

    async def person() -> None:
        asked = time.now
        with in_lane(Lane.STALL):
            await budget.acquire("app")
        waits.append(time.now - asked)

    time.start(unlucky())
    await time.run(refusals * 2.1)
    for _ in range(3 * rate // 40):
        time.start(person())
    await time.run(2)

    assert len(waits) == 3 * rate // 40
    assert max(waits) <= 2


@pytest.mark.parametrize("rate", [2.5, 7.5])
async def test_a_rate_with_a_fraction_puts_no_more_into_any_second_than_it_says(
    redis: "Redis", time: VirtualTime, rate: float
) -> None:
    market = Market(time, COUNTS["sliding"](), rate, jitter=0)
    budget = process(redis, time, rate=rate)
    for _ in range(CALLERS):
        time.start(calling(time, budget, market))

    await time.run(20)

    begins = [at for at, _ in market.arrivals]
    assert max(sum(at <= one < at + 1 for one in begins) for at in begins) == int(rate)
    assert market.refused(0, 20) == 0
    assert market.used(3, 20) >= 0.95 * int(rate) / rate


async def test_a_clock_that_is_set_back_holds_nobody_up_for_longer_than_a_second(
    redis: "Redis", time: VirtualTime
) -> None:
    """Redis began anew on a host whose clock is an hour behind."""
    waited = list[float]()
    budget = process(redis, time)
    market = Market(time, COUNTS["bucket"](), CEILING, jitter=0)
    for _ in range(CALLERS):
        time.start(calling(time, budget, market, told=waited.append))
    await time.run(5)
    before = len(waited)
    time.behind = 3600.0

    await time.run(10)

    assert max(waited) <= 3 * PERIOD
    assert len(waited) - before >= 0.8 * 10 * CEILING

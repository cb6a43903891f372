"""The breaker: a marketplace that is down is asked by one probe at a time."""

from datetime import UTC, datetime, timedelta

import pytest

from onboarder.connector.breaker import (
    LONGEST_PAUSE,
    OF_STORES,
    PROBE_ENDS,
    TRIPS_AT,
    Breaker,
)
from onboarder.connector.errors import RateLimited


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for number in range(TRIPS_AT):
        breaker.enter()
        breaker.failed(f"store {number}")
    return breaker


def test_a_few_failures_stop_nobody(clock: Clock) -> None:
    breaker = Breaker(clock)
    for _ in range(TRIPS_AT - 1):
        breaker.failed()
    breaker.check()
    breaker.worked()
    for _ in range(TRIPS_AT - 1):
        breaker.failed()
    breaker.check()


def test_many_failures_in_a_row_stop_everybody_until_a_moment_that_is_told(opened: Breaker) -> None:
    with pytest.raises(RateLimited) as refused:
        opened.check()
    assert timedelta() < refused.value.retry_after <= LONGEST_PAUSE


def test_one_store_in_trouble_of_its_own_stops_nobody(clock: Clock) -> None:
    breaker = Breaker(clock)
    for number in range(10 * TRIPS_AT):
        breaker.enter()
        breaker.failed(f"store {number % (OF_STORES - 1)}")
    breaker.check()


def test_a_failed_read_is_worth_repeating_only_while_little_fails(clock: Clock) -> None:
    breaker = Breaker(clock)
    assert breaker.calm
    for _ in range(TRIPS_AT - 1):
        breaker.failed()
    assert not breaker.calm
    breaker.worked()
    assert breaker.calm


def test_after_the_pause_one_call_is_the_probe(opened: Breaker, clock: Clock) -> None:
    clock.pass_by(2)
    opened.check()  # who only waits for the budget is not the probe yet
    opened.enter()
    with pytest.raises(RateLimited):
        opened.enter()


def test_calls_that_were_under_way_when_it_opened_do_not_make_the_pause_longer(
    opened: Breaker, clock: Clock
) -> None:
    for number in range(50):
        opened.failed(f"straggler {number}")
    clock.pass_by(1)
    opened.enter()


def test_a_probe_that_fails_makes_the_pause_longer_up_to_a_limit(
    opened: Breaker, clock: Clock
) -> None:
    for _ in range(8):
        clock.pass_by(LONGEST_PAUSE.total_seconds())
        opened.enter()
        opened.failed()
    with pytest.raises(RateLimited) as refused:
        opened.enter()
    assert refused.value.retry_after == LONGEST_PAUSE


def test_a_probe_that_works_lets_everybody_through(opened: Breaker, clock: Clock) -> None:
    clock.pass_by(2)
    opened.enter()
    opened.worked()
    for _ in range(100):
        opened.enter()


def test_a_probe_that_says_nothing_is_followed_by_another_at_once(
    opened: Breaker, clock: Clock
) -> None:
    clock.pass_by(2)
    opened.enter()
    opened.unheard()
    opened.enter()


def test_a_probe_that_never_comes_back_is_followed_by_another(
    opened: Breaker, clock: Clock
) -> None:
    clock.pass_by(2)
    opened.enter()
    clock.pass_by(PROBE_ENDS.total_seconds())
    opened.enter()


def test_a_clock_that_was_set_back_stops_nobody_for_longer_than_a_pause(
    opened: Breaker, clock: Clock
) -> None:
    clock.pass_by(LONGEST_PAUSE.total_seconds())
    assert opened.enter()
    clock.pass_by(-3600)

    assert opened.enter()

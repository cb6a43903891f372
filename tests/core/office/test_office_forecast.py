"""The forecast: known answers, honest silence, and an interval as wide as the days are uneven."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import sqrt

from hypothesis import given, settings
from hypothesis import strategies as st

from onboarder.office.forecast import Forecast, Prospect, forecast

STEADY = settings(derandomize=True, deadline=None, max_examples=40)
MONDAY = date(2026, 11, 2)
TODAY = date(2026, 11, 23)
"""A Monday, three weeks later."""
END = date(2026, 12, 31)
LEFT = 34
"""Working days from that Monday to the end of the year: five full weeks and four days."""


def test_an_even_pace_goes_on_evenly() -> None:
    told = told_of([30] * 18)

    assert (told.pace, told.days_seen, told.days_left) == (30, 12, LEFT)
    assert (told.likely_low, told.expected, told.likely_high) == (540 + 30 * LEFT,) * 3
    assert told.prospect is Prospect.SHORT
    assert told.needed == (2000 - 540) / LEFT


def test_only_the_last_two_weeks_tell_the_pace() -> None:
    told = told_of([0, 0, 3, 5, 8, 10, *[40] * 12])

    assert told.pace == 40


def test_the_interval_is_as_wide_as_uneven_days_make_it() -> None:
    """Known answer: days of 0 and 10 in turn, normal approximation of the drawn sums."""
    told = told_of([0, 10] * 9)
    spread = 1.2816 * 5 * sqrt(LEFT * (1 - 1 / 12) + LEFT**2 / 12)

    assert told.likely_low is not None
    assert told.likely_high is not None
    assert abs((told.likely_high - told.likely_low) - 2 * spread) < 0.15 * 2 * spread
    assert abs((told.likely_high + told.likely_low) / 2 - (90 + 5 * LEFT)) < 10


def test_four_days_are_too_few_to_tell() -> None:
    told = told_of([50] * 4, first=TODAY - timedelta(days=5))

    assert told.prospect is Prospect.TOO_FEW_DAYS
    assert (told.pace, told.expected, told.likely_low) == (None, None, None)
    assert told.needed is not None


def test_a_handful_of_results_is_too_few_to_tell() -> None:
    assert told_of([1, 0, 2] * 3).prospect is Prospect.TOO_FEW_DAYS


def test_nothing_at_all_is_too_few_to_tell() -> None:
    assert forecast({}, reached=0, target=9, today=TODAY, ends_on=END).days_seen == 0


def test_a_target_that_is_reached_is_said_to_be() -> None:
    assert told_of([120] * 18).prospect is Prospect.REACHED


def test_after_the_last_day_nothing_is_foretold() -> None:
    told = forecast({MONDAY: 50}, reached=50, target=99, today=END + timedelta(days=1), ends_on=END)

    assert told.prospect is Prospect.ENDED


def test_sundays_count_where_somebody_works_on_them() -> None:
    sunday = date(2026, 11, 22)
    told = told_of([30] * 18, also={sunday: 30})

    assert told.days_left == LEFT + 5
    assert told.pace is not None
    assert told.pace < 30, "the Sunday before was not worked"


def test_results_of_unknown_days_count_as_reached_but_tell_no_pace() -> None:
    told = told_of([30] * 18, unknown=300)

    assert told.pace == 30
    assert told.expected == 840 + 30 * LEFT


@STEADY
@given(st.lists(st.integers(0, 60), min_size=5, max_size=18), st.integers(0, 500))
def test_the_forecast_holds_its_own_expectation_and_never_goes_back(
    days: list[int], unknown: int
) -> None:
    told = told_of(days, unknown=unknown)

    if told.expected is not None:
        assert told.likely_low is not None
        assert told.likely_high is not None
        assert told.reached <= told.likely_low <= told.expected <= told.likely_high
    assert told_of(days, unknown=unknown) == told


def told_of(
    numbers: Sequence[int],
    *,
    first: date = MONDAY,
    unknown: int = 0,
    also: dict[date, int] | None = None,
) -> Forecast:
    """Results of one working day after the other; today has had none yet."""
    days = [first + timedelta(days=n) for n in range((TODAY - first).days)]
    results = dict(zip((day for day in days if day.weekday() != 6), numbers, strict=False))
    results |= also or {}
    reached = sum(results.values()) + unknown
    return forecast(results, reached=reached, target=2000, today=TODAY, ends_on=END)

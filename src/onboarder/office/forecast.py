"""How the programme will stand on its last day if the pace of the last working days goes on. Pure.

The interval comes from drawing the past days again: first a fortnight as it could just as well have been, then the days to
come out of it. So few days give a wide interval, and the same figures always the same one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from math import ceil, floor
from random import Random

SEEN_DAYS = 12
"""Working days looked back at: two weeks."""
LEAST_DAYS = 5
LEAST_RESULTS = 10
"""With fewer days or results nothing is foretold."""
DRAWS = 1000
TAIL = 0.1
"""Share of the draws outside the interval at each end: it holds in eight cases of ten."""
SUNDAY = 6


class Prospect(StrEnum):
    """What can be said of the target."""

    REACHED = "reached"
    ENDED = "ended"
    """The last day is over and the target was not reached."""
    TOO_FEW_DAYS = "too_few_days"
    ON_TRACK = "on_track"
    """The whole interval lies at or above the target."""
    UNSURE = "unsure"
    SHORT = "short"
    """The whole interval lies below the target."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """`pace` and `needed` are results per working day; figures that cannot be told are None.

    `expected`, `likely_low` and `likely_high` are rounded as coarsely as they are uncertain.
    """

    prospect: Prospect
    reached: int
    target: int
    ends_on: date
    days_seen: int
    days_left: int
    """Working days from today to the last one, both included."""
    pace: float | None = None
    needed: float | None = None
    expected: int | None = None
    likely_low: int | None = None
    likely_high: int | None = None


def forecast(
    results: Mapping[date, int], *, reached: int, target: int, today: date, ends_on: date
) -> Forecast:
    """`results` are those whose day is known; `reached` counts all, today's and those of unknown days included."""
    seen = window(results, today)
    sample = [results.get(day, 0) for day in seen]
    left = len(_working(today, ends_on, _weekdays(results)))
    told = Forecast(Prospect.TOO_FEW_DAYS, reached, target, ends_on, len(sample), left)
    if reached >= target:
        return replace(told, prospect=Prospect.REACHED)
    if left == 0 and today >= ends_on:
        return replace(told, prospect=Prospect.ENDED)
    before_today = reached - results.get(today, 0)
    told = replace(told, needed=(target - before_today) / left if left else None)
    if len(sample) < LEAST_DAYS or sum(sample) < LEAST_RESULTS:
        return told
    pace = sum(sample) / len(sample)
    low, high = (max(reached, before_today + one) for one in _interval(sample, left))
    expected = max(float(reached), before_today + pace * left)
    told = replace(told, prospect=_prospect(low, high, target), pace=pace)
    return _rounded(told, expected, low, high)


def window(results: Mapping[date, int], today: date) -> list[date]:
    """The last working days that are over, beginning with the first result at the earliest."""
    past = [day for day, number in results.items() if number and day < today]
    if not past:
        return []
    return _working(min(past), today - timedelta(days=1), _weekdays(results))[-SEEN_DAYS:]


def _weekdays(results: Mapping[date, int]) -> frozenset[int]:
    """Monday to Saturday, and Sunday too where somebody has worked on one. Holidays are not known."""
    return frozenset(range(SUNDAY)) | {day.weekday() for day, number in results.items() if number}


def _working(first: date, last: date, weekdays: frozenset[int]) -> list[date]:
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() in weekdays]


def _interval(sample: list[int], left: int) -> tuple[int, int]:
    draw = Random(len(sample))  # noqa: S311  # no secret; the same figures give the same interval
    sums = sorted(
        sum(draw.choices(draw.choices(sample, k=len(sample)), k=left)) for _ in range(DRAWS)
    )
    return sums[int(DRAWS * TAIL)], sums[int(DRAWS * (1 - TAIL)) - 1]


def _prospect(low: int, high: int, target: int) -> Prospect:
    if low >= target:
        return Prospect.ON_TRACK
    return Prospect.SHORT if high < target else Prospect.UNSURE


def _rounded(told: Forecast, expected: float, low: int, high: int) -> Forecast:
    step = _step(high - low)
    return replace(
        told,
        expected=max(told.reached, round(expected / step) * step),
        likely_low=max(told.reached, floor(low / step) * step),
        likely_high=ceil(high / step) * step,
    )


def _step(spread: int) -> int:
    """To what multiples figures are rounded whose uncertainty is that large."""
    return next((step for most, step in ((20, 1), (200, 10), (1000, 50)) if spread < most), 100)

"""Where the programme stands: how many merchants have come how far, by market, canvasser and day. No names."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from onboarder.model.ids import MarketCode, MarketplaceName
from onboarder.model.people import Programme
from onboarder.office.forecast import LEAST_DAYS, Forecast, forecast, window
from onboarder.records.database import Transaction
from onboarder.records.journeys import Journey, Stage, journeys

K = TypeVar("K")
Counts = Mapping[Stage, int]
GOAL = Stage.LIVE
"""The stage that the programme's target counts."""


@dataclass(frozen=True, slots=True)
class MarketStanding:
    """One market of the programme."""

    market: MarketCode
    name: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class CanvasserStanding:
    """One canvasser. `pace` is goals per working day over the last ones; None with too few days to tell."""

    canvasser: str
    counts: Counts
    pace: float | None


@dataclass(frozen=True, slots=True)
class DayStanding:
    """How many reached each stage on that day, and how many had reached the goal at its end.

    `due` is where the straight line from the first day to the last day's target stands.
    """

    day: date
    counts: Counts
    total: int
    due: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The programme today. `unknown_days` reached the goal on a day that nobody recorded."""

    day: date
    funnel: Counts
    stopped: int
    unknown_days: int
    markets: tuple[MarketStanding, ...]
    canvassers: tuple[CanvasserStanding, ...]
    days: tuple[DayStanding, ...]
    forecast: Forecast
    practice: bool
    """Only practice marketplaces are configured: nothing here is real."""


async def standing(
    tx: Transaction,
    programme: Programme,
    marketplaces: Mapping[MarketplaceName, bool],
    *,
    now: datetime,
) -> Standing:
    """`marketplaces` are the configured ones, with whether they are for practice; practice counts only alone."""
    real = [name for name, practice in marketplaces.items() if not practice]
    zone = ZoneInfo(programme.timezone)
    found = await journeys(tx, programme.code, real or list(marketplaces), zone, practice=not real)
    return counted(found, programme, now.astimezone(zone).date(), practice=not real)


def counted(
    found: Sequence[Journey], programme: Programme, today: date, *, practice: bool = False
) -> Standing:
    """The figures. Pure."""
    funnel = _counts(found)
    results = _by_day(found, GOAL)
    unknown = funnel[GOAL] - sum(results.values())
    return Standing(
        day=today,
        funnel=funnel,
        stopped=sum(one.stopped for one in found),
        unknown_days=unknown,
        markets=_markets(found, programme),
        canvassers=_canvassers(found, today),
        days=_days(found, programme, today, unknown),
        forecast=forecast(
            results,
            reached=funnel[GOAL],
            target=programme.target,
            today=today,
            ends_on=programme.ends_on,
        ),
        practice=practice,
    )


def _counts(found: Iterable[Journey]) -> Counts:
    reached = Counter(stage for one in found for stage in one.days)
    return {stage: reached[stage] for stage in Stage}


def _by_day(found: Iterable[Journey], stage: Stage) -> dict[date, int]:
    days = (one.days.get(stage) for one in found)
    return dict(Counter(day for day in days if day is not None))


def _markets(found: Sequence[Journey], programme: Programme) -> tuple[MarketStanding, ...]:
    """In the programme's order; what is registered in a market it no longer has comes last."""
    names = {market.code: market.name for market in programme.markets}
    strange = {one.market for one in found} - names.keys()
    names |= {code: str(code) for code in sorted(strange)}
    own = _grouped(found, lambda one: one.market)
    return tuple(
        MarketStanding(code, name, _counts(own.get(code, ()))) for code, name in names.items()
    )


def _canvassers(found: Sequence[Journey], today: date) -> tuple[CanvasserStanding, ...]:
    """Everybody over the same working days, best first."""
    days = window(_by_day(found, GOAL), today)
    own = _grouped(found, lambda one: one.canvasser)
    made = [_canvasser(who, own[who], days) for who in sorted(own)]
    return tuple(sorted(made, key=lambda one: (-one.counts[GOAL], -one.counts[Stage.TRAINED])))


def _canvasser(who: str, own: Sequence[Journey], days: Sequence[date]) -> CanvasserStanding:
    results = _by_day(own, GOAL)
    known = len(days) >= LEAST_DAYS
    pace = sum(results.get(day, 0) for day in days) / len(days) if known else None
    return CanvasserStanding(who, _counts(own), pace)


def _grouped(found: Iterable[Journey], key: Callable[[Journey], K]) -> dict[K, list[Journey]]:
    groups = defaultdict[K, list[Journey]](list)
    for one in found:
        groups[key(one)].append(one)
    return groups


def _days(
    found: Sequence[Journey], programme: Programme, today: date, unknown: int
) -> tuple[DayStanding, ...]:
    """From the programme's first day to today, or to its last; what was reached earlier counts on the first."""
    stages = {stage: _by_day(found, stage) for stage in Stage}
    last = min(today, programme.ends_on)
    length = max(1, (programme.ends_on - programme.starts_on).days)
    total = unknown + sum(n for day, n in stages[GOAL].items() if day < programme.starts_on)
    made: list[DayStanding] = []
    for number in range((last - programme.starts_on).days + 1):
        day = programme.starts_on + timedelta(days=number)
        counts = {stage: stages[stage].get(day, 0) for stage in Stage}
        total += counts[GOAL]
        made.append(DayStanding(day, counts, total, round(programme.target * number / length)))
    return tuple(made)

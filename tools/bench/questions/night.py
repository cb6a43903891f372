"""Nights over towns of growing size, on both databases."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import linear_regression, median
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter
from tests.servers.postgres import async_url, fresh_database

from tools.bench.lag import lag_row
from tools.bench.night_run import NightRun
from tools.bench.processes import child, postgres_server, redis_server
from tools.bench.question import Question, Row, Size

SHOPS, SHORT = (9_000, 20_000, 40_000), (200, 400, 800)
MILLION = 1_000_000
CALLS = 2
"""Per shop: its state, and one page of listings; no batch endpoint spans shops."""
ROWS = 1.1
"""Written per shop: one watermark, and the run's own rows shared among all."""
PACED, PACED_SHORT, PER_SECOND = 1_500, 600, 50
"""Shops of a night with a budget, and that budget: calls a second."""
USED = 0.95
DRIFTING = 50
"""One shop in so many shows a difference, in a night of its own; the pass that records it looks again."""
MEGABYTE = 1 << 20
MOST_MEGABYTES = 250
MOST_TIMES = 1.1
"""CPU and time per shop at the largest size against those at the smallest: linear, but for noise."""
Runs = dict[tuple[str, int], list[NightRun]]
"""By database and size."""


def measure(size: Size) -> Sequence[Row]:
    shops = SHORT if size.short else SHOPS
    rounds = 1 if size.short else min(size.rounds, 3)
    runs: Runs = defaultdict(list)
    other: dict[str, list[NightRun]] = defaultdict(list)
    paced: dict[str, list[NightRun]] = defaultdict(list)
    with ExitStack() as stack:
        base = postgres_server(stack)
        budget = redis_server(stack), str(PER_SECOND)
        for _ in range(rounds):
            for number in shops:
                for kind in _kinds(base):
                    runs[kind, number].append(_night(kind, base, number, 0))
            for kind in _kinds(base):
                other[kind].append(_night(kind, base, shops[0], DRIFTING))
                paced[kind].append(_night(kind, base, size.of(PACED, PACED_SHORT), 0, *budget))
    return [
        row
        for kind in _kinds(base)
        for row in [*_rows(kind, shops, runs, other[kind]), _used(kind, paced[kind])]
    ]


def _kinds(base: str | None) -> list[str]:
    return ["SQLite", *(["PostgreSQL"] if base is not None else [])]


def _night(kind: str, base: str | None, shops: int, drifting: int, *budget: str) -> NightRun:
    with ExitStack() as stack:
        if kind == "PostgreSQL" and base is not None:
            url = async_url(stack.enter_context(fresh_database(base)))
        else:
            folder = stack.enter_context(TemporaryDirectory(prefix="onboarder-bench-"))
            url = f"sqlite+aiosqlite:///{Path(folder) / 'night.db'}"
        return _RUN.validate_json(child("night_run", url, str(shops), str(drifting), *budget))


def _rows(kind: str, shops: Sequence[int], runs: Runs, other: Sequence[NightRun]) -> list[Row]:
    small, large = runs[kind, shops[0]], runs[kind, shops[-1]]
    clean = [one for number in shops for one in runs[kind, number]]
    most = f"{kind}, {shops[-1]:,} shops"
    growth = f"{shops[0]:,} shops: {median(map(_growth, small)):.0f} MB"
    pairs = list(zip(small, large, strict=True))
    return [
        *(
            _row(f"{kind}, {number:,} shops: CPU per shop", "ms", _cpu_ms, runs[kind, number])
            for number in shops
        ),
        Row(
            what=f"{kind}: CPU per shop, {shops[-1]:,} shops / {shops[0]:,} shops",
            values=tuple(_cpu_ms(many) / _cpu_ms(few) for few, many in pairs),
            at_most=MOST_TIMES,
        ),
        Row(
            what=f"{kind}: time per shop, {shops[-1]:,} shops / {shops[0]:,} shops",
            values=tuple(_seconds(many) / _seconds(few) for few, many in pairs),
            at_most=MOST_TIMES,
        ),
        _million(kind, shops, runs),
        _row(f"{most}: the whole night", "s", lambda one: one.seconds, large),
        _row(f"{kind}: calls per shop as recorded", "", _calls, clean, at_most=CALLS),
        _row(
            f"{kind}: rows written per shop as recorded",
            "",
            lambda one: one.rows / one.shops,
            clean,
            at_most=ROWS,
            note="its watermark, and its part of the run's own rows",
        ),
        _row(f"{kind}: writes per shop as recorded", "", lambda one: one.writes / one.shops, clean),
        _row(f"{kind}, 1 shop of {DRIFTING} differs: calls per shop", "", _calls, other),
        _row(f"{most}: greatest size", "MB", _peak, large, at_most=MOST_MEGABYTES),
        _row(f"{most}: growth during the night", "MB", _growth, large, note=growth),
        lag_row([one.lag_ms for one in large], most),
    ]


def _row(
    what: str,
    unit: str,
    value: Callable[[NightRun], float],
    runs: Sequence[NightRun],
    *,
    at_most: float | None = None,
    note: str = "",
) -> Row:
    values = tuple(value(one) for one in runs)
    return Row(what=what, unit=unit, values=values, at_most=at_most, note=note)


def _used(kind: str, runs: Sequence[NightRun]) -> Row:
    """Begin and end of the night included."""
    return Row(
        what=f"{kind}, {runs[0].shops:,} shops at {PER_SECOND}/s: share of the budget used",
        values=tuple(one.calls / one.seconds / PER_SECOND for one in runs),
        at_least=USED,
        note="one process, as many stores at once as shipped, answers after 0.2 s",
    )


def _million(kind: str, shops: Sequence[int], runs: Runs) -> Row:
    """Extrapolated by a straight line through the medians of all sizes."""
    seconds = [median(one.cpu for one in runs[kind, number]) for number in shops]
    slope, start = linear_regression(shops, seconds)
    worst = max(
        abs(start + slope * number - one) / one for number, one in zip(shops, seconds, strict=True)
    )
    fit = f"{start:.2f} s + {1000 * slope:.3f} ms a shop, off by {worst:.1%} at most"
    minutes = (start + slope * MILLION) / 60
    return Row(
        what=f"{kind}: CPU for {MILLION:,} shops, extrapolated",
        unit="min",
        values=(minutes,),
        note=fit,
    )


def _cpu_ms(one: NightRun) -> float:
    return 1000 * one.cpu / one.shops


def _seconds(one: NightRun) -> float:
    return one.seconds / one.shops


def _calls(one: NightRun) -> float:
    return one.calls / one.shops


def _peak(one: NightRun) -> float:
    return one.peak / MEGABYTE


def _growth(one: NightRun) -> float:
    return (one.peak - one.before) / MEGABYTE


_RUN = TypeAdapter(NightRun)
QUESTION = Question(
    "The night",
    "A reconciliation of shops with ten listings each, by one process, engine and databases as they are; the marketplace's "
    "answers are made in the same process without delay. A call costs nothing here, so the CPU is all the engine's. "
    f"One more night has a budget, shared through Redis. {MILLION:,} shops are extrapolated: on such a machine they would "
    "take about 22 GB and 35 minutes for each database and round.",
    measure,
    unmet="The sizes are measured minutes apart, and the machine's own speed varies by as much: four nights of 2026-11-30 "
    "gave 1.02, 1.12, 1.04 and 1.17 on SQLite and 1.01, 1.10, 1.16 and 1.08 on PostgreSQL. Some hundredths are larger "
    "indexes; the time per shop was 0.95 to 1.07.",
)

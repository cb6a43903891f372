"""How many remote writes worker processes carry, each with its durable intent before and its outcome after."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from tempfile import TemporaryDirectory

from tests.servers import postgres

from tools.bench.carrying import carried
from tools.bench.lag import LAG, lag_goal
from tools.bench.processes import postgres_server
from tools.bench.question import Question, Row, Size

LEAST = {("SQLite", 1): 500.0, ("PostgreSQL", 1): 600.0}
"""Writes a second."""
APART = "two processes / one, on processors of their own (reckoned from CPU)"
LEAST_OF_TWO = 1.6
"""Times as many with two processes, marketplace and database counted apart."""
Series = dict[tuple[str, str], list[float]]


def measure(size: Size) -> Sequence[Row]:
    series: Series = defaultdict(list)
    number = size.of(800, 200)
    with ExitStack() as stack:
        base = postgres_server(stack)
        for _ in range(size.rounds):
            for workers in (1, 2):
                with TemporaryDirectory() as folder:
                    url = f"sqlite+aiosqlite:///{folder}/onboarder.db"
                    _round(series, "SQLite", url, number, workers)
                if base is not None:
                    with postgres.fresh_database(base) as url:
                        _round(series, "PostgreSQL", postgres.async_url(url), number, workers)
            _compare(series)
    return [_row(what, unit, values) for (what, unit), values in sorted(series.items())]


def _round(series: Series, kind: str, url: str, number: int, workers: int) -> None:
    found, name = carried(url, number, workers), _name(kind, workers)
    series[f"{name}: remote writes", "/s"].append(found.per_second)
    series[f"{name}: CPU per remote write", "ms"].append(found.cpu)
    series[f"{name}: {LAG}", "ms"].append(found.lag)


def _compare(series: Series) -> None:
    for kind in ("SQLite", "PostgreSQL"):
        one, two = (series.get((f"{_name(kind, n)}: remote writes", "/s")) for n in (1, 2))
        if one and two:
            series[f"{kind}: two processes / one, sharing two processors", ""].append(
                two[-1] / one[-1]
            )
        one, two = (series.get((f"{_name(kind, n)}: CPU per remote write", "ms")) for n in (1, 2))
        if one and two:
            series[f"{kind}: {APART}", ""].append(2 * one[-1] / two[-1])


def _name(kind: str, workers: int) -> str:
    return f"{kind}, {workers} process{'es' if workers > 1 else ''}"


def _row(what: str, unit: str, values: Sequence[float]) -> Row:
    least = next(
        (most for (kind, n), most in LEAST.items() if what == f"{_name(kind, n)}: remote writes"),
        LEAST_OF_TWO if what.endswith(APART) else None,
    )
    return Row(what=what, unit=unit, values=tuple(values), at_least=least, at_most=lag_goal(what))


QUESTION = Question(
    "How much one worker process carries",
    "A marketplace without limits answers every call after 200 ms; 200 stores are worked on at once, with a call for each "
    "listing. Counted are writes there: shops opened and set up, and listings created, each with its durable intent "
    "before and its outcome after. The marketplace and the databases run in processes of their own, on the same two "
    "processors; two workers have to share these with them, and what they carry there is shown without a goal. What they "
    "would carry on processors of their own is reckoned from the CPU that a write costs each of them: were they in each "
    "other's way, it would rise.",
    measure,
    unmet="Two workers, the marketplace and the database are four busy processes on two processors: a loop is late as well "
    "when it waits for one.",
)

"""The engine on an ordered market, and bare loops that make the same calls."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from pydantic import TypeAdapter
from tests.servers import postgres

from onboarder.demo.stage import Stage
from tools.bench.bare import Loop
from tools.bench.engine import Work
from tools.bench.lag import LAG, lag_goal
from tools.bench.market import ordered_market
from tools.bench.processes import child, postgres_server
from tools.bench.question import Question, Row, Size

AT_ONCE = 50
"""Stores at once, and so calls in flight."""
MOST = {"stock": 0.8}
"""What the engine may cost at most, beside a loop with nothing around the calls."""
ENGINES = {"sqlite": "engine on SQLite", "postgres": "engine on PostgreSQL"}
LOOPS = {
    "same": "bare loop, same transport",
    "stock": "bare loop, stock httpx",
    "kept": f"bare loop, httpx keeping {AT_ONCE} connections",
    "aiohttp": "bare loop, aiohttp",
}
Series = dict[tuple[str, str], list[float]]
"""Values by what they are and their unit."""


def measure(size: Size) -> Sequence[Row]:
    series: Series = defaultdict(list)
    merchants = size.of(200, 50)
    with ExitStack() as stack:
        base = postgres_server(stack)
        recorded = stack.enter_context(ordered_market(merchants, None))
        calls = recorded.folder / "calls.jsonl"
        child("recording", str(calls), environment=recorded.environment)
        for _ in range(size.rounds):
            _round(series, merchants, base, recorded, calls)
    return [
        Row(what=what, unit=unit, values=tuple(values), at_most=_goal(what))
        for (what, unit), values in sorted(series.items())
    ]


def _goal(what: str) -> float | None:
    goals = (most for kind, most in MOST.items() if what.endswith(f" / {LOOPS[kind]}"))
    return next(goals, lag_goal(what))


def _round(series: Series, merchants: int, base: str | None, recorded: Stage, calls: Path) -> None:
    cost: dict[str, float] = {}
    for kind in ENGINES:
        if kind == "sqlite":
            cost[kind] = _engine(series, kind, merchants, None)
        elif base is not None:
            with postgres.fresh_database(base) as url:
                cost[kind] = _engine(series, kind, merchants, url)
    url = f"http://127.0.0.1:{recorded.port}"
    for kind, name in LOOPS.items():
        cost[kind] = _loop(series, name, [str(calls), url, kind])
    for engine in cost.keys() & ENGINES.keys():
        for kind, name in LOOPS.items():
            what = f"CPU per call: {ENGINES[engine]} / {name}"
            series[what, ""].append(cost[engine] / cost[kind])


def _loop(series: Series, name: str, arguments: Sequence[str]) -> float:
    """One round of a bare loop; returns seconds of CPU per remote call."""
    loop = _LOOP.validate_json(child("bare", *arguments, str(AT_ONCE)))
    series[f"{name}: CPU per call", "ms"].append(1000 * loop.cpu / loop.calls)
    series[f"{name}: calls", "/s"].append(loop.calls / loop.seconds)
    return loop.cpu / loop.calls


def _engine(series: Series, kind: str, merchants: int, database_url: str | None) -> float:
    """One round of the engine; returns seconds of CPU per remote call."""
    with ordered_market(merchants, database_url) as stage:
        slots = {"ONBOARDER_STALL_JOBS": str(AT_ONCE), "ONBOARDER_NIGHT_JOBS": str(AT_ONCE)}
        work = _WORK.validate_json(child("engine", environment={**stage.environment, **slots}))
        calls = sum(stage.back_office.account().requests.values())
    name = ENGINES[kind]
    series[f"{name}: stores opened and filled", "/s"].append(work.stores / work.seconds)
    series[f"{name}: listings live", "/s"].append(work.listings / work.seconds)
    series[f"{name}: remote calls", "/s"].append(calls / work.seconds)
    series[f"{name}: share of the time its CPU was busy", ""].append(work.cpu / work.seconds)
    series[f"{name}: CPU per call", "ms"].append(1000 * work.cpu / calls)
    series[f"{name}: {LAG}", "ms"].append(work.lag_ms)
    series[f"{name}: passes with nothing to do", "/s"].append(work.stores / work.idle_seconds)
    series[f"{name}: CPU per pass with nothing to do", "ms"].append(
        1000 * work.idle_cpu / work.stores
    )
    return work.cpu / calls


_LOOP, _WORK = TypeAdapter(Loop), TypeAdapter(Work)
QUESTION = Question(
    "What a remote call costs",
    "A worker process opens and fills the stores of a market at a practice marketplace without limits, with intents, "
    "outcomes, budget and logging; the same calls are made again by bare loops with nothing around them. Stock httpx keeps "
    f"20 connections alive and opens the others of {AT_ONCE} anew; beside it httpx that keeps all of them.",
    measure,
)

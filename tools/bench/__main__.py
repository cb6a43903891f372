"""Interleaved rounds of the engine and of bare loops that make the same calls; prints minimum, median and maximum."""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from statistics import median

from pydantic import TypeAdapter
from tests.servers import postgres

from onboarder.demo.stage import Stage
from tools.bench.bare import Loop
from tools.bench.engine import Work
from tools.bench.market import ROOT, ordered_market

AT_ONCE = 20
"""Stores at once: what the stage's settings give a worker."""
PACKAGES = ("httpx", "httpx-aiohttp", "aiohttp", "arq", "sqlalchemy", "aiosqlite", "asyncpg")
ENGINES = {"sqlite": "engine on SQLite", "postgres": "engine on PostgreSQL"}
LOOPS = {"same": "bare loop, same transport", "stock": "bare loop, stock httpx"}
Series = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--merchants", type=int, default=60, help="12 to 9000")
    asked = parser.parse_args()
    with ExitStack() as stack:
        base = _postgres(stack)
        recorded = stack.enter_context(ordered_market(asked.merchants, None))
        calls = recorded.folder / "calls.jsonl"
        _child(recorded, "recording", str(calls))
        series: Series = defaultdict(list)
        for _ in range(asked.rounds):
            _round(series, asked.merchants, base, recorded, calls)
    _say(series, asked.rounds, asked.merchants)


def _postgres(stack: ExitStack) -> str | None:
    why = postgres.why_not_available()
    if why is not None:
        print(f"without PostgreSQL: {why}")
        return None
    return stack.enter_context(postgres.start_postgres())


def _round(series: Series, merchants: int, base: str | None, recorded: Stage, calls: Path) -> None:
    cost: dict[str, float] = {}
    for kind in ENGINES:
        if kind == "sqlite":
            cost[kind] = _engine(series, kind, merchants, None)
        elif base is not None:
            with postgres.fresh_database(base) as url:
                cost[kind] = _engine(series, kind, merchants, url)
    for kind, name in LOOPS.items():
        url = f"http://127.0.0.1:{recorded.port}"
        loop = _LOOP.validate_json(_child(recorded, "bare", str(calls), url, kind, str(AT_ONCE)))
        cost[kind] = loop.cpu / loop.calls
        series[f"{name}: CPU ms per call"].append(1000 * cost[kind])
        series[f"{name}: calls per second"].append(loop.calls / loop.seconds)
    for engine in cost.keys() & ENGINES.keys():
        for kind, name in LOOPS.items():
            series[f"ratio of CPU per call: {ENGINES[engine]} / {name}"].append(
                cost[engine] / cost[kind]
            )


def _engine(series: Series, kind: str, merchants: int, database_url: str | None) -> float:
    """One round of the engine; returns seconds of CPU per remote call."""
    with ordered_market(merchants, database_url) as stage:
        work = _WORK.validate_json(_child(stage, "engine"))
        calls = sum(stage.back_office.account().requests.values())
    name = ENGINES[kind]
    series[f"{name}: jobs (stores opened and filled) per second"].append(work.stores / work.seconds)
    series[f"{name}: listings live per second"].append(work.listings / work.seconds)
    series[f"{name}: remote calls per second"].append(calls / work.seconds)
    series[f"{name}: share of the time its CPU was busy"].append(work.cpu / work.seconds)
    series[f"{name}: CPU ms per remote call"].append(1000 * work.cpu / calls)
    series[f"{name}: jobs with nothing to do per second"].append(work.stores / work.idle_seconds)
    series[f"{name}: CPU ms per job with nothing to do"].append(1000 * work.idle_cpu / work.stores)
    return work.cpu / calls


def _child(stage: Stage, module: str, *arguments: str) -> str:
    """Run a part of the benchmark as a process of its own; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"tools.bench.{module}", *arguments],
        cwd=ROOT,
        env=stage.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr[-3000:])
    return done.stdout


def _say(series: Series, rounds: int, merchants: int) -> None:
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(
        f"{rounds} interleaved rounds, {merchants} merchants, {AT_ONCE} stores at once; {machine}; {python}"
    )
    print(", ".join(f"{package} {version(package)}" for package in PACKAGES))
    width = max(map(len, series))
    print(f"{'':{width}}  {'min':>8} {'median':>8} {'max':>8}")
    for name, values in sorted(series.items()):
        numbers = " ".join(f"{_of(values):8.2f}" for _of in _COLUMNS)
        print(f"{name:{width}}  {numbers}")
    print(json.dumps({name: round(median(values), 3) for name, values in sorted(series.items())}))


_LOOP, _WORK = TypeAdapter(Loop), TypeAdapter(Work)
_COLUMNS: tuple[Callable[[list[float]], float], ...] = (min, median, max)


if __name__ == "__main__":
    main()

"""The work of `throughput` written the plain way, on the queues that others use, beside ours."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers import postgres

from tools.bench.carrying import AT_ONCE, LISTINGS, Carried, carried, slow_market, told
from tools.bench.lag import LAG, lag_goal
from tools.bench.market import ROOT
from tools.bench.peers import plain
from tools.bench.peers.environment import pinned, programs
from tools.bench.peers.plain import Places
from tools.bench.processes import postgres_server, redis_server
from tools.bench.question import Question, Row, Size

OURS = "onboarder"
KEPT = {"20 connections kept": False, "200 connections kept": True}
"""What httpx does by itself, and what it is told for 200 calls at once, which costs its pool more time per call."""
LONGEST = 600.0
"""Seconds a peer may take."""
Series = dict[tuple[str, str], list[float]]
Command = Sequence[str | Path]


def measure(size: Size) -> Sequence[Row]:
    series: Series = defaultdict(list)
    peers, number = _peers(), size.of(400, 120)
    with ExitStack() as stack:
        base = postgres_server(stack)
        if base is None:
            raise RuntimeError("the peers are written for PostgreSQL")
        for _ in range(size.rounds):
            _round(series, base, number, peers)
    return [
        Row(what=what, unit=unit, values=tuple(values), at_most=lag_goal(what))
        for (what, unit), values in series.items()
    ]


def _peers() -> dict[str, tuple[Command, Command]]:
    """By name: what fills the queue, and what works it off."""
    on_arq = (sys.executable, "-m", "tools.bench.peers.on_arq")
    where, on_taskiq = programs(ROOT / "var"), "tools.bench.peers.on_taskiq"
    settings = ("--workers", "1", "--max-async-tasks", str(AT_ONCE), "--log-level", "WARNING")
    return {
        "arq": ((*on_arq, "fill"), on_arq),
        "taskiq": (
            (where / "python", "-m", on_taskiq),
            (where / "taskiq", "worker", f"{on_taskiq}:broker", *settings),
        ),
    }


def _round(
    series: Series, base: str, number: int, peers: dict[str, tuple[Command, Command]]
) -> None:
    ways: dict[str, Callable[[str], Carried]] = {OURS: partial(carried, number=number, workers=1)}
    for name, commands in peers.items():
        for kept, keeps_all in KEPT.items():
            plainly = partial(_plainly, number * LISTINGS, commands, keeps_all=keeps_all)
            ways[f"{name}, {kept}"] = plainly
    found: dict[str, Carried] = {}
    for name, carry in ways.items():
        with postgres.fresh_database(base) as url:
            found[name] = carry(postgres.async_url(url))
        series[f"{name}: remote writes", "/s"].append(found[name].per_second)
        series[f"{name}: CPU per remote write", "ms"].append(found[name].cpu)
    series[f"{OURS}: {LAG}", "ms"].append(found[OURS].lag)
    for name in [one for one in ways if one != OURS]:
        ratio = found[OURS].per_second / found[name].per_second
        series[f"remote writes: {OURS} / {name}", ""].append(ratio)
        series[f"CPU per remote write: {OURS} / {name}", ""].append(
            found[OURS].cpu / found[name].cpu
        )


def _plainly(
    number: int, commands: tuple[Command, Command], url: str, *, keeps_all: bool
) -> Carried:
    """So many listings put up by a peer's worker, whose queue was filled before. RuntimeError if any is missing."""
    fill, work = commands
    with ExitStack() as stack:
        report = Path(stack.enter_context(TemporaryDirectory())) / "report"
        market, redis = stack.enter_context(slow_market()), redis_server(stack)
        places = Places(url, market, redis, number, str(report), keeps_all)
        environment = {**os.environ, "BENCH_PLACES": json.dumps(asdict(places))}
        asyncio.run(plain.prepare(places))
        subprocess.run(fill, cwd=ROOT, env=environment, check=True)
        with _worker(work, environment) as worker:
            _wait_for(worker, report)
        written = told(market)
        if not written.writes == number == asyncio.run(plain.known(places)):
            raise RuntimeError(f"{written.writes} writes for {number} listings")
        cpu = 1000 * float(report.read_text(encoding="utf-8")) / number
    return Carried(written.per_second, cpu, 0.0)


@contextmanager
def _worker(work: Command, environment: Mapping[str, str]) -> Generator["subprocess.Popen[bytes]"]:
    """With all its children gone at the end: it has nothing left to do then."""
    with subprocess.Popen(work, cwd=ROOT, env=environment, start_new_session=True) as worker:
        try:
            yield worker
        finally:
            os.killpg(worker.pid, signal.SIGKILL)


def _wait_for(worker: "subprocess.Popen[bytes]", report: Path) -> None:
    end = time.monotonic() + LONGEST
    while not (report.exists() and report.read_text(encoding="utf-8")):
        if worker.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{worker.args!r} did not do its work")
        time.sleep(0.2)


QUESTION = Question(
    "The same work written the plain way",
    "The slow marketplace again, 200 calls in flight, PostgreSQL. Beside our worker the way most would write it: a job per "
    "listing, one commit with the intent, the call by stock httpx, one commit with the outcome. The peers are spared what "
    "ours does besides (shops, photos, leases, budgets, plans), their jobs carry the listing with them, and they have what "
    "their manuals advise: arq with `max_jobs` 200, a poll delay of 50 ms and no results; "
    f"taskiq {pinned('taskiq')} on Redis streams (taskiq-redis {pinned('taskiq-redis')}, redis {pinned('redis')}) with "
    "acknowledgement, one process, `--max-async-tasks 200`; both SQLAlchemy Core on asyncpg with a pool of 20, and nothing "
    "logged; both once with httpx as it is, 100 connections of which it keeps 20, and once with room for 200 kept ones, "
    "among which its pool looks for longer. Queues are filled before the clock runs.",
    measure,
)

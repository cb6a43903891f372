"""A worker that is stopped (SIGSTOP) past its lease or blocked in its loop, and goes on after another finished its store.

`python -m tests.faults.frozen_worker [--stride 1 | --stops 24]`. The zombie must write nothing to the database and send no
creating call. One window remains: between the last look at the lease (on the connection, right before the call's bytes) and
the last of the bytes. It is measured: at how many steps the zombie still sent, and what came of it. A double listing is
found by the night and asked about; a double store is not, as no connector tells of other stores under one Reference.

On SQLite a worker stopped inside a transaction holds a write lock, so nobody can finish its store meanwhile: it is
continued after its lease is over, and the two must sort it out.
"""

import argparse
import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

from onboarder.application import open_application
from onboarder.converge.inline import work_through
from onboarder.converge.night import Night, Scope
from onboarder.records.runs import RunRecord
from tests.faults.crash_sweep import duplicates_and_losses, measure
from tests.faults.doomed import DoomedLoop, work
from tests.faults.findings import Finding, tell
from tests.faults.lab import (
    LEASE_SECONDS,
    Experiment,
    Lab,
    a_lab,
    an_experiment,
    ends_within,
    fork,
    in_child,
    kill,
    wait,
    work_until_quiet,
)
from tests.faults.logbook import calls_of, last_call, logged, logging_to
from tests.faults.troubled import falls_asleep_once, start

TOGETHER = 8
"""Experiments at once: most of their time is waiting for a lease to run out."""
PATIENCE = 60.0
CREATING = ("POST /v1/sellers", "POST /v1/items", "POST /v1/items/batch")
ASLEEP = LEASE_SECONDS + 3
"""Seconds a blocked loop stands still: the lease is over, and another had time to finish the store."""
RECORDS = ("store", "listing", "intent", "credential", "remote_photo", "task")


@dataclass
class Outcome:
    """Stops at so many steps: what the zombies did after they woke."""

    steps: int
    runs: int = 0
    locked: int = 0
    """Stops inside a transaction, which hold SQLite's write lock."""
    sent: list[int] = field(default_factory=list[int])
    """Steps at which the zombie still sent a creating call."""
    wrote: int = 0
    duplicates: int = 0
    unasked: int = 0
    """Duplicates that the night did not ask about."""
    lost: int = 0
    stuck: int = 0


def stops(lab: Lab, numbers: Iterator[int], stride: int, most: int | None) -> Outcome:
    """Stop a worker at every `stride`-th step, or at about `most` steps spread evenly."""
    steps = measure(lab, next(numbers), None)
    outcome = Outcome(steps)
    pace = stride if most is None else max(1, steps // most)
    todo = [(next(numbers), step) for step in range(1 + pace // 2, steps + 1, pace)]
    for first in range(0, len(todo), TOGETHER):
        _batch(lab, todo[first : first + TOGETHER], outcome)
    return outcome


@dataclass
class Stopped:
    """One experiment with its zombie."""

    number: int
    step: int
    experiment: Experiment
    pid: int
    healer: int = 0
    locked: bool = False
    mark: int = 0
    before: object = None


def _batch(lab: Lab, todo: Sequence[tuple[int, int]], outcome: Outcome) -> None:
    made = [(number, step, an_experiment(lab, number)) for number, step in todo]
    zombies = [
        Stopped(number, step, one, fork(partial(_work, one), _stopping_at(step)))
        for number, step, one in made
    ]
    stopped = [one for one in zombies if _stops(one.pid)]
    for one in stopped:
        one.locked = _is_locked(one.experiment)
        one.healer = fork(partial(_heal, one.experiment))
    _let_leases_end(stopped)
    for one in stopped:
        if not one.locked:
            outcome.stuck += _finish(one.healer)
        one.mark, one.before = last_call(lab), _records(one.experiment)
        os.kill(one.pid, signal.SIGCONT)
    for one in stopped:
        _judge(lab, one, outcome)


def _let_leases_end(stopped: Sequence[Stopped]) -> None:
    """Where the write lock is held nobody finishes: there the others wait past the lease."""
    if any(one.locked for one in stopped):
        time.sleep(LEASE_SECONDS + 0.5)


def _judge(lab: Lab, one: Stopped, outcome: Outcome) -> None:
    outcome.runs += 1
    outcome.stuck += _finish(one.pid)
    if one.locked:
        outcome.locked += 1
        outcome.stuck += _finish(one.healer)
    else:
        sent = [call for call in calls_of(lab, one.experiment, one.mark) if call in CREATING]
        outcome.wrote += _records(one.experiment) != one.before
        if sent:
            outcome.sent.append(one.step)
            _say(f"step {one.step}: the zombie sent {sent}")
    duplicates, lost = duplicates_and_losses(lab.account(), one.number)
    outcome.duplicates += duplicates
    outcome.lost += lost
    if duplicates or lost:
        outcome.unasked += max(0, duplicates - _asked_by_the_night(one.experiment))
        _say(f"step {one.step}: {duplicates} duplicates, {lost} lost")


def blocked(lab: Lab, number: int) -> Finding:
    """A loop that stands still for longer than the lease, right before a create; another worker finishes the store."""
    began = time.monotonic()
    experiment = an_experiment(lab, number)
    asleep = experiment.settings.data_dir / "asleep"
    sleeper = start(experiment, falls_asleep_once(ASLEEP, asleep))
    stuck = _until(asleep.exists)
    stuck += _finish(fork(partial(_heal, experiment)))
    mark, before = last_call(lab), _records(experiment)
    stuck += _until(lambda: bool(logged(experiment, "loop.moves_again")))
    os.kill(sleeper, signal.SIGTERM)
    stuck += _finish(sleeper)
    sent = [one for one in calls_of(lab, experiment, mark) if one in CREATING]
    wrote = _records(experiment) != before
    duplicates, lost = duplicates_and_losses(lab.account(), number)
    told = [one for one in logged(experiment, "loop.blocked") if "fall_asleep" in str(one["where"])]
    return Finding(
        scenario="event loop blocked past the lease",
        runs=1,
        seeds="-",
        duplicates=duplicates,
        lost=lost,
        stuck=stuck,
        seconds=round(time.monotonic() - began, 1),
        kept=not (duplicates or lost or stuck or sent or wrote) and len(told) == 1,
        note=f"blocked {ASLEEP:.0f} s; {len(sent)} calls and {int(wrote)} writes after it; the log names place and store",
    )


def finding(outcome: Outcome, seconds: float) -> Finding:
    """The row of the stops."""
    window = f"{len(outcome.sent)} of {outcome.runs - outcome.locked} zombies still sent a create"
    return Finding(
        scenario="SIGSTOP past the lease, then SIGCONT",
        runs=outcome.runs,
        seeds=f"steps of {outcome.steps}",
        duplicates=outcome.duplicates,
        lost=outcome.lost,
        stuck=outcome.stuck,
        seconds=seconds,
        kept=not (outcome.lost or outcome.stuck or outcome.wrote or outcome.unasked),
        note=f"{window} (the window: steps {outcome.sent}); {outcome.wrote} wrote to the database; "
        f"the night asked about all doubles but {outcome.unasked}; "
        f"{outcome.locked} more were stopped inside a transaction",
    )


def _stopping_at(step: int) -> Callable[[], DoomedLoop]:
    return partial(DoomedLoop, step, signal.SIGSTOP)


async def _work(experiment: Experiment) -> None:
    logging_to(experiment)
    await work(experiment)


async def _heal(experiment: Experiment) -> None:
    logging_to(experiment)
    await work_until_quiet(experiment)


def _pushed(record: RunRecord, waiting: int) -> None:
    """The night is watched through its tasks."""


def _stops(pid: int) -> bool:
    """Whether the worker stops (True), or ends because its work is done before that step."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WUNTRACED | os.WNOHANG)
        if done:
            return os.WIFSTOPPED(status)
        time.sleep(0.01)
    raise TimeoutError("a worker neither stopped nor ended")


def _is_locked(experiment: Experiment) -> bool:
    """Whether a write lock is held, of the records or of the merchants' keys."""
    folder = experiment.settings.data_dir
    return any(_has_lock(folder / name) for name in ("onboarder.db", "keys/merchants.db"))


def _has_lock(path: Path) -> bool:
    if not path.exists():
        return False
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as records:
        try:
            records.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        records.execute("ROLLBACK")
    return False


def _finish(pid: int) -> int:
    """1 if the process had to be ended by force or failed, else 0."""
    status = ends_within(pid, PATIENCE)
    if status is None:
        kill(pid)
        wait(pid)
    return int(status != 0)


def _until(condition: Callable[[], bool]) -> int:
    """1 if it did not come true in time, else 0."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return 1
        time.sleep(0.05)
    return 0


def _records(experiment: Experiment) -> object:
    """Everything on record about the work."""
    return {table: sorted(map(str, experiment.read(f"SELECT * FROM {table}"))) for table in RECORDS}


def _asked_by_the_night(experiment: Experiment) -> int:
    """Run the night; returns how many duplicates a person is asked about."""
    in_child(partial(_night, experiment))
    return experiment.count("task", "state = 'open' AND code LIKE '%duplicate%'")


async def _night(experiment: Experiment) -> None:
    async with (
        open_application(experiment.settings) as app,
        app.surroundings(None) as around,
        asyncio.timeout(PATIENCE),
    ):
        night = Night(app.database, app.drift_rules, owner=app.name, clock=app.clock)
        run = await night.begin(by="lab", scope=Scope())
        await work_through(around, night, run, owner=app.name, jobs=2, pushed=_pushed)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201  # what repeats a failure


def main() -> int:
    """Tell what was found; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--stops", type=int)
    chosen = parser.parse_args()
    numbers = count(1)
    with a_lab() as lab:
        began = time.monotonic()
        outcome = stops(lab, numbers, chosen.stride, chosen.stops)
        stopped = finding(outcome, round(time.monotonic() - began, 1))
        return tell([stopped, blocked(lab, next(numbers))])


if __name__ == "__main__":
    sys.exit(main())

"""SIGKILL of a worker at every step of its event loop, while it opens a store and uploads ten products.

`python -m tests.faults.crash_sweep [--stride 8 | --kills 4] [--json]`. No hook in the product: the event loop of the
forked worker counts its own turns while a pass over the store is under way, and kills the process at the chosen one.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count

from onboarder_workers.passes import Passes
from onboarder_workers.process import at_work
from tests.faults.lab import (
    LANES,
    LEASE_SECONDS,
    PRODUCTS,
    Experiment,
    Held,
    Lab,
    a_lab,
    an_experiment,
    ends_within,
    fork,
    kill,
    the_goods,
    wait,
    work_until_quiet,
)

MODES = {
    "well behaved": None,
    "commit then drop": "lost_after",
    "500 after commit": "error_after",
    "truncated answer": "truncated",
    "HTML with 200": "html",
    "429": "limited",
    "commit then hang": "hang_after",
}
"""What the marketplace does to the dial that does it; it strikes the first opening and the first upload."""
TOGETHER = 8
"""Experiments at once: most of their time is waiting for a lease to run out."""
PATIENCE = 60.0
NEVER = -1


@dataclass
class Outcome:
    """One fault mode over its kill points. `slowest` is the seconds from a worker's restart to the work's end."""

    mode: str
    steps: int
    stride: int
    runs: int = 0
    duplicates: int = 0
    lost: int = 0
    stuck: int = 0
    slowest: float = 0.0

    @property
    def kept(self) -> bool:
        """The promise: no duplicates, nothing lost, nothing stuck, done at most lease + 5 s after the restart."""
        clean = self.duplicates == self.lost == self.stuck == 0
        return clean and self.slowest <= LEASE_SECONDS + 5


class DoomedLoop(asyncio.SelectorEventLoop):
    """Counts its turns while a pass is under way, and kills its process at the given one."""

    def __init__(self, last: int, how: signal.Signals = signal.SIGKILL) -> None:
        super().__init__()
        self._how = how
        self.turns = 0
        self.passes: Passes | None = None
        self._last = last

    def _run_once(self) -> None:
        if self.passes is not None and self.passes.under_way:
            self.turns += 1
            if self.turns == self._last:
                os.kill(os.getpid(), self._how)
        super()._run_once()  # type: ignore[misc]  # asyncio's own step, not in its stubs


def sweep(stride: int = 1, *, kills: int | None = None) -> list[Outcome]:
    """Every `stride`-th step of every mode, or about `kills` steps spread evenly over each mode.

    Modes begin at different steps, so that together they meet more of them.
    """
    outcomes: list[Outcome] = []
    numbers = count(1)
    with a_lab() as lab:
        for mode, fault in MODES.items():
            steps = measure(lab, next(numbers), fault)
            pace = stride if kills is None else max(1, steps // kills)
            outcome = Outcome(mode, steps, pace)
            points = range(1 + len(outcomes) * pace // len(MODES), steps + 1, pace)
            made = {next(numbers): step for step in points}
            todo = list(made.items())
            for start in range(0, len(todo), TOGETHER):
                _run_batch(lab, fault, todo[start : start + TOGETHER], outcome)
            _judge(lab, made, outcome)
            outcomes.append(outcome)
            _tell(_row(outcome))
    return outcomes


def measure(lab: Lab, number: int, fault: str | None) -> int:
    """Turns of the event loop that the passes over the store take, undisturbed."""
    experiment = _prepared(lab, number, fault)
    reading, writing = os.pipe()

    async def counted() -> None:
        turns = await work(experiment)
        os.write(writing, str(turns).encode())

    status = wait(fork(counted, partial(DoomedLoop, NEVER)))
    if status != 0:
        raise RuntimeError(f"the undisturbed run ended with {status}")
    turns = int(os.read(reading, 20))
    os.close(reading)
    os.close(writing)
    return turns


async def work(experiment: Experiment) -> int:
    """The product's worker until its store's work is done; returns the turns that the work took."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, DoomedLoop):
        raise TypeError(loop)
    async with at_work(experiment.settings, LANES) as passes:
        loop.passes = passes
        while not experiment.is_quiet():  # noqa: ASYNC110  # the database says it, not this process
            await asyncio.sleep(0.05)
        return loop.turns


def _run_batch(
    lab: Lab, fault: str | None, batch: Sequence[tuple[int, int]], outcome: Outcome
) -> None:
    """Kill one worker per experiment (its number and the step), then let another finish the work."""
    experiments = [_prepared(lab, number, fault) for number, _ in batch]
    doomed = [
        fork(partial(_doomed, one), partial(DoomedLoop, step))
        for one, (_, step) in zip(experiments, batch, strict=True)
    ]
    for pid in doomed:
        _bury(pid)
    began = time.monotonic()
    healers = [fork(partial(work_until_quiet, one)) for one in experiments]
    for pid, (_, step) in zip(healers, batch, strict=True):
        finished = ends_within(pid, PATIENCE) == 0
        outcome.runs += 1
        outcome.slowest = max(outcome.slowest, round(time.monotonic() - began, 2))
        if not finished:
            outcome.stuck += 1
            _tell(f"{outcome.mode}, step {step}: not finished")
            kill(pid)


async def _doomed(experiment: Experiment) -> None:
    await work(experiment)


def _prepared(lab: Lab, number: int, fault: str | None) -> Experiment:
    experiment = an_experiment(lab, number)
    if fault is not None:
        more = {"seconds": 0.5} if fault == "limited" else {}
        for route in ("/v1/sellers", "/v1/items/batch"):
            lab.dial(experiment.merchants[0].id, fault, route, times=1, **more)
    return experiment


def _bury(pid: int) -> None:
    """Wait for the worker's end: at its own hand at the chosen step, or because the work was done before that."""
    if ends_within(pid, PATIENCE) is None:
        kill(pid)
        wait(pid)


def _judge(lab: Lab, made: Mapping[int, int], outcome: Outcome) -> None:
    """Count duplicates and losses of these experiments by the marketplace's own account."""
    account = lab.account()
    for number, step in made.items():
        duplicates, lost = duplicates_and_losses(account, number)
        outcome.duplicates += duplicates
        outcome.lost += lost
        if duplicates or lost:
            _tell(f"{outcome.mode}, step {step}: {duplicates} duplicates, {lost} lost")


def duplicates_and_losses(account: Held, number: int, products: int = PRODUCTS) -> tuple[int, int]:
    """Of the merchant of that number: objects too many, and objects missing."""
    merchant, goods = the_goods(number, products)
    counts = [len(account["stores"].get(merchant.id, []))]
    counts += [len(account["listings"].get(one.id, [])) for one in goods]
    return sum(max(0, n - 1) for n in counts), sum(n == 0 for n in counts)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201  # progress, and what repeats a failure


def _row(one: Outcome) -> str:
    found = f"duplicates {one.duplicates}  lost {one.lost}  stuck {one.stuck}"
    return f"{one.mode:17} steps {one.steps:4}  kills {one.runs:4}  {found}  slowest {one.slowest:5.2f} s"


def main() -> int:
    """Print the outcomes; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    outcomes = sweep(chosen.stride, kills=chosen.kills)
    if chosen.json:
        print(json.dumps([asdict(one) for one in outcomes]))  # noqa: T201  # the result itself
    return 0 if all(one.kept for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

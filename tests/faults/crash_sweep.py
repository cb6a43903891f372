"""SIGKILL of a worker at every step of its event loop, while it opens a store and uploads ten products.

`python -m tests.faults.crash_sweep [--stride 8] [--json]`. No hook in the product: the event loop of the forked worker
counts its own turns and kills the process at the chosen one.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice

from tests.faults.lab import (
    LEASE_SECONDS,
    Experiment,
    Lab,
    a_lab,
    an_experiment,
    fork,
    kill,
    wait,
    work_for_ever,
    work_until_quiet,
)

MODES = {
    "well_behaved": None,
    "commit_then_drop": "lost_after",
    "error_after_commit": "error_after",
    "truncated": "truncated",
    "html": "html",
    "limited": "limited",
    "commit_then_hang": "hang_after",
}
"""Fault mode to the marketplace's dial; it strikes the first opening and the first upload."""
TOGETHER = 6
"""Experiments at once: most of their time is waiting for a lease to run out."""
PATIENCE = 30.0


@dataclass
class Outcome:
    """One fault mode over all kill points. `slowest` is seconds from restart to done."""

    mode: str
    steps: int
    runs: int = 0
    killed: int = 0
    duplicates: int = 0
    lost: int = 0
    stuck: int = 0
    slowest: float = 0.0


class DoomedLoop(asyncio.SelectorEventLoop):
    """Kills its process at the given turn; with a turn that never comes it only counts."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.turn = 0
        self._last = last

    def _run_once(self) -> None:
        self.turn += 1
        if self.turn == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        super()._run_once()  # type: ignore[misc]  # asyncio's own step, not in its stubs


def sweep(stride: int, *, most: int | None = None) -> list[Outcome]:
    """Every `stride`-th step of every mode; `most` bounds the kill points per mode."""
    outcomes: list[Outcome] = []
    with a_lab() as lab:
        numbers = iter(range(1, 100_000))
        for mode, fault in MODES.items():
            steps = _measure(lab, next(numbers), fault)
            outcome = Outcome(mode, steps)
            points = iter(range(1 + len(outcomes) % stride, steps + 1, stride))
            while batch := list(islice(points, TOGETHER)):
                _run_batch(lab, fault, [(step, next(numbers)) for step in batch], outcome)
                if most is not None and outcome.runs >= most:
                    break
            outcomes.append(outcome)
    return outcomes


def _measure(lab: Lab, number: int, fault: str | None) -> int:
    """Turns of the event loop that the undisturbed work takes."""
    experiment = _prepared(lab, number, fault)
    reading, writing = os.pipe()

    async def counted() -> None:
        await work_until_quiet(experiment)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, DoomedLoop)
        os.write(writing, str(loop.turn).encode())

    pid = fork(counted, partial(DoomedLoop, -1))
    status = wait(pid)
    assert status == 0, f"the undisturbed run failed with {status}"
    return int(os.read(reading, 20))


def _run_batch(lab: Lab, fault: str | None, batch: list[tuple[int, int]], outcome: Outcome) -> None:
    experiments = [(_prepared(lab, number, fault), step) for step, number in batch]
    doomed = [
        fork(partial(work_for_ever, one), partial(DoomedLoop, step)) for one, step in experiments
    ]
    killed = [_ends(pid) for pid in doomed]
    began = time.monotonic()
    healers = [fork(partial(work_until_quiet, one)) for one, _ in experiments]
    for (one, step), pid, dead in zip(experiments, healers, killed, strict=True):
        outcome.runs += 1
        outcome.killed += dead
        finished = _ends_within(pid, PATIENCE)
        outcome.slowest = max(outcome.slowest, round(time.monotonic() - began, 2))
        outcome.stuck += not finished
        duplicates, lost = _judged(lab, one)
        outcome.duplicates += duplicates
        outcome.lost += lost
        if duplicates or lost or not finished:
            print(
                f"{outcome.mode} step {step}: {duplicates} duplicates, {lost} lost", file=sys.stderr
            )


def _prepared(lab: Lab, number: int, fault: str | None) -> Experiment:
    experiment = an_experiment(lab, number)
    if fault is not None:
        more = {"seconds": 0.5} if fault == "limited" else {}
        for route in ("/v1/sellers", "/v1/items/batch"):
            lab.dial(experiment.merchant.id, fault, route, times=1, **more)
    return experiment


def _ends(pid: int) -> bool:
    """Wait for the doomed worker's own death; one that has nothing left to do is killed. True if it died by itself."""
    dead = _ends_within(pid, 6.0)
    if not dead:
        kill(pid)
        wait(pid)
    return dead


def _ends_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, _ = os.waitpid(pid, os.WNOHANG)
        if done:
            return True
        time.sleep(0.01)
    return False


def _judged(lab: Lab, experiment: Experiment) -> tuple[int, int]:
    """Duplicates and losses of one merchant, by the marketplace's own account."""
    account = lab.account()
    held_stores, held_listings = account["stores"], account["listings"]
    assert isinstance(held_stores, dict)
    assert isinstance(held_listings, dict)
    counts = [len(held_stores.get(experiment.merchant.id, []))]
    counts += [len(held_listings.get(product.id, [])) for product in experiment.products]
    return sum(max(0, n - 1) for n in counts), sum(n == 0 for n in counts)


def within(outcome: Outcome) -> bool:
    """The promise: no duplicates, nothing lost, nothing stuck, done at most lease + 5 s after the restart."""
    clean = outcome.duplicates == outcome.lost == outcome.stuck == 0
    return clean and outcome.slowest <= LEASE_SECONDS + 5


def rows(outcomes: list[Outcome]) -> Iterator[str]:
    for one in outcomes:
        yield (
            f"{one.mode:20} steps {one.steps:4}  kills {one.runs:4}  duplicates {one.duplicates}  lost {one.lost}"
            f"  stuck {one.stuck}  slowest {one.slowest} s"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    outcomes = sweep(chosen.stride)
    text = (
        json.dumps([asdict(one) for one in outcomes]) if chosen.json else "\n".join(rows(outcomes))
    )
    print(text)  # noqa: T201  # the result itself
    return 0 if all(within(one) for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

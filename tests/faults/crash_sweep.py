"""SIGKILL of a worker at every step of its event loop, while it opens a store and uploads ten products.

`python -m tests.faults.crash_sweep [--stride 8]`; `--mode 429 --step 77 [--after]` repeats one kill.

What a step is, says `tests.faults.doomed`. Workers are killed right before and right after a step by turns: between the end
of one and the begin of the next only the selector waits. Several victims, each a worker that knows one marketplace, die one
after the other on one database; then one worker that knows them all starts on it and finishes what they left.
"""

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from tests.faults.doomed import DoomedLoop, work
from tests.faults.findings import Finding, tell
from tests.faults.lab import (
    LEASE_SECONDS,
    PRODUCTS,
    SETTLE_SECONDS,
    Experiment,
    Held,
    Lab,
    a_lab,
    an_experiment,
    confined,
    fork,
    kill,
    the_goods,
    wait,
    warm,
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
OPENING, UPLOAD = "/v1/sellers", "/v1/items/batch"
SECONDS = {"limited": 0.5, "delayed_visibility": 0.9 * SETTLE_SECONDS}
"""What a 429 asks to wait, and how late a shop is found: within the settle time, as the marketplace declares."""
VICTIMS = 8
"""Workers that die one after the other on one database."""
AT_ONCE = 6 * (os.cpu_count() or 1)
"""Databases at once: most of the time is waiting for leases and settle times. More than these, and workers starve."""
PROBES = 2
"""Undisturbed runs per mode, of which the longest says how many steps there are."""
PATIENCE = 60.0
"""Seconds for a victim, and for the worker that comes after them."""
PROMISE = LEASE_SECONDS + 5
"""Seconds from the restart until all that was left is done."""
TELL_EVERY = 100
NEVER = -1
OVER = object()


@dataclass(frozen=True)
class Point:
    """Where a worker dies."""

    mode: str
    step: int
    after: bool = False
    """Right after the step, not right before it."""

    def __str__(self) -> str:
        return f"--mode {self.mode!r} --step {self.step}{' --after' if self.after else ''}"


@dataclass
class Outcome:
    """One fault mode over its kill points.

    `slowest` is the seconds from a restart to the end of what was left, without those for which the new worker was ready to
    run and a busy machine had no processor for it.
    """

    mode: str
    steps: str
    runs: int = 0
    duplicates: int = 0
    lost: int = 0
    stuck: int = 0
    slowest: float = 0.0
    longest: float = 0.0
    """The same with those."""

    def finding(self) -> Finding:
        """Kept: no duplicates, nothing lost, nothing stuck, and all done at most lease + 5 s after the restart."""
        clean = self.duplicates == self.lost == self.stuck == 0
        return Finding(
            scenario=f"SIGKILL at a step: {self.mode}",
            runs=self.runs,
            seeds="steps",
            duplicates=self.duplicates,
            lost=self.lost,
            stuck=self.stuck,
            seconds=self.slowest,
            kept=clean and self.runs > 0 and self.slowest <= PROMISE,
            note=f"{self.steps}; slowest {self.slowest} s after the restart, "
            f"{self.longest} s with waiting for a processor",
        )


def measure(lab: Lab, number: int, fault: str | None) -> int:
    """The steps that the work of the merchant of that number takes undisturbed."""
    experiment = an_experiment(lab, number)
    lab.dial_all(_dials(experiment, [fault]))
    pid = _probe(experiment)
    return _counted(experiment, wait(pid))


def sweep(modes: Sequence[str], stride: int) -> list[Outcome]:
    """Kill at every `stride`-th step of the modes. They begin at different ones: together they meet more."""
    with a_lab() as lab:
        bench = Bench(lab)
        steps = bench.measure(modes)
        points: list[Point] = []
        for place, mode in enumerate(modes):
            first = 1 + place * stride // len(modes)
            points += _points(mode, range(first, steps[mode] + 1, stride))
        outcomes = [Outcome(one, f"stride {stride} over {steps[one]} steps") for one in modes]
        bench.kill_at(points, outcomes)
    return outcomes


def _points(mode: str, steps: range) -> list[Point]:
    return [Point(mode, step, after=place % 2 == 1) for place, step in enumerate(steps)]


def repeat(point: Point, times: int) -> list[Outcome]:
    """Kill at one step, several times."""
    outcome = Outcome(point.mode, f"step {point.step}")
    with a_lab() as lab:
        Bench(lab).kill_at([point] * times, [outcome])
    return [outcome]


class Bench:
    """Runs victims and those who come after them, many at a time, and keeps account of what became of their work."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._next = 1
        self._outcomes: Mapping[str, Outcome] = {}
        warm(lab)

    def measure(self, modes: Sequence[str]) -> dict[str, int]:
        """The steps of the longest of some undisturbed runs, by mode."""
        steps = dict.fromkeys(modes, 0)
        _run_all((self._probed(mode, steps) for mode in modes for _ in range(PROBES)), AT_ONCE)
        return steps

    def kill_at(self, points: Sequence[Point], outcomes: Sequence[Outcome]) -> None:
        """Kill a worker at each of the points, let others finish the work, and judge; the outcomes are filled in."""
        self._outcomes = {one.mode: one for one in outcomes}
        made: dict[int, Point] = {}
        _run_all((self._batch(some, made) for some in _portions(points)), AT_ONCE)
        account = self._lab.account()
        for number, point in made.items():
            self._judge(point, *duplicates_and_losses(account, number))

    def _probed(self, mode: str, steps: dict[str, int]) -> Iterator[None]:
        experiment, _ = self._prepared([Point(mode, NEVER)])
        pid = _probe(experiment)
        while (status := _status(pid)) is None:
            yield
        steps[mode] = max(steps[mode], _counted(experiment, status))

    def _batch(self, points: Sequence[Point], made: dict[int, Point]) -> Iterator[None]:
        made.update(enumerate(points, start=self._next))
        experiment, dials = self._prepared(points)
        for place, point in enumerate(points):
            yield from self._end(confined(self._lab, experiment, place), point)
        yield from self._heal(experiment, points)
        self._lab.take_off(dials)
        shutil.rmtree(experiment.settings.data_dir)

    def _prepared(self, points: Sequence[Point]) -> tuple[Experiment, list[int]]:
        number = self._next
        self._next += len(points)
        experiment = an_experiment(self._lab, number, len(points), apart=True)
        dials = _dials(experiment, [MODES[one.mode] for one in points])
        return experiment, self._lab.dial_all(dials)

    def _end(self, experiment: Experiment, point: Point) -> Iterator[None]:
        """One victim, from its start to its death; or to the end of its work, if that took fewer steps this time."""
        pid = fork(partial(_work, experiment), partial(DoomedLoop, point.step, after=point.after))
        give_up_at = time.monotonic() + PATIENCE
        while (status := _status(pid)) is None:
            if time.monotonic() > give_up_at:
                kill(pid)
            yield
        if status != 0 and (status != -signal.SIGKILL or time.monotonic() > give_up_at):
            raise RuntimeError(f"{point}: the victim ended with {status}")
        self._outcomes[point.mode].runs += status != 0
        killed = sum(one.runs for one in self._outcomes.values())
        if status != 0 and killed % TELL_EVERY == 0:
            _tell(f"{killed} killed, now at {point}")

    def _heal(self, experiment: Experiment, points: Sequence[Point]) -> Iterator[None]:
        """The restart: a new worker finishes what the dead have left."""
        began, starved = time.monotonic(), 0.0
        healer = fork(partial(work_until_quiet, experiment))
        while (status := _status(healer)) is None:
            if time.monotonic() > began + PATIENCE:
                kill(healer)
            starved = max(starved, _starved(healer))
            yield
        whole = time.monotonic() - began
        for place, point in enumerate(points):
            outcome = self._outcomes[point.mode]
            outcome.slowest = max(outcome.slowest, round(whole - starved, 2))
            outcome.longest = max(outcome.longest, round(whole, 2))
            if status != 0 and not confined(self._lab, experiment, place).is_quiet():
                outcome.stuck += 1
                _tell(f"{point}: not finished")
        for left in experiment.read("SELECT code, subject, en_text FROM task WHERE state = 'open'"):
            _tell(f"left to a person: {left}")

    def _judge(self, point: Point, duplicates: int, lost: int) -> None:
        self._outcomes[point.mode].duplicates += duplicates
        self._outcomes[point.mode].lost += lost
        if duplicates or lost:
            _tell(f"{point}: {duplicates} duplicates, {lost} lost")


def duplicates_and_losses(account: Held, number: int, products: int = PRODUCTS) -> tuple[int, int]:
    """Of the merchant of that number: objects too many, and objects missing."""
    merchant, goods = the_goods(number, products)
    counts = [len(account["stores"].get(merchant.id, []))]
    counts += [len(account["listings"].get(one.id, [])) for one in goods]
    return sum(max(0, n - 1) for n in counts), sum(n == 0 for n in counts)


async def _work(experiment: Experiment) -> None:
    """A victim; it gives way to those that come after, whose time is taken."""
    os.nice(5)
    await work(experiment)


async def _count(experiment: Experiment) -> None:
    steps = await work(experiment)
    (experiment.settings.data_dir / "steps").write_text(str(steps), encoding="utf-8")


def _probe(experiment: Experiment) -> int:
    return fork(partial(_count, experiment), partial(DoomedLoop, NEVER))


def _counted(experiment: Experiment, status: int) -> int:
    if status != 0:
        raise RuntimeError(f"the undisturbed run ended with {status}")
    return int((experiment.settings.data_dir / "steps").read_text(encoding="utf-8"))


def _dials(experiment: Experiment, faults: Sequence[str | None]) -> list[dict[str, object]]:
    """One strike at each merchant's opening and one at their first upload; a shop whose answer is lost is found late."""
    pairs = zip(experiment.merchants, faults, strict=True)
    struck = [(str(one.id), fault) for one, fault in pairs if fault is not None]
    late = [(who, "delayed_visibility", OPENING) for who, fault in struck if fault != "limited"]
    strikes = [(who, fault, route) for who, fault in struck for route in (OPENING, UPLOAD)]
    return [_dial(*one) for one in (*strikes, *late)]


def _dial(who: str, fault: str, route: str) -> dict[str, object]:
    more = {"seconds": SECONDS[fault]} if fault in SECONDS else {}
    return {"fault": fault, "store": who, "route": route, "method": "POST", "times": 1, **more}


def _portions(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    for start in range(0, len(points), VICTIMS):
        yield points[start : start + VICTIMS]


def _run_all(batches: Iterable[Iterator[None]], at_once: int) -> None:
    """Push so many on at a time, until all are over."""
    waiting, under_way = iter(batches), list[Iterator[None]]()
    while under_way := [*under_way, *islice(waiting, at_once - len(under_way))]:
        under_way = [one for one in under_way if next(one, OVER) is not OVER]
        time.sleep(0.02)


def _status(pid: int) -> int | None:
    """Its exit status, or None while it runs."""
    done, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


def _starved(pid: int) -> float:
    """Seconds for which its threads were ready to run and had no processor, as far as the system tells."""
    try:
        told = [one.read_text() for one in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    except OSError:
        return 0.0  # one of them has just ended
    return sum(int(one.split()[1]) for one in told) / 1e9


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201  # what repeats a failure


def main() -> int:
    """Print the findings; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--mode", choices=MODES, help="only this one")
    parser.add_argument("--step", type=int, help="only at this one, of --mode")
    parser.add_argument("--after", action="store_true", help="right after it")
    parser.add_argument("--times", type=int, default=10, help="how often, with --step")
    chosen = parser.parse_args()
    modes = list(MODES) if chosen.mode is None else [chosen.mode]
    if chosen.step is None:
        outcomes = sweep(modes, chosen.stride)
    elif chosen.mode is None:
        parser.error("--step needs --mode")
    else:
        outcomes = repeat(Point(chosen.mode, chosen.step, chosen.after), chosen.times)
    return tell([one.finding() for one in outcomes])


if __name__ == "__main__":
    sys.exit(main())

"""Random SIGKILLs over four workers while many merchants are opened and stocked and answers get lost.

`python -m tests.faults.kill_storm --kills 200 --merchants 2000 [--seed 1]`. The same work is done once undisturbed and once
in the storm, in the same lab with the same answers lost, and the times are compared: from the first worker's start until
the last one finds nothing more to do, deaths, restarts and leases that run out included.
"""

import argparse
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from tests.faults.findings import Finding, tell
from tests.faults.lab import (
    Experiment,
    Lab,
    a_lab,
    an_experiment,
    ends_within,
    fork,
    kill,
    wait,
    work_until_quiet,
)

WORKERS = 4
IN_EACH = 3
"""Stores under way per worker: twelve keep two cores busy. More would only wait for a core, and die with their worker."""
LEASE_SECONDS = 5.0
"""Longer than a pass takes on a busy machine, so that only the dead lose their stores; 60 s in production."""
PRODUCTS = 5
PATIENCE = 3600.0
LOST = 0.1
"""Share of the creating calls whose answer is lost after they were carried out."""
CREATES = ("/v1/sellers", "/v1/items*")
KILLING = 0.8
"""Share of the undisturbed time within which all kills fall, so that there is work left for each."""
MOST_TIMES = 1.3
"""How many times the undisturbed time the storm may take."""


@dataclass(frozen=True)
class Storm:
    """One run. `tasks` are steps that only a person could do; `seconds` from the first worker's start to quiet."""

    merchants: int
    kills: int
    seed: int
    creates: int
    duplicates: int
    lost: int
    stuck: int
    tasks: int
    seconds: float


def both(merchants: int, kills: int, seed: int) -> tuple[Storm, Storm]:
    """The undisturbed run and the storm over the same number of merchants."""
    with a_lab() as lab:
        for route in CREATES:
            lab.dial("*", "lost_after", route, probability=LOST)
        calm = _storm(lab, _town(lab, 1, merchants), kills=0, seed=seed)
        gap = KILLING * calm.seconds / (kills + 1)
        others = _town(lab, merchants + 1, merchants)
        wild = _storm(lab, others, kills=kills, seed=seed, gap=gap)
    return calm, wild


def _town(lab: Lab, first: int, merchants: int) -> Experiment:
    made = an_experiment(lab, first, merchants, PRODUCTS)
    paced = {"stall_jobs": IN_EACH, "lease_seconds": LEASE_SECONDS}
    return replace(made, settings=made.settings.model_copy(update=paced))


def _storm(lab: Lab, experiment: Experiment, *, kills: int, seed: int, gap: float = 0) -> Storm:
    """Kill a random worker every `gap` seconds, half to one and a half of it, and start another in its place."""
    random, began = Random(seed), time.monotonic()  # which worker dies is no secret
    workers = [_start(experiment) for _ in range(WORKERS)]
    done = 0
    while done < kills and not experiment.is_quiet():
        time.sleep(gap * random.uniform(0.5, 1.5))
        victim = random.randrange(WORKERS)
        if ends_within(workers[victim], 0.02) is None:
            kill(workers[victim])
            wait(workers[victim])
            done += 1
        workers[victim] = _start(experiment)
    stuck = sum(ends_within(one, PATIENCE) != 0 for one in workers)
    seconds = round(time.monotonic() - began, 1)
    for code, why in experiment.read("SELECT code, en_text FROM task WHERE state = 'open'"):
        print(f"left to a person: {code}: {why}", file=sys.stderr)  # noqa: T201  # for whoever looks into it
    for where, why in experiment.read(
        "SELECT id, failure FROM store WHERE failure IS NOT NULL AND failure <> 'null'"
    ):
        print(f"failed: {where}: {why}", file=sys.stderr)  # noqa: T201  # likewise
    counts = _counts(lab, experiment)
    return Storm(
        merchants=len(experiment.merchants),
        kills=done,
        seed=seed,
        creates=len(counts),
        duplicates=sum(max(0, n - 1) for n in counts),
        lost=sum(n == 0 for n in counts),
        stuck=stuck,
        tasks=experiment.count("task", "state = 'open'"),
        seconds=seconds,
    )


def _counts(lab: Lab, experiment: Experiment) -> list[int]:
    """How often each store and each listing stands there, by the marketplace's own account."""
    account = lab.account()
    shops = [len(account["stores"].get(one.id, [])) for one in experiment.merchants]
    return shops + [len(account["listings"].get(one.id, [])) for one in experiment.products]


def _start(experiment: Experiment) -> int:
    return fork(partial(work_until_quiet, experiment))


def finding(calm: Storm, wild: Storm, kills: int) -> Finding:
    """The storm's row: all kills done, nothing double, lost, stuck or left to a person, and not much later."""
    ratio = wild.seconds / calm.seconds
    faults = [calm.duplicates, calm.lost, calm.stuck, calm.tasks]
    faults += [wild.duplicates, wild.lost, wild.stuck, wild.tasks]
    return Finding(
        scenario="kill storm over four workers",
        runs=1,
        seeds=str(wild.seed),
        duplicates=wild.duplicates,
        lost=wild.lost,
        stuck=wild.stuck,
        seconds=wild.seconds,
        kept=not any(faults) and wild.kills == kills and ratio <= MOST_TIMES,
        note=(
            f"{wild.kills} kills, {wild.creates} stores and listings, {LOST:.0%} of answers lost, "
            f"{wild.tasks} steps left to a person, {ratio:.2f} × the undisturbed {calm.seconds} s"
        ),
    )


def main() -> int:
    """Tell what the storm did; 0 if the whole promise was kept, the time included."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill_storm", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--merchants", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    calm, wild = both(chosen.merchants, chosen.kills, chosen.seed)
    return tell([finding(calm, wild, chosen.kills)])


if __name__ == "__main__":
    sys.exit(main())

"""Random SIGKILLs over four workers while many merchants are opened and stocked and answers get lost.

`python -m tests.faults.kill_storm --kills 200 --merchants 2000 [--seed 1]`. The same work is done once undisturbed and once
in the storm, in the same lab, and the times are compared.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial
from random import Random

from tests.faults.lab import (
    LEASE_SECONDS,
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
PRODUCTS = 5
PATIENCE = 3600.0
LOST = 0.1
"""Share of the creating calls whose answer is lost after they were carried out."""
CREATES = ("/v1/sellers", "/v1/items*")


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
        calm = _storm(lab, an_experiment(lab, 1, merchants, PRODUCTS), kills=0, seed=seed)
        gap = calm.seconds / (kills + 1)
        others = an_experiment(lab, merchants + 1, merchants, PRODUCTS)
        wild = _storm(lab, others, kills=kills, seed=seed, gap=gap)
    return calm, wild


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


def clean(storm: Storm) -> bool:
    return storm.duplicates == storm.lost == storm.stuck == storm.tasks == 0


def main() -> int:
    """Print both runs; 0 if nothing is double, lost, stuck or left to a person and the storm took 1.3 times at most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--merchants", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    calm, wild = both(chosen.merchants, chosen.kills, chosen.seed)
    ratio = (wild.seconds - LEASE_SECONDS) / calm.seconds
    print(json.dumps({"calm": asdict(calm), "storm": asdict(wild), "ratio": round(ratio, 2)}))  # noqa: T201  # the result
    return 0 if clean(calm) and clean(wild) and ratio <= 1.3 else 1


if __name__ == "__main__":
    sys.exit(main())

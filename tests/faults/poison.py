"""A store that always fails, kills its worker, eats memory, never ends or stands still, beside stores that are well.

`python -m tests.faults.poison [KIND …] [--starts 8]`. Each kind has workers of its own, started again whenever they end,
as a service manager does. The trouble begins before the last listings are created. The store must be parked after a bounded
number of failures with a task that says so in Indonesian, its neighbours must be finished meanwhile, and once the cause is
mended `redrive` must go on at the failed step: the marketplace's own log shows that nothing else is done again.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from onboarder.application import utc_now
from onboarder.connector.errors import Advice
from onboarder.converge import orders
from onboarder.converge.doorbell import SilentDoorbell
from onboarder.converge.failures import PARKED
from onboarder.converge.loop import MOST_INTERNAL, MOST_STARTS
from onboarder.converge.parked import DEADLY, ENDLESS
from onboarder.model.ids import StoreId, store_id
from onboarder.queue import RESTART
from onboarder.records.database import Database
from tests.faults import troubled
from tests.faults.crash_sweep import duplicates_and_losses
from tests.faults.findings import Finding, tell
from tests.faults.lab import (
    REHEARSAL,
    Experiment,
    Lab,
    a_lab,
    an_experiment,
    in_child,
    kill,
    wait,
    work_until_quiet,
)
from tests.faults.logbook import calls_of, last_call, logging_to
from tests.faults.troubled import Trouble

NEIGHBOURS = 3
PRODUCTS = 12
"""More than one batch: the first is created, the trouble comes with the second."""
PATIENCE = 180.0
MEMORY_MB = 192
MOST_MB = 2 * MEMORY_MB


@dataclass(frozen=True)
class Poison:
    """A kind of trouble: what the operator may be told, how its workers end (None: they live on), and its settings."""

    trouble: Trouble
    advices: tuple[Advice, ...]
    end: int | None = None
    settings: Mapping[str, float] = field(default_factory=dict[str, float])


SMALL = {"worker_memory_mb": MEMORY_MB}
SWALLOWED = (PARKED, ENDLESS, DEADLY)
"""Whoever eats memory runs into the system's refusal, on a busy machine into the time limit, or dies with its process."""
KINDS = {
    "always fails": Poison(troubled.fails, (PARKED,)),
    "kills its worker": Poison(troubled.kills, (DEADLY,), -signal.SIGKILL),
    "eats memory": Poison(troubled.eats_slowly, SWALLOWED, RESTART, SMALL),
    "eats memory at once": Poison(troubled.eats_at_once, SWALLOWED, RESTART, SMALL),
    "never ends": Poison(troubled.waits_for_ever, (ENDLESS,)),
    "stands still": Poison(troubled.stands_still, (DEADLY,), RESTART, {"blocked_seconds": 2.5}),
}


@dataclass
class Case:
    """One kind under way. `ends` are the exit codes of its workers so far, `peak_mb` the most that one of them held."""

    kind: str
    number: int
    starts: int
    experiment: Experiment
    worker: int = 0
    ends: list[int] = field(default_factory=list[int])
    peak_mb: int = 0
    seconds: float = 0.0

    @property
    def poison(self) -> Poison:
        return KINDS[self.kind]

    @property
    def store(self) -> StoreId:
        return store_id(self.experiment.merchants[0].id, REHEARSAL)

    def start(self) -> None:
        self.worker = troubled.start(self.experiment, self.poison.trouble, starts=self.starts)

    def is_parked(self) -> bool:
        """Whether the poisoned store waits for an operator and nobody else for anything."""
        return len(self.told()) == 1 and self.experiment.is_quiet()

    def told(self) -> list[tuple[object, ...]]:
        """Whom the open tasks of a parked store ask, and what they say."""
        parked = f"state = 'open' AND subject = '{self.store}' AND code LIKE 'parked%'"
        return self.experiment.read(f"SELECT who, code, id_text, en_text FROM task WHERE {parked}")


def try_out(kinds: Sequence[str], starts: int) -> list[Finding]:
    """All kinds at once: most of their time is waiting for leases and for restarts."""
    with a_lab() as lab:
        cases = [_a_case(lab, kind, 100 * n, starts) for n, kind in enumerate(kinds, start=1)]
        _serve_until_parked(cases)
        return [_finding(lab, one) for one in cases]


def _a_case(lab: Lab, kind: str, number: int, starts: int) -> Case:
    made = an_experiment(lab, number, 1 + NEIGHBOURS, PRODUCTS)
    changes = {"pass_seconds": 10, "stall_jobs": 2, **KINDS[kind].settings}
    case = Case(
        kind, number, starts, replace(made, settings=made.settings.model_copy(update=changes))
    )
    case.start()
    return case


def _serve_until_parked(cases: Sequence[Case]) -> None:
    """What a service manager does: start again whatever ends; stop it once the store is parked."""
    began = time.monotonic()
    going_on = list(cases)
    while going_on and time.monotonic() - began < PATIENCE:
        for one in list(going_on):
            if one.is_parked():
                one.seconds = round(time.monotonic() - began, 1)
                _stop(one)
                going_on.remove(one)
            elif _has_ended(one):
                one.start()
        time.sleep(0.1)
    for one in going_on:
        kill(one.worker)
        wait(one.worker)


def _has_ended(case: Case) -> bool:
    pid, status, used = os.wait4(case.worker, os.WNOHANG)
    if pid:
        case.ends.append(os.waitstatus_to_exitcode(status))
        case.peak_mb = max(case.peak_mb, used.ru_maxrss // 1024)
    return bool(pid)


def _stop(case: Case) -> None:
    if not _has_ended(case):
        os.kill(case.worker, signal.SIGTERM)
        _, _, used = os.wait4(case.worker, 0)
        case.peak_mb = max(case.peak_mb, used.ru_maxrss // 1024)


def _finding(lab: Lab, case: Case) -> Finding:
    told = [one for one in case.poison.advices if case.told() == [(one.who, *_said(one))]]
    neighbours = _missing(lab, case, range(1, 1 + NEIGHBOURS))
    before = _steps_done(lab, case, after=0)
    mark = last_call(lab)
    in_child(partial(_redrive, case))
    again = _steps_done(lab, case, after=mark)
    everybody = [_counts(lab, case, who) for who in range(1 + NEIGHBOURS)]
    duplicates, lost = (sum(counts) for counts in zip(*everybody, strict=True))
    stuck = int(not case.seconds) + case.experiment.count("task", "state = 'open'")
    most = max(case.starts, MOST_INTERNAL) + 2
    as_expected = set(case.ends) <= {case.poison.end} and len(case.ends) <= most
    kept = (
        bool(told) and as_expected and again == ["POST /v1/items/batch"] and case.peak_mb <= MOST_MB
    )
    _say(
        f"{case.kind}: ends {case.ends}, before {before}, again {again}, told {[one.code for one in told]}"
    )
    return Finding(
        scenario=f"poison: {case.kind}",
        runs=1,
        seeds="-",
        duplicates=duplicates,
        lost=lost,
        stuck=stuck,
        seconds=case.seconds,
        kept=kept and not (duplicates or lost or stuck or neighbours),
        note=f"parked after {len(case.ends)} ends of workers, at most {case.peak_mb} MB; {NEIGHBOURS} neighbours "
        "finished meanwhile; redriven at the failed step",
    )


def _said(advice: Advice) -> tuple[str, str, str]:
    return advice.code, advice.id, advice.en


def _missing(lab: Lab, case: Case, whom: Sequence[int]) -> int:
    return sum(_counts(lab, case, who)[1] for who in whom)


def _counts(lab: Lab, case: Case, who: int) -> tuple[int, int]:
    return duplicates_and_losses(lab.account(), case.number + who, PRODUCTS)


def _steps_done(lab: Lab, case: Case, *, after: int) -> list[str]:
    """The poisoned store's calls that change something there."""
    calls = calls_of(lab, case.experiment, after)
    return [one for one in calls if not one.startswith("GET ") and "/tokens" not in one]


async def _redrive(case: Case) -> None:
    """The operator mended the cause: `onboarder redrive`, and a worker without the trouble."""
    logging_to(case.experiment)
    database = Database(case.experiment.settings.database)
    await orders.redrive(database, SilentDoorbell(), None, by="lab", clock=utc_now)
    await database.aclose()
    await work_until_quiet(case.experiment)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201  # what repeats a failure


def main() -> int:
    """Tell what was found; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(KINDS), metavar="KIND")
    parser.add_argument("--starts", type=int, default=MOST_STARTS)
    chosen = parser.parse_args()
    return tell(try_out(chosen.kinds, chosen.starts))


if __name__ == "__main__":
    sys.exit(main())

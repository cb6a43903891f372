"""What workers logged and what the marketplace's own log says, in one experiment."""

import json
import os
import sys
from pathlib import Path

from onboarder.logging import configure_logging
from tests.faults.lab import Experiment, Lab


def logging_to(experiment: Experiment) -> None:
    """For a forked worker: log as in production, into the experiment's file; all it prints goes there too."""
    file = os.open(_path(experiment), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(file, stream.fileno())
    configure_logging()


def logged(experiment: Experiment, event: str) -> list[dict[str, object]]:
    """The events of that name that the experiment's workers logged."""
    if not _path(experiment).exists():
        return []
    lines = _path(experiment).read_text("utf-8", errors="replace").splitlines()
    events: list[dict[str, object]] = [json.loads(one) for one in lines if one.startswith("{")]
    return [one for one in events if one["event"] == event]


def last_call(lab: Lab) -> int:
    """The number of the last call that the marketplace answered."""
    number, step = 0, 10_000
    while found := _log(lab, number, step):
        number = int(str(found[-1]["no"]))
    return number


def calls_of(lab: Lab, experiment: Experiment, after: int, who: int = 0) -> list[str]:
    """`METHOD route` of the calls since then for one merchant's store, refused ones included."""
    found = _log(lab, after, 10_000, store=experiment.merchants[who].id)
    return [f"{one['method']} {one['route']}" for one in found]


def _log(lab: Lab, after: int, limit: int, **only: str) -> list[dict[str, object]]:
    query = {"after": str(after), "limit": str(limit), **only}
    answer = lab.control.get("/_control/log", params=query).raise_for_status()
    found: list[dict[str, object]] = answer.json()
    return found


def _path(experiment: Experiment) -> Path:
    return experiment.settings.data_dir / "worker.log"

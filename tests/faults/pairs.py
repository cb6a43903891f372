"""Running the tests that watch mechanisms, as they are and with each one's own mechanism taken out."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.mechanisms import Mechanism
from tests.faults.without import EACH, Verdict

ROOT = Path(__file__).parents[2]


def verdicts(mechanisms: Sequence[Mechanism], *, without: bool) -> dict[str, Verdict]:
    """How the mechanisms' tests end, by node id, all in one process. A test that never got to run is not in it."""
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        told = Path(folder) / "told.json"
        options = ["-q", "-p", "tests.faults.without", "--told", str(told)]
        options += ["--without", EACH] if without else []
        tests = [one.test for one in mechanisms]
        command = [sys.executable, "-m", "pytest", *options, *tests]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            raise RuntimeError(f"pytest did not run the tests:\n{done.stdout}{done.stderr}")
        found: dict[str, Verdict] = json.loads(told.read_text(encoding="utf-8"))
        return found


def caught(sound: Verdict | None, broken: Verdict | None) -> bool:
    """Whether the test passes as it is and fails without its mechanism; None is a test that did not run."""
    if sound is None or broken is None:
        return False
    return sound["ran"] and not sound["failed"] and broken["failed"]

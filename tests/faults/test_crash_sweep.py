import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.crash_sweep import MODES

ROOT = Path(__file__).parents[2]
KILLS = 2
"""Per fault mode: what fits into a commit's tests. `make faults` kills at every step."""


@pytest.mark.processes
def test_a_worker_killed_anywhere_leaves_nothing_double_lost_or_undone() -> None:
    command = [sys.executable, "-m", "tests.faults.crash_sweep", "--kills", str(KILLS), "--json"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    outcomes = json.loads(done.stdout.splitlines()[-1])
    found = [(one["mode"], one["duplicates"], one["lost"], one["stuck"]) for one in outcomes]
    assert found == [(mode, 0, 0, 0) for mode in MODES], done.stderr
    assert min(one["runs"] for one in outcomes) >= KILLS

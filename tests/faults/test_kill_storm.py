import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = ("--kills", "6", "--merchants", "24")
"""What fits into a commit's tests; `make faults` runs the storm in full and holds the time to the promise."""


@pytest.mark.processes
def test_nothing_is_double_lost_stuck_or_left_to_a_person_after_a_storm_of_kills() -> None:
    command = [sys.executable, "-m", "tests.faults.kill_storm", *SMALL]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    storm = json.loads(done.stdout.splitlines()[-1])["storm"]
    found = [storm[name] for name in ("duplicates", "lost", "stuck", "tasks")]
    assert found == [0, 0, 0, 0], (storm, done.stderr)
    assert storm["creates"] == 24 * 6
    assert storm["kills"] > 0

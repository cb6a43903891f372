import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tests.faults.findings import Finding

ROOT = Path(__file__).parents[2]
SMALL = ("--kills", "6", "--merchants", "24")
"""What fits into a commit's tests; `make faults` runs the storm in full and holds the time to the promise."""


@pytest.mark.processes
def test_nothing_is_double_lost_stuck_or_left_to_a_person_after_a_storm_of_kills() -> None:
    command = [sys.executable, "-m", "tests.faults.kill_storm", *SMALL]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    told = json.loads(done.stdout.splitlines()[-1])
    [storm] = TypeAdapter(list[Finding]).validate_python(told)
    assert (storm.duplicates, storm.lost, storm.stuck) == (0, 0, 0), (storm, done.stderr)
    assert f"{24 * 6} stores and listings" in storm.note
    assert "0 steps left to a person" in storm.note
    assert not storm.note.startswith("0 kills")

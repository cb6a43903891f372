import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STOPS = 8
"""One batch: what fits into a commit's tests. `make faults` stops a worker at every step."""


@pytest.mark.processes
def test_a_worker_that_slept_past_its_lease_writes_nothing_and_sends_no_create() -> None:
    command = [sys.executable, "-m", "tests.faults.frozen_worker", "--stops", str(STOPS)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    stopped, blocked = json.loads(done.stdout.splitlines()[-1])
    assert [stopped["kept"], blocked["kept"]] == [True, True], (done.stdout, done.stderr)
    assert (stopped["lost"], stopped["stuck"]) == (0, 0)
    assert stopped["runs"] >= STOPS - 1
    assert (blocked["duplicates"], blocked["lost"], blocked["stuck"]) == (0, 0, 0)

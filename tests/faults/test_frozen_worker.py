import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ONE_CALL = 10
STOPS = 8
"""One batch: what fits into a commit's tests. `make faults` stops a worker at every step."""


@pytest.mark.processes
def test_a_worker_that_slept_past_its_lease_writes_nothing_and_sends_no_create() -> None:
    command = [sys.executable, "-m", "tests.faults.frozen_worker", "--stops", str(STOPS)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    stopped, blocked = json.loads(done.stdout.splitlines()[-1])
    assert (stopped["lost"], stopped["stuck"]) == (0, 0), (done.stdout, done.stderr)
    assert "; 0 wrote to the database;" in stopped["note"]
    assert stopped["duplicates"] <= ONE_CALL  # the window, should one of the few stops fall into it
    assert stopped["runs"] >= STOPS - 1
    assert blocked["kept"], (done.stdout, done.stderr)
    assert (blocked["duplicates"], blocked["lost"], blocked["stuck"]) == (0, 0, 0)

import json
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from tests.faults.crash_sweep import MODES
from tests.faults.findings import Finding

ROOT = Path(__file__).parents[2]
STRIDE = 8
"""What fits into a commit's tests. `make faults` kills at every step."""
FEWEST = 20
"""Kills per mode: the shortest one takes over 200 steps."""


@pytest.mark.processes
def test_a_worker_killed_anywhere_leaves_nothing_double_lost_or_undone() -> None:
    command = [sys.executable, "-m", "tests.faults.crash_sweep", "--stride", str(STRIDE)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout, done.stderr
    rows = cast("list[dict[str, object]]", json.loads(done.stdout.splitlines()[-1]))
    found = [Finding(**row) for row in rows]  # type: ignore[arg-type]  # as `tell` wrote them
    assert len(found) == len(MODES)
    assert [(one.duplicates, one.lost, one.stuck) for one in found] == [(0, 0, 0)] * len(MODES), (
        done.stderr
    )
    assert all(one.kept for one in found), found
    assert min(one.runs for one in found) >= FEWEST

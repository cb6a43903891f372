from pathlib import Path

import pytest

from tests.faults.stall_lane import stall_lane


@pytest.mark.processes
async def test_a_person_at_the_stall_is_served_within_5_s_while_9000_merchants_are_queued(
    tmp_path: Path,
) -> None:
    found = await stall_lane(tmp_path, 3, workers=1)

    assert found.kept, found

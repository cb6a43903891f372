from pathlib import Path

import pytest

from tests.faults.limits import SHORT, storms


@pytest.mark.processes
async def test_no_worker_of_several_sends_before_retry_after_is_over(tmp_path: Path) -> None:
    found = await storms(tmp_path, SHORT, workers=2, merchants=16)

    assert [one for one in found if not one.kept] == []

from pathlib import Path

import pytest

from tests.faults.redis_trouble import TROUBLES, all_troubles


@pytest.mark.processes
async def test_all_work_goes_on_whatever_becomes_of_redis(tmp_path: Path) -> None:
    found = await all_troubles(tmp_path, away=2)

    assert len(found) == len(TROUBLES)
    assert [one for one in found if not one.kept] == []

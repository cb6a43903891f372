from pathlib import Path

import pytest

from tests.faults.redis_trouble import TROUBLES, all_troubles

SLACK = 5
"""Seconds more than promised, for a busy machine; `make faults` gives none."""


@pytest.mark.processes
async def test_all_work_goes_on_whatever_becomes_of_redis(tmp_path: Path) -> None:
    results = await all_troubles(tmp_path, away=2)

    assert len(results) == len(TROUBLES)
    for one in results:
        assert (one.duplicates, one.lost) == (0, 0), one
        assert one.accepting <= 5 + SLACK, one
        assert one.resumed <= 10 + SLACK, one

"""A handful of the trials of `tests.faults.renewal`, on both databases."""

from pathlib import Path

import pytest

from tests.faults.renewal import run


@pytest.mark.processes
def test_one_token_needed_by_all_is_renewed_once_and_a_death_over_it_costs_one_store(
    database_url: str, tmp_path: Path
) -> None:
    found = run(tmp_path, database_url, trials=5, kills=1)

    assert [(one.duplicates, one.lost, one.stuck, one.kept) for one in found] == [
        (0, 0, 0, True),
        (0, 0, 0, True),
    ]

"""A handful of the trials of `tests.faults.renewal`, on both databases."""

from pathlib import Path

import pytest

from tests.faults.renewal import run


@pytest.mark.processes
def test_one_token_needed_by_two_processes_with_ten_tasks_each_is_renewed_once(
    database_url: str, tmp_path: Path
) -> None:
    [found] = run(tmp_path, database_url, trials=5, kills=0)

    assert (found.duplicates, found.lost, found.stuck, found.kept) == (0, 0, 0, True)

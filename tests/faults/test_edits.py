from pathlib import Path

import pytest

from tests.faults.edits import findings

SHOPS = 12


@pytest.mark.processes
def test_no_edit_of_canvasser_or_merchant_is_lost_and_two_reconciliations_are_one(
    tmp_path: Path,
) -> None:
    """Without the look right before an update, seeds 0 and 3 lose a merchant's edit."""
    found = findings(tmp_path, range(4), SHOPS)

    assert [one for one in found if not one.kept] == []

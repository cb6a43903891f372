from pathlib import Path

from tests.faults.fairness import TROUBLES, virtually
from tests.faults.virtual import run

SHOPS = 60


def test_one_shop_in_trouble_of_its_own_hardly_delays_the_others(tmp_path: Path) -> None:
    found = run(virtually(tmp_path, SHOPS))

    assert list(found) == list(TROUBLES)
    assert {trouble: delay for trouble, delay in found.items() if not delay.kept} == {}

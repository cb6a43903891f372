import json
import subprocess
import sys
from pathlib import Path

import pytest

from onboarder.connector.errors import Advice
from onboarder.converge.failures import PARKED
from onboarder.converge.parked import DEADLY, ENDLESS, UNREADABLE
from tests.faults.poison import KINDS

ROOT = Path(__file__).parents[2]
STARTS = 2
"""Passes begun in vain before a store that ends its workers is parked; `make faults` leaves the product's number."""


@pytest.mark.processes
def test_poison_is_parked_and_redriven_and_everything_else_goes_on() -> None:
    command = [sys.executable, "-m", "tests.faults.poison", "--starts", str(STARTS)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    found = json.loads(done.stdout.splitlines()[-1])
    counted = [(one["scenario"], one["duplicates"], one["lost"], one["stuck"]) for one in found]
    assert counted == [(f"poison: {kind}", 0, 0, 0) for kind in KINDS], done.stderr
    assert [one["scenario"] for one in found if not one["kept"]] == [], done.stderr


@pytest.mark.parametrize("advice", [PARKED, DEADLY, ENDLESS, UNREADABLE])
def test_who_parks_a_store_tells_the_operator_what_happened_and_the_next_step(
    advice: Advice,
) -> None:
    assert advice.code.startswith("parked")
    assert advice.who == "operator"
    assert advice.id.startswith("Dihentikan sementara")
    assert advice.id.endswith("lalu: onboarder redrive TOKO")
    assert "onboarder redrive STORE" in advice.en

"""Every defect is caught by the check that should catch it, and the sound connector by none."""

import pytest

from tests.conformance.biting import check_named, complaint
from tests.conformance.mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
async def test_the_mutant_is_caught_by_its_check(mutant: Mutant) -> None:
    assert await complaint(mutant, check_named(mutant.check)) is not None, (
        f"{mutant.check} lets a connector pass that {mutant.defect}"
    )


def test_every_mutant_has_one_defect_of_its_own() -> None:
    assert len(MUTANTS) >= 20
    assert len({mutant.defect for mutant in MUTANTS}) == len(MUTANTS)

"""Run checks against mutants, in this process."""

import asyncio

from onboarder.connector.testing import CHECKS, Check
from tests.conformance.mutants import Mutant
from tests.conformance.rehearsal import rehearsal_subject

LONGEST_CHECK = 15.0
"""Seconds; a sound connector takes less than one. A mutant that waits for ever is caught by any check that notices."""


async def complaint(mutant: Mutant, check: Check) -> str | None:
    """What the check says of the mutant; None if it lets it pass."""
    async with rehearsal_subject(mutant.connector) as subject:
        if check.exemption(subject.manifest, subject.control) is not None:
            return None
        try:
            async with asyncio.timeout(LONGEST_CHECK):
                await check.run(subject)
        except Exception as error:  # noqa: BLE001  (whatever a mutant does, the check caught it)
            return f"{type(error).__name__}: {error}"
    return None


def check_named(name: str) -> Check:
    """KeyError if the kit has none such."""
    return {check.id: check for check in CHECKS}[name]

"""What the conformance kit makes of connectors with one defect each: `make mutants`. Every check against every mutant."""

import asyncio
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import structlog
from rich.console import Console
from rich.table import Table
from tests.conformance.biting import complaint
from tests.conformance.mutants import MUTANTS, Mutant

from onboarder.connector.testing import CHECKS

HEAD = ("Mutant", "Defect", "Expected check", "Caught by")


def main() -> int:
    """Returns 1 if a mutant escapes the check that should catch it."""
    table = Table(*HEAD, title="Mutants of the practice marketplace's connector", show_lines=True)
    escaped = 0
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as processes:
        for mutant, caught in zip(MUTANTS, processes.map(catchers, MUTANTS), strict=True):
            bites = mutant.check in caught
            escaped += not bites
            others = f" and {len(caught) - 1} more" if len(caught) > 1 else ""
            verdict = f"{mutant.check}{others}" if bites else f"[red]NOT by it: {caught or 'none'}"
            table.add_row(mutant.name, mutant.defect, mutant.check, verdict)
    Console().print(table)
    print(f"{len(MUTANTS)} mutants, {len(MUTANTS) - escaped} caught by the check that should")
    return 1 if escaped else 0


def catchers(mutant: Mutant) -> list[str]:
    """Ids of the checks that complain of a mutant."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # heard, not printed

    async def judge() -> list[str]:
        return [check.id for check in CHECKS if await complaint(mutant, check) is not None]

    return asyncio.run(judge())


if __name__ == "__main__":
    sys.exit(main())

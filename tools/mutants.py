"""What the conformance kit makes of connectors with one defect each: `make mutants`, or `make mutants ALL=1`.

Each mutant meets the check that should catch it; with `--all` every check, minutes long, and the checks that caught
nothing are named in the end.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import structlog
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tests.conformance.biting import check_named, complaint
from tests.conformance.mutants import MUTANTS, Mutant

from onboarder.connector.testing import CHECKS

Complaints = dict[str, str]
"""What each check that caught a mutant said."""


def main(arguments: list[str]) -> int:
    """Returns 1 if a mutant escapes the check that should catch it."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every check against every mutant")
    all_checks = parser.parse_args(arguments).all
    table = Table("Mutant", "Defect", "Expected check", "Caught by", show_lines=True)
    caught: set[str] = set()
    escaped = 0
    for mutant, complaints in _met(all_checks=all_checks):
        caught |= complaints.keys()
        escaped += mutant.check not in complaints
        table.add_row(mutant.name, mutant.defect, mutant.check, _verdict(mutant, complaints))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    print(f"{len(MUTANTS)} mutants, {len(MUTANTS) - escaped} caught by the check that should")
    if all_checks:
        idle = [check.id for check in CHECKS if check.id not in caught]
        print(f"{len(idle)} of {len(CHECKS)} checks caught none: {', '.join(idle)}")
    return 1 if escaped else 0


def complaints_of(mutant: Mutant, *, all_checks: bool) -> Complaints:
    """By the ids of the checks."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # heard, not printed
    checks = CHECKS if all_checks else (check_named(mutant.check),)

    async def judge() -> Complaints:
        said = [(check.id, await complaint(mutant, check)) for check in checks]
        return {name: text for name, text in said if text is not None}

    return asyncio.run(judge())


def _met(*, all_checks: bool) -> Iterator[tuple[Mutant, Complaints]]:
    judge = partial(complaints_of, all_checks=all_checks)
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as processes:
        yield from zip(MUTANTS, processes.map(judge, MUTANTS), strict=True)


def _verdict(mutant: Mutant, complaints: Complaints) -> str:
    if mutant.check not in complaints:
        return f"[red]not by it[/red] {', '.join(complaints)}"
    others = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
    said = complaints[mutant.check].removeprefix("NonconformingError: ")
    return escape(f"{mutant.check}{others}: {said[:70]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

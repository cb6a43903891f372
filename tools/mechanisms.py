"""For every mechanism the test that fails when it is taken out: `make mechanisms`.

Each test is run as it is, where it must pass, and with its mechanism taken out, where it must fail.
"""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tests.faults.mechanisms import MECHANISMS, Mechanism
from tests.faults.pairs import caught, verdicts
from tests.faults.without import Verdict


def main(arguments: Sequence[str]) -> int:
    """Returns 1 if a mechanism can be taken out without its test failing, or a test fails as it is."""
    parser = argparse.ArgumentParser(prog="python -m tools.mechanisms", description=__doc__)
    parser.add_argument("name", nargs="*", help="only these; all if none is named")
    names = parser.parse_args(arguments).name
    chosen = [one for one in MECHANISMS if not names or one.name in names]
    sound, broken = verdicts(chosen, without=False), verdicts(chosen, without=True)
    table = Table("Mechanism", "Taken out", "Test", "With it", "Without it", show_lines=True)
    escaped = 0
    for one in chosen:
        good = caught(sound.get(one.test), broken.get(one.test))
        escaped += not good
        table.add_row(one.name, one.without, *_told(one, sound, broken, good=good))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    print(f"{len(chosen)} mechanisms, {len(chosen) - escaped} watched by a test that fails without")
    return 1 if escaped else 0


def _told(
    one: Mechanism, sound: dict[str, Verdict], broken: dict[str, Verdict], *, good: bool
) -> tuple[str, str, str]:
    before, after = sound.get(one.test), broken.get(one.test)
    passes = "did not run" if before is None else "fails" if before["failed"] else "passes"
    fails = "did not run" if after is None else after["said"][:90]
    mark = "" if good else "[red]escapes[/red] "
    return escape(one.test), passes, mark + escape(fails)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

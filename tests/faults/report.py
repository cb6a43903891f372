"""Run the laboratory and write docs/reliability.md.

`python -m tests.faults.report` runs every scenario in full (hours on two cores), `--short` the forms that fit into ten
minutes, `--only NAME...` some of them; the other rows stay as they were found, each with its own date and command.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from tests.faults.findings import Finding
from tests.faults.mechanisms import MECHANISMS
from tests.faults.scenarios import SCENARIOS, Scenario

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
FOUND = PAGE.with_suffix(".json")
TEMPLATE = Path(__file__).with_name("reliability.template.md")
LONGEST = 8 * 3600.0
"""Seconds after which a scenario is given up."""


class Run(BaseModel, frozen=True):
    """What one command found, and when. `finished`: it ended by itself and said what it found."""

    command: str
    on: date
    finished: bool
    findings: tuple[Finding, ...]

    @property
    def kept(self) -> bool:
        return self.finished and all(one.kept for one in self.findings)


Runs = dict[str, Run]
"""By the module's name."""
_findings = TypeAdapter(tuple[Finding, ...])
_runs = TypeAdapter(Runs)


def main() -> int:
    """Run what was chosen, write the page after each; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.report", description=__doc__)
    parser.add_argument("--short", action="store_true", help="minutes instead of hours")
    parser.add_argument("--only", nargs="+", choices=[one.module for one in SCENARIOS])
    parser.add_argument("--page", action="store_true", help="run nothing, only write the page")
    chosen = parser.parse_args()
    names = [] if chosen.page else chosen.only or [one.module for one in SCENARIOS]
    runs, new = recorded(FOUND), Runs()
    for scenario in (one for one in SCENARIOS if one.module in names):
        arguments = scenario.short if chosen.short else scenario.full
        runs[scenario.module] = new[scenario.module] = run(scenario.module, arguments)
        write(runs)
    write(runs)
    for line in broken(new):
        print(line, file=sys.stderr)  # noqa: T201  # the result, and what repeats it
    return 0 if all(one.kept for one in new.values()) else 1


def run(module: str, arguments: Sequence[str], *, longest: float = LONGEST) -> Run:
    """Run one scenario in a process of its own. Whatever becomes of it, there is something to report."""
    command = " ".join([module, *arguments])
    print(f"… {command}", file=sys.stderr, flush=True)  # noqa: T201  # progress
    whole = [sys.executable, "-m", f"tests.faults.{module}", *arguments]
    try:
        done = subprocess.run(
            whole, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=longest
        )
        told = _findings.validate_json((done.stdout.splitlines() or [""])[-1])
    except (subprocess.TimeoutExpired, ValidationError):
        told = ()
    return Run(command=command, on=datetime.now(UTC).date(), finished=bool(told), findings=told)


def recorded(path: Path) -> Runs:
    """What was found before, if anything."""
    return _runs.validate_json(path.read_bytes()) if path.exists() else {}


def write(runs: Runs) -> None:
    """The data and the page made of it, in the order of the scenarios."""
    ordered = {one.module: runs[one.module] for one in SCENARIOS if one.module in runs}
    FOUND.write_bytes(_runs.dump_json(ordered, indent=1) + b"\n")
    PAGE.write_text(page(ordered), encoding="utf-8")


def page(runs: Runs) -> str:
    """docs/reliability.md: the template with the findings and the mechanisms' tests filled in."""
    rows = [row for one in runs.values() for row in _rows(one)]
    missing = [one.module for one in SCENARIOS if one.module not in runs]
    watchers = [f"| {one.name} | {one.without} | `{one.test}` |" for one in MECHANISMS]
    return TEMPLATE.read_text(encoding="utf-8").format(
        rows="\n".join(rows),
        missing=f"Not run yet: {', '.join(missing)}." if missing else "Every scenario was run.",
        watchers="\n".join(watchers),
        commands="\n".join(_commands(one) for one in SCENARIOS),
    )


def broken(runs: Runs) -> list[str]:
    """A line for everything that was not kept, with what repeats it."""
    lines: list[str] = []
    for one in runs.values():
        again = f"python -m tests.faults.{one.command}"
        if not one.finished:
            lines.append(f"did not finish: {again}")
        lines += [
            f"not kept: {found.scenario} ({found.note}); seeds {found.seeds}; {again}"
            for found in one.findings
            if not found.kept
        ]
    return lines


def _rows(one: Run) -> list[str]:
    made = f"{one.on} | `{one.command}`"
    if not one.finished:
        return [f"| {one.command.split()[0]} | | | | | | | **did not finish** | | {made} |"]
    return [
        f"| {_plain(found.scenario)} | {found.runs} | {_plain(found.seeds)} | {found.duplicates} | {found.lost} "
        f"| {found.stuck} | {found.seconds:g} | {'yes' if found.kept else '**no**'} | {_plain(found.note)} | {made} |"
        for found in one.findings
    ]


def _plain(text: str) -> str:
    """Text that does not end its cell."""
    return text.replace("|", "/").replace("\n", " ")


def _commands(one: Scenario) -> str:
    forms = (" ".join(["python -m tests.faults." + one.module, *form]) for form in one.forms)
    return "\n".join(f"    {form}" for form in forms)


if __name__ == "__main__":
    sys.exit(main())

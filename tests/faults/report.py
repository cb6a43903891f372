"""Run the laboratory and write docs/reliability.md.

`python -m tests.faults.report` runs everything in full (hours on two cores), `--short` the forms that fit into ten minutes.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
TEMPLATE = Path(__file__).with_name("reliability.template.md")
FULL: Mapping[str, Sequence[str]] = {
    "crash_sweep": ("--json",),
    "kill_storm": ("--kills", "200", "--merchants", "2000"),
    "redis_trouble": ("--away", "60"),
    "ledger": ("--examples", "2000", "--steps", "50"),
    "city": ("--seeds", "200"),
}
SHORT: Mapping[str, Sequence[str]] = {
    "crash_sweep": ("--kills", "3", "--json"),
    "kill_storm": ("--kills", "20", "--merchants", "150"),
    "redis_trouble": ("--away", "5"),
    "ledger": ("--examples", "25", "--steps", "15"),
    "city": ("--seeds", "4"),
}


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    scenario: str
    runs: int
    seeds: str
    duplicates: int
    lost: int
    stuck: int
    seconds: float
    note: str = ""


def main() -> int:
    """Write the page; 0 if every command kept its promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    chosen = parser.parse_args()
    plan = SHORT if chosen.short else FULL
    lines: list[Line] = []
    kept = True
    for module, arguments in plan.items():
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", f"tests.faults.{module}", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        kept = kept and done.returncode == 0
        lines += _lines(module, done, arguments, round(time.monotonic() - began, 1))
    PAGE.write_text(_page(lines, plan, short=chosen.short), encoding="utf-8")
    return 0 if kept else 1


def _lines(
    module: str, done: "subprocess.CompletedProcess[str]", arguments: Sequence[str], seconds: float
) -> Iterator[Line]:
    if module == "ledger":
        failed = int(done.returncode != 0)
        run = f"{arguments[1]} sequences of {arguments[3]} steps, failed ones counted"
        counts = {"duplicates": failed, "lost": failed, "stuck": failed, "seconds": seconds}
        yield _line("state machine over the ledger", counts, int(arguments[1]), "fixed", run)
        return
    found = json.loads(
        next(one for one in done.stdout.splitlines() if one.startswith(("[{", '{"')))
    )
    if module == "kill_storm":
        storm = found["storm"]
        note = (
            f"{storm['kills']} kills, {storm['creates']} stores and listings, 10 % of answers lost, "
            f"{storm['tasks']} steps left to a person, {found['ratio']} × the undisturbed {found['calm']['seconds']} s"
        )
        yield _line("kill storm over four workers", storm, 1, str(storm["seed"]), note)
        return
    rows = cast("list[dict[str, object]]", found)
    if module == "city":
        whole = {
            name: sum(int(str(one[name])) for one in rows)
            for name in ("duplicates", "lost", "stuck")
        }
        stores = sum(int(str(one["stores"])) for one in rows)
        deaths = sum(int(str(one["deaths"])) for one in rows)
        note = f"{stores} stores, {deaths} deaths of workers, 24 virtual hours each"
        yield _line(
            "a day of a city", whole | {"seconds": seconds}, len(rows), f"0-{len(rows) - 1}", note
        )
        return
    for one in rows:
        if module == "crash_sweep":
            note = f"every {one['stride']}. of {one['steps']} steps; slowest {one['slowest']} s after the restart"
            yield _line(f"SIGKILL at a step: {one['mode']}", one, int(str(one["runs"])), "-", note)
        else:
            note = f"an order took {one['accepting']} s, the next listing stood after {one['resumed']} s"
            yield _line(f"Redis {one['trouble']}", one, 1, "-", note)


def _line(scenario: str, one: Mapping[str, object], runs: int, seeds: str, note: str) -> Line:
    counted = [int(str(one.get(name, 0))) for name in ("duplicates", "lost", "stuck")]
    seconds = float(str(one.get("seconds", one.get("slowest", 0))))
    return Line(scenario, runs, seeds, counted[0], counted[1], counted[2], seconds, note)


def _page(lines: Sequence[Line], plan: Mapping[str, Sequence[str]], *, short: bool) -> str:
    made = f"{datetime.now(UTC):%Y-%m-%d}, `python -m tests.faults.report{' --short' if short else ''}`"
    rows = [
        f"| {one.scenario} | {one.runs} | {one.seeds} | {one.duplicates} | {one.lost} | {one.stuck} "
        f"| {one.seconds} | {one.note} |"
        for one in lines
    ]
    commands = [
        f"    python -m tests.faults.{name} {' '.join(rest)}" for name, rest in plan.items()
    ]
    template = TEMPLATE.read_text(encoding="utf-8")
    return template.format(made=made, rows="\n".join(rows), commands="\n".join(commands))


if __name__ == "__main__":
    sys.exit(main())

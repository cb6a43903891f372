"""docs/performance.md and the data it is made of, docs/performance.json."""

import os
import platform
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, Field, TypeAdapter, field_serializer

from tools.bench.market import ROOT
from tools.bench.question import Row, every_name, question

PAGE = ROOT / "docs" / "performance.md"
FOUND = PAGE.with_suffix(".json")
TEMPLATE = Path(__file__).with_name("performance.template.md")
PACKAGES = (
    "httpx",
    "httpx-aiohttp",
    "aiohttp",
    "arq",
    "redis",
    "sqlalchemy",
    "aiosqlite",
    "asyncpg",
    "pydantic",
    "pillow",
)
CPU_INFO = Path("/proc/cpuinfo")


def machine() -> str:
    """Where this process runs."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", _cpu_info(), re.MULTILINE)
    name = cpu.group(1) if cpu else platform.machine()
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} × {name}, {gigabytes:.0f} GB"
    )


def versions() -> str:
    """What the measured work is made of."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return ", ".join([python, *(f"{one} {found}" for one in PACKAGES if (found := _version(one)))])


def this_minute() -> str:
    """The name of a run that begins now, by UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M}"


class Answer(BaseModel, frozen=True):
    """What one question was answered, when, where and by which command. No rows: it did not finish.

    `run` is the minute, by UTC, in which the command began; answers of the same run have the same. Empty: not recorded.
    """

    command: str
    run: str = ""
    on: date = Field(default_factory=lambda: datetime.now(UTC).date())
    seconds: float
    machine: str = Field(default_factory=machine)
    versions: str = Field(default_factory=versions)
    rows: tuple[Row, ...]

    @property
    def holds(self) -> bool:
        return bool(self.rows) and all(one.holds for one in self.rows)

    @field_serializer("rows")
    def _briefly(self, rows: tuple[Row, ...]) -> list[dict[str, object]]:
        return [one.model_dump(exclude_defaults=True) for one in rows]


Answers = dict[str, Answer]
"""By the question's name."""
_answers = TypeAdapter(Answers)


def recorded(path: Path) -> Answers:
    """What was answered before, if anything."""
    return _answers.validate_json(path.read_bytes()) if path.exists() else {}


def write(answers: Answers, asked: Sequence[str]) -> None:
    """The data and the page made of it. `asked` should have been answered; answers to what is no question are left out."""
    kept = {name: answers[name] for name in every_name() if name in answers}
    FOUND.write_bytes(_answers.dump_json(kept, indent=1) + b"\n")
    PAGE.write_text(page(kept, asked), encoding="utf-8")


def page(answers: Answers, asked: Sequence[str]) -> str:
    """docs/performance.md: the template with the answers filled in."""
    missing = [name for name in asked if name not in answers]
    return TEMPLATE.read_text(encoding="utf-8").format(
        runs=runs(answers),
        unmet="\n\n".join(_unmet(answers)) or "Every goal is met.",
        sections="\n\n".join(_section(name, one) for name, one in answers.items()),
        missing=f"Not measured yet: {', '.join(missing)}."
        if missing
        else "Everything was measured.",
    )


def runs(answers: Answers) -> str:
    """Which answers were found together."""
    if not answers:
        return "Nothing was asked yet."
    by_run = defaultdict[str, list[str]](list)
    for name, one in answers.items():
        by_run[one.run].append(name)
    if len(by_run) == 1:
        [run] = by_run
        return f"All answers come from {_of(run)}."
    most = max(by_run, key=lambda run: (bool(run), len(by_run[run])))
    apart = [f"{', '.join(by_run[run])} in {_of(run)}" for run in sorted(by_run) if run != most]
    return f"Asked in {_of(most)}: {', '.join(by_run[most])}. Asked apart: {'; '.join(apart)}."


def _of(run: str) -> str:
    return f"the run of {run} UTC" if run else "runs not recorded"


def _unmet(answers: Answers) -> list[str]:
    """A paragraph for each question of which something does not hold, and one with what it says of that."""
    found = list[str]()
    for name, one in answers.items():
        if not one.holds:
            asked = question(name)
            lines = [_failing(row) for row in one.rows if not row.holds] or ["It did not finish."]
            found.append("\n".join(f"- {asked.title}: {line}" for line in lines))
            found += [asked.unmet] if asked.unmet and one.rows else []
    return found


def _failing(row: Row) -> str:
    more, unit = _more(row), f" {row.unit}" if row.unit else ""
    return f"{row.what}: {number(row.median, more)}{unit}, goal {_goal(row)}"


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as a table of Markdown, for the page and for whoever waits for it."""
    head = "| | unit | min | median | max | rounds | goal | holds |"
    return [head, "| --- | --- | ---: | ---: | ---: | ---: | --- | --- |", *map(_line, rows)]


def _section(name: str, answer: Answer) -> str:
    asked = question(name)
    rows = table(answer.rows) if answer.rows else ["**It did not finish.**"]
    together = f"in {_of(answer.run)}, " if answer.run else ""
    made = (
        f"Measured on {answer.on} {together}in {answer.seconds:.0f} s by `{answer.command}` on {answer.machine}; "
        f"{answer.versions}."
    )
    return "\n".join([f"## {asked.title}", "", asked.about, "", *rows, "", made])


def _line(row: Row) -> str:
    what = f"{row.what} ({row.note})" if row.note else row.what
    shown, more = (min(row.values), row.median, max(row.values)), _more(row)
    numbers = " | ".join(number(one, more) for one in shown)
    holds = "" if not _goal(row) else "yes" if row.holds else "**no**"
    cells = f"| {what.replace('|', '/')} | {row.unit} | {numbers} | {len(row.values)} "
    return f"{cells}| {_goal(row)} | {holds} |"


def _goal(row: Row) -> str:
    low = [f"≥ {number(row.at_least)}"] if row.at_least is not None else []
    high = [f"≤ {number(row.at_most)}"] if row.at_most is not None else []
    return ", ".join(low + high)


def _more(row: Row) -> int:
    """So many digits more that a row which does not hold does not look as if it did."""
    goals = {number(one) for one in (row.at_least, row.at_most) if one is not None}
    return 0 if row.holds else next(n for n in range(20) if number(row.median, n) not in goals)


def number(value: float, more: int = 0) -> str:
    """With as many digits as mean something, and so many more."""
    if abs(value) >= 999.5:
        return f"{value:,.{more}f}"
    digits = 4 if 1 <= abs(value) < 10 else 3
    return f"{value:.{digits + more}g}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _cpu_info() -> str:
    return CPU_INFO.read_text(encoding="utf-8") if CPU_INFO.exists() else ""

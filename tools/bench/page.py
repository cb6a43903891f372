"""docs/performance.md and the data it is made of, docs/performance.json."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, Field, TypeAdapter

from tools.bench.market import ROOT
from tools.bench.question import Row, question

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


class Answer(BaseModel, frozen=True):
    """What one question was answered, when, where and by which command. No rows: it did not finish."""

    command: str
    on: date = Field(default_factory=lambda: datetime.now(UTC).date())
    seconds: float
    machine: str = Field(default_factory=machine)
    versions: str = Field(default_factory=versions)
    rows: tuple[Row, ...]

    @property
    def holds(self) -> bool:
        return bool(self.rows) and all(one.holds for one in self.rows)


Answers = dict[str, Answer]
"""By the question's name."""
_answers = TypeAdapter(Answers)


def recorded(path: Path) -> Answers:
    """What was answered before, if anything."""
    return _answers.validate_json(path.read_bytes()) if path.exists() else {}


def write(answers: Answers, asked: Sequence[str]) -> None:
    """The data and the page made of it. `asked` are all questions there are; answers to others are left out."""
    kept = {name: answers[name] for name in asked if name in answers}
    FOUND.write_bytes(_answers.dump_json(kept, indent=1, exclude_defaults=True) + b"\n")
    PAGE.write_text(page(kept, asked), encoding="utf-8")


def page(answers: Answers, asked: Sequence[str]) -> str:
    """docs/performance.md: the template with the answers filled in."""
    missing = [name for name in asked if name not in answers]
    return TEMPLATE.read_text(encoding="utf-8").format(
        sections="\n\n".join(_section(name, one) for name, one in answers.items()),
        missing=f"Not measured yet: {', '.join(missing)}."
        if missing
        else "Everything was measured.",
    )


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as a table of Markdown, for the page and for whoever waits for it."""
    head = "| | unit | min | median | max | rounds | goal | holds |"
    return [head, "| --- | --- | ---: | ---: | ---: | ---: | --- | --- |", *map(_line, rows)]


def _section(name: str, answer: Answer) -> str:
    asked = question(name)
    rows = table(answer.rows) if answer.rows else ["**It did not finish.**"]
    made = (
        f"Measured on {answer.on} in {answer.seconds:.0f} s by `{answer.command}` on {answer.machine}; "
        f"{answer.versions}."
    )
    return "\n".join([f"## {asked.title}", "", asked.about, "", *rows, "", made])


def _line(row: Row) -> str:
    what = f"{row.what} ({row.note})" if row.note else row.what
    numbers = " | ".join(number(one) for one in (min(row.values), row.median, max(row.values)))
    holds = "" if not _goal(row) else "yes" if row.holds else "**no**"
    cells = f"| {what.replace('|', '/')} | {row.unit} | {numbers} | {len(row.values)} "
    return f"{cells}| {_goal(row)} | {holds} |"


def _goal(row: Row) -> str:
    low = [f"≥ {number(row.at_least)}"] if row.at_least is not None else []
    high = [f"≤ {number(row.at_most)}"] if row.at_most is not None else []
    return ", ".join(low + high)


def number(value: float) -> str:
    """With as many digits as mean something."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _cpu_info() -> str:
    return CPU_INFO.read_text(encoding="utf-8") if CPU_INFO.exists() else ""

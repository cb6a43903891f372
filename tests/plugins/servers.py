"""Suites that need a real server: skipped where it is missing, required on demand, and accounted for at the end."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import cast

import pytest

from tests.marketplace import mercur
from tests.servers import postgres, redis
from tests.servers.required import need


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests behind one marker."""

    name: str
    why_not_available: Callable[[], str | None]


SUITES: Mapping[str, Suite] = {
    "mercur": Suite("the real Mercur marketplace", mercur.why_not_available),
    "postgres": Suite("PostgreSQL", postgres.why_not_available),
    "redis_server": Suite("a Redis server", redis.why_not_available),
}
"""By marker, the most demanding first."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a marked test whose server is missing, or fail it where servers are required."""
    marker = _marker(item.keywords)
    if marker is not None:
        need(SUITES[marker].why_not_available())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Say last, just above the closing line, which suites did not run and how to get them."""
    yield
    missing = _skipped(terminalreporter)
    if not missing:
        return
    terminalreporter.section("did not run on this machine", yellow=True)
    for marker, reasons in missing.items():
        terminalreporter.line(f"{SUITES[marker].name}: {len(reasons)} skipped. {reasons[-1]}")


def _skipped(reporter: pytest.TerminalReporter) -> dict[str, list[str]]:
    """Reasons of the skipped tests by marker."""
    found: dict[str, list[str]] = {}
    for report in reporter.stats.get("skipped", []):
        marker = _marker(report.keywords)
        if marker is not None and isinstance(report.longrepr, tuple):
            reason = cast("tuple[str, int, str]", report.longrepr)[2].removeprefix("Skipped: ")
            if not reason.startswith("exempt from"):  # said by a conformance check, not by us
                found.setdefault(marker, []).append(reason)
    return found


def _marker(keywords: Mapping[str, object]) -> str | None:
    return next((marker for marker in SUITES if marker in keywords), None)

"""A pytest plugin that takes mechanisms out: `pytest -p tests.faults.without --without each`.

`each` takes out of every test that watches a mechanism that very one; a mechanism's name takes that one out of whatever is
run. `--told FILE` writes what became of each test, as `Verdict`s by node id.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import TypedDict

import pytest

from tests.faults.mechanisms import MECHANISMS, Mechanism

EACH = "each"
_BY_TEST = {one.test: one for one in MECHANISMS}
_BY_NAME = {one.name: one for one in MECHANISMS}


class Verdict(TypedDict):
    """`failed`: in the test itself, not in its set-up."""

    failed: bool
    ran: bool
    said: str
    seconds: float


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without", choices=[EACH, *_BY_NAME], help="take a mechanism out")
    parser.addoption("--told", type=Path, help="write what became of each test")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Witness(config.getoption("--told")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """One test with its mechanism, or the chosen one, taken out."""
    with pytest.MonkeyPatch.context() as patch:
        chosen = _chosen(item)
        if chosen is not None:
            chosen.take_out(patch)
        return (yield)


def _chosen(item: pytest.Item) -> Mechanism | None:
    name: str | None = item.config.getoption("--without")
    if name is None:
        return None
    return _BY_TEST.get(item.nodeid) if name == EACH else _BY_NAME[name]


class _Witness:
    """Notes how tests end."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._verdicts: dict[str, Verdict] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self._verdicts[report.nodeid] = Verdict(
                failed=report.failed,
                ran=report.outcome != "skipped",
                said=_first_line(report),
                seconds=round(report.duration, 2),
            )

    def pytest_sessionfinish(self) -> None:
        if self._path is not None:
            self._path.write_text(json.dumps(self._verdicts), encoding="utf-8")


def _first_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message).splitlines()[0] if crash is not None and crash.message else ""

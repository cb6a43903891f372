"""The logs of a worker: JSON lines without secrets."""

import json
import logging
from collections.abc import Generator

import pytest
import structlog

from onboarder.logging import QUIET, configure_logging


@pytest.fixture(autouse=True)
def as_before() -> Generator[None]:
    """Logging is the process's: put it back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in QUIET}
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def test_every_line_on_stderr_is_json_and_stdout_stays_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging()

    structlog.get_logger().info("pass.held", store="knm-1@rehearsal")
    logging.getLogger("somewhere").warning("a library's %s", "warning")

    out, err = capsys.readouterr()
    ours, theirs = (json.loads(line) for line in err.splitlines())
    assert out == ""
    assert (ours["event"], ours["level"], ours["store"]) == ("pass.held", "info", "knm-1@rehearsal")
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["level"]) == ("a library's warning", "warning")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_shows_places_and_no_local_variables(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    configure_logging(json=as_json)

    _fail_with("+62811secret")

    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "_fail_with" in said
    assert "+62811secret" not in said


@pytest.mark.parametrize("library", [*QUIET, "some_library"])
def test_a_chatty_library_is_heard_only_when_it_warns(
    capsys: pytest.CaptureFixture[str], library: str
) -> None:
    configure_logging(logging.DEBUG)

    logging.getLogger(library).info("HTTP Request: GET https://shop.example/?access_token=secret")
    logging.getLogger(library).warning("odd")

    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["odd"]


def _fail_with(phone: str) -> None:
    try:
        assert len(phone) // 0
    except ZeroDivisionError:
        structlog.get_logger().exception("pass.broken")

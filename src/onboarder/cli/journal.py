"""The command line's log: one JSON line per event in DATA_DIR/logs/onboarder.log, never on stdout."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import structlog
from structlog.typing import ExcInfo

from onboarder import tracebacks


def open_journal(data_dir: Path) -> Path:
    """Send this process's log there; returns the file."""
    path = data_dir / "logs" / "onboarder.log"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_traceback),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=_factory(path),
        cache_logger_on_first_use=False,
    )
    return path


def record_crash(data_dir: Path, error: BaseException) -> tuple[str, Path]:
    """Write an unexpected error down; returns the code to find it by, and the file. OSError if that is impossible."""
    path = open_journal(data_dir)
    code = f"E-{token_hex(4)}"
    told = tracebacks.told(error)
    structlog.get_logger().error("cli.crashed", code=code, at=datetime.now(UTC), traceback=told)
    return code, path


class _Lines:
    """Appends lines to a file; opens it per line, so that nothing is to be closed and a moved log is no harm."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def msg(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    debug = info = warning = error = critical = exception = msg


def _traceback(exc_info: ExcInfo) -> str:
    return tracebacks.told(exc_info[1])


def _factory(path: Path) -> Callable[..., _Lines]:
    def make(*_: object) -> _Lines:
        return _Lines(path)

    return make

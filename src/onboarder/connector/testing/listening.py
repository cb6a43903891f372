"""Everything that is said in logs while a body runs, whichever library says it."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from structlog.testing import capture_logs


@contextmanager
def heard() -> Generator[list[str]]:
    """Every log line of structlog and of the standard library, from DEBUG up, as text; complete after the body."""
    lines: list[str] = []
    ear = _Ear(lines)
    root = logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        with capture_logs() as events:
            yield lines
        lines.extend(map(str, events))
    finally:
        root.setLevel(level)
        root.removeHandler(ear)


class _Ear(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.getMessage()} {record.exc_info or ''}")

"""Everything that is said in logs while a body runs, whichever library says it."""

import json
import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import cast

from structlog.testing import capture_logs

SHORTEST_SECRET = 8
"""Characters; anything shorter is found in any text by chance."""


def secrets_in(text: str) -> list[str]:
    """The parts of a kept secret that must not be told: its JSON texts, or the whole if it is no JSON."""
    try:
        parts = [*_texts(json.loads(text))]
    except ValueError:
        parts = [text]
    return [part for part in parts if len(part) >= SHORTEST_SECRET]


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


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in cast("dict[str, object]", value).values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in cast("list[object]", value):
            yield from _texts(one)

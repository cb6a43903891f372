"""Tracebacks without values: places and types, and what only our own errors say.

The text of anybody else's error may hold what it stumbled over: a name in a row, a token in an address, a whole answer.
"""

import traceback
from collections.abc import Iterator
from typing import cast

OURS = "onboarder"


def told(error: BaseException) -> str:
    """The error and what led to it, oldest first, as text for a log."""
    return "\n".join(part for one in _chain(error) for part in _lines(one))


def said(error: BaseException) -> str:
    """What may be written down of an error's text: ours as it is, the system's without file names, else nothing."""
    if type(error).__module__.startswith(OURS):
        return str(error)
    return (error.strerror or "") if isinstance(error, OSError) else ""


def _lines(error: BaseException) -> Iterator[str]:
    yield from (line.rstrip("\n") for line in traceback.format_tb(error.__traceback__))
    name, text = type(error).__qualname__, said(error)
    yield f"{name}: {text}" if text else name


def _chain(error: BaseException) -> list[BaseException]:
    """The error, before it what it came from, and the members of groups before the group."""
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found:
        found.insert(0, one)
        if isinstance(one, BaseExceptionGroup):
            members = cast("BaseExceptionGroup[BaseException]", one).exceptions
            found[:0] = [inner for member in members for inner in _chain(member)]
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return found

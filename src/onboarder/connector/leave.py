"""Leave to call: until when the pass at work may still send. Looked at right before a call's bytes leave.

A worker that was stopped or blocked after its last look at the lease learns here that the store may be another's by now.
It is looked at three times: before connecting, on the connection, and in the turn of the loop in which the first bytes are
written. What remains is the time that writing takes.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from onboarder.connector.errors import Advice
from onboarder.model.people import Actor

LEAVE_OVER = Advice(
    "leave.over",
    Actor.NOBODY,
    "Worker sempat terhenti, jadi panggilan ini tidak dikirim. Sistem melanjutkan sendiri.",
    "The worker had been stopped for so long that it may not send this any more. Work goes on by itself.",
)

_until: ContextVar[datetime | None] = ContextVar("leave", default=None)
_clock: ContextVar[Callable[[], datetime] | None] = ContextVar("clock_of_leave", default=None)


@contextmanager
def leave_until(moment: datetime) -> Generator[None]:
    """Calls made inside may be sent up to that moment."""
    token = _until.set(moment)
    try:
        yield
    finally:
        _until.reset(token)


def has_leave(now: datetime) -> bool:
    """Whether a call may be sent now; always where nobody set an end."""
    until = _until.get()
    return until is None or now < until


@contextmanager
def told_by(clock: Callable[[], datetime]) -> Generator[None]:
    """`still_has_leave` asks this clock inside."""
    token = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(token)


def still_has_leave() -> bool:
    """`has_leave` now, for code that has no clock of its own."""
    clock = _clock.get()
    return clock is None or has_leave(clock())

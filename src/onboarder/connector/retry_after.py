"""How long a marketplace asks to wait."""

import email.utils
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

LONGEST_PAUSE = timedelta(hours=1)
"""A Retry-After beyond this is cut: the store looks again then."""


def retry_after(headers: Mapping[str, str], clock: Callable[[], datetime]) -> timedelta | None:
    """What the header Retry-After asks for; None if it asks nothing that can be understood.

    A date is measured against the answer's own Date, so that a wrong clock there or here does no harm.
    """
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), LONGEST_PAUSE)
    until = _date(text)
    if until is None:
        return None
    now = _date(headers.get("date", "")) or clock()
    return max(timedelta(), min(until - now, LONGEST_PAUSE))


def _date(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

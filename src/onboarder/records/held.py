"""What is held until a time: by nobody any more once that is over.

Nor if it ends later than anybody can rightly hold anything: that was taken by a clock that was ahead.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_

LONGEST = timedelta(minutes=20)
"""Twice the longest lease that can be set, as processes may be set differently; locks and claims are shorter."""


def unheld(
    until: ColumnElement[datetime],
    now: datetime | ColumnElement[datetime],
    latest: datetime | ColumnElement[datetime],
) -> ColumnElement[bool]:
    """Nobody holds it; `latest` is `LONGEST` after `now`."""
    return or_(until.is_(None), until < now, until > latest)

"""Days over which the daily quotas spread a plan, today included, with what is used of them already. Pure."""

from math import ceil

from onboarder.connector.daily import calls_for
from onboarder.model.work import Lane


def days_of_calls(calls: int, limit: int, lane: Lane, *, used: int) -> int:
    """Days for so many calls of one app. What today does not do goes on in the night's lane, whoever ordered it."""
    return _days(calls, calls_for(lane, limit) - used, calls_for(Lane.NIGHT, limit))


def days_of_creates(creates: int, limit: int, *, used: int) -> int:
    """Days for so many listings of one store."""
    return _days(creates, limit - used, limit)


def _days(need: int, today: int, a_day: int) -> int:
    return 1 + ceil(max(0, need - max(0, today)) / a_day)

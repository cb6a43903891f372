"""Days over which the daily quotas spread a plan, today included, with what is used of them already. Pure."""

from datetime import datetime, timedelta
from math import ceil

from onboarder.connector.daily import calls_for
from onboarder.connector.manifest import Quotas
from onboarder.model.work import Lane


def days_of_calls(calls: int, limit: int, lane: Lane, *, used: int) -> int:
    """Days for so many calls of one app. What today does not do goes on in the night's lane, whoever ordered it."""
    return _days(calls, calls_for(lane, limit) - used, calls_for(Lane.NIGHT, limit))


def days_of_creates(
    creates: int, quotas: Quotas, *, used: int, opened: datetime | None, now: datetime
) -> int:
    """Days for so many listings of one store; one opened on an unknown day (None) stays a new one."""
    limit, new_for = quotas.creates_a_day, quotas.new_for_days
    if limit is None:
        return 1
    days = _days(creates, limit - used, limit)
    if new_for is None or opened is None:
        return days
    settled = opened + timedelta(days=new_for)
    # What is put off waits for midnight: all of it is done after the first one at which the store is no longer new.
    rationed = ceil((settled - quotas.day_began(now)) / timedelta(days=1))
    return 1 if settled <= now else min(days, rationed + 1)


def _days(need: int, today: int, a_day: int) -> int:
    return 1 + ceil(max(0, need - max(0, today)) / a_day)

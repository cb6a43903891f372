"""The marketplace's own rate rules: so many calls a second for a partner and for a seller."""

import math
from email.utils import formatdate

from onboarder_rehearsal.server.callers import Caller
from onboarder_rehearsal.server.rules import RetryAfter, Rules
from onboarder_rehearsal.server.visit import Refused


class Pace:
    """Counts calls in windows of a second, or longer for rates below one; forgets them with the process."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, int]] = {}

    def check(self, rules: Rules, caller: Caller, now: float) -> None:
        """Refuse a call over the rate."""
        self._count(f"P{caller.partner}", "partner", rules.app_per_second, rules, now)
        if caller.seller_no is not None:
            self._count(f"S{caller.seller_no}", "seller", rules.store_per_second, rules, now)

    def _count(self, name: str, scope: str, rate: float | None, rules: Rules, now: float) -> None:
        if rate is None:
            return
        length = max(1.0, 1 / rate)
        window = int(now / length)
        begun, used = self._windows.get(name, (window, 0))
        used = used + 1 if begun == window else 1
        self._windows[name] = (window, used)
        if used > rate * length:
            wait = (window + 1) * length - now
            raise too_fast(scope, wait, rules.retry_after, now + rules.clock_skew_seconds)


def too_fast(scope: str, wait: float, form: RetryAfter, now: float) -> Refused:
    """A 429 that says, or does not say, how many seconds to wait; `now` is the time its Date header shows."""
    headers: dict[str, str] = {}
    if form == "seconds":
        headers["Retry-After"] = str(math.ceil(wait))
    elif form == "date":
        headers["Retry-After"] = formatdate(math.ceil(now + wait), usegmt=True)
    text = f"too many calls of this {scope}"
    return Refused(429, "too_fast", text, [("scope", scope)], headers)

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
        seller = caller.seller_no
        for scope, name, rate in (
            ("partner", caller.partner, rules.app_per_second),
            ("seller", f"S{seller}", None if seller is None else rules.store_per_second),
        ):
            wait = 0 if rate is None else self._wait(name, rate, now)
            if wait > 0:
                raise too_fast(scope, wait, rules.retry_after, now + rules.clock_skew_seconds)

    def _wait(self, name: str, rate: float, now: float) -> float:
        """Seconds until the next window if this one is used up, else 0; counts the call."""
        length = max(1.0, 1 / rate)
        window = int(now / length)
        begun, used = self._windows.get(name, (window, 0))
        used = used + 1 if begun == window else 1
        self._windows[name] = (window, used)
        return (window + 1) * length - now if used > rate * length else 0


def too_fast(scope: str, wait: float, form: RetryAfter, now: float) -> Refused:
    """A 429 that says, or does not say, how many seconds to wait; `now` is the time its Date header shows."""
    headers = retry_after(wait, form, now)
    return Refused(429, "too_fast", f"too many calls of this {scope}", [("scope", scope)], headers)


def retry_after(wait: float, form: RetryAfter, now: float) -> dict[str, str]:
    match form:
        case "seconds":
            return {"Retry-After": str(math.ceil(wait))}
        case "date":
            return {"Retry-After": formatdate(math.ceil(now + wait), usegmt=True)}
        case "none":
            return {}

"""The marketplace's own rate rules: so many calls a second for a partner and for a seller, counted in one of three ways."""

import math
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Protocol

from onboarder_rehearsal.server.callers import Caller
from onboarder_rehearsal.server.rules import Counted, RetryAfter, Rules
from onboarder_rehearsal.server.visit import Refused


class Count(Protocol):
    """One way of counting calls."""

    def wait(self, rate: float, now: float) -> float:
        """0 if a call is let through now, which is counted; else the seconds until one would be."""
        ...


class FixedWindow:
    """Windows of a second, or longer for rates below one, each with its own count."""

    def __init__(self) -> None:
        self._window, self._used = -1, 0

    def wait(self, rate: float, now: float) -> float:
        length = max(1.0, 1 / rate)
        window = int(now / length)
        self._used = self._used + 1 if window == self._window else 1
        self._window = window
        return (window + 1) * length - now if self._used > rate * length else 0


class SlidingLog:
    """The strictest: of any window, wherever it begins."""

    def __init__(self) -> None:
        self._let_through: deque[float] = deque()

    def wait(self, rate: float, now: float) -> float:
        length = max(1.0, 1 / rate)
        while self._let_through and self._let_through[0] <= now - length:
            self._let_through.popleft()
        if len(self._let_through) >= int(rate * length):
            return self._let_through[0] + length - now
        self._let_through.append(now)
        return 0


class TokenBucket:
    """A bucket that holds a second's tokens, at least one, and is filled steadily."""

    def __init__(self) -> None:
        self._tokens, self._at = math.inf, 0.0

    def wait(self, rate: float, now: float) -> float:
        filled = self._tokens + (now - self._at) * rate
        self._tokens, self._at = min(filled, max(1.0, rate)), now
        if self._tokens < 1:
            return (1 - self._tokens) / rate
        self._tokens -= 1
        return 0


COUNTS: Mapping[Counted, Callable[[], Count]] = {
    "fixed": FixedWindow,
    "sliding": SlidingLog,
    "bucket": TokenBucket,
}


class Pace:
    """Counts calls per partner and per seller; forgets them with the process."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Counted, str], Count] = {}

    def check(self, rules: Rules, caller: Caller, now: float) -> None:
        """Refuse a call over the rate."""
        seller = caller.seller_no
        for scope, name, rate in (
            ("partner", caller.partner, rules.app_per_second),
            ("seller", f"S{seller}", None if seller is None else rules.store_per_second),
        ):
            wait = 0 if rate is None else self._count(rules.counted, name).wait(rate, now)
            if wait > 0:
                raise too_fast(scope, wait, rules.retry_after, now + rules.clock_skew_seconds)

    def _count(self, counted: Counted, name: str) -> Count:
        return self._counts.setdefault((counted, name), COUNTS[counted]())


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

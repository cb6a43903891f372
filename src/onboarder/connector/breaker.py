"""Leaving a marketplace alone that is down: one probe at a time instead of every store's own attempts."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from onboarder.connector.advice import UNAVAILABLE
from onboarder.connector.errors import RateLimited

log = structlog.get_logger()

TRIPS_AT = 5
"""Failures in a row after which the marketplace is taken to be down."""
OF_STORES = 3
"""Of so many stores at least: the trouble of one store of its own must not stop the others."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=8)
"""Full rate is back this long after the marketplace is, and a second or two."""
PROBE_ENDS = timedelta(seconds=60)
"""A probe that never came back is given up: longer than any call may take."""
WHILE_PROBED = timedelta(seconds=1)
"""When those come back who are refused while the probe is out."""


class Breaker:
    """Per marketplace and process. Refused calls say when to come back, and use up no attempt."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures = 0
        self._stores: set[str] = set()
        self._pause = FIRST_PAUSE
        self._open_until: datetime | None = None
        self._probe_until: datetime | None = None

    @property
    def calm(self) -> bool:
        """Whether so little fails that a failed read is worth repeating at once."""
        return self._failures < TRIPS_AT - 1

    def check(self) -> None:
        """Raise `RateLimited` while the marketplace is left alone. Changes nothing."""
        if self._open_until is None:
            return
        now = self._clock()
        if lies_ahead(self._open_until, now, most=LONGEST_PAUSE):
            raise RateLimited(UNAVAILABLE, retry_after=self._open_until - now, scope="app")
        if self._probe_until is not None and lies_ahead(self._probe_until, now, most=PROBE_ENDS):
            raise RateLimited(UNAVAILABLE, retry_after=WHILE_PROBED, scope="app")

    def enter(self) -> bool:
        """`check` before a call is taken from any budget. After each pause the first is the probe: whether it is this."""
        self.check()
        if self._open_until is None:
            return False
        self._probe_until = self._clock() + PROBE_ENDS
        return True

    def failed(self, store: str = "", why: str = "") -> None:
        """The marketplace could not be reached, or answered that it cannot serve; `store` is whose call it was.

        `why` of the last failure is logged; English.
        """
        self._failures += 1
        self._stores.add(store or f"call {self._failures}")
        if self._open_until is None:
            if self._failures >= TRIPS_AT and len(self._stores) >= OF_STORES:
                log.warning("breaker.opened", failures=self._failures, last=why)
                self._open_until = self._clock() + self._pause
        elif self._probe_until is not None:  # others were under way before it opened: no news
            self._pause = min(LONGEST_PAUSE, self._pause * 2)
            self._open_until, self._probe_until = self._clock() + self._pause, None

    def worked(self) -> None:
        """It answered, whatever it said."""
        if self._open_until is not None:
            log.info("breaker.closed", failures=self._failures)
        self._failures, self._stores, self._pause = 0, set(), FIRST_PAUSE
        self._open_until = self._probe_until = None

    def unheard(self) -> None:
        """The call ended without saying how the marketplace is: if it was the probe, the next one is."""
        self._probe_until = None


def lies_ahead(moment: datetime, now: datetime, *, most: timedelta) -> bool:
    """Further ahead than `most` it was reckoned by a clock that has been set back since."""
    return timedelta() < moment - now <= most

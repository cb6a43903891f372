"""Leaving a marketplace alone that is down: one probe at a time instead of every store's own attempts."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from onboarder.connector.advice import UNAVAILABLE
from onboarder.connector.errors import RateLimited

log = structlog.get_logger()

TRIPS_AT = 10
"""Failures in a row, of any store's calls, after which the marketplace is taken to be down."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=8)
"""Full rate is back this long after the marketplace is, at most."""
PROBE_ENDS = timedelta(seconds=60)
"""A probe that never came back is given up: longer than any call may take."""


class Breaker:
    """Per marketplace and process. Refused calls say when to come back, and use up no attempt."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until: datetime | None = None

    def check(self) -> None:
        """Let a call through, or raise `RateLimited`. After each pause the first call is the probe, alone."""
        if self._open_until is None:
            return
        left = self._open_until - self._clock()
        if left > timedelta():
            raise RateLimited(UNAVAILABLE, retry_after=min(left, LONGEST_PAUSE), scope="app")
        self._open_until = self._clock() + PROBE_ENDS

    def failed(self) -> None:
        """The marketplace could not be reached, or answered that it cannot serve."""
        self._failures += 1
        trips = self._failures - TRIPS_AT
        if trips < 0:
            return
        if trips == 0:
            log.warning("breaker.opened", failures=self._failures)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(trips, 10)))
        self._open_until = self._clock() + pause

    def worked(self) -> None:
        """It answered, whatever it said."""
        if self._open_until is not None:
            log.info("breaker.closed", failures=self._failures)
        self._failures, self._open_until = 0, None

"""Decide what a missing server means: a skip for a newcomer, a failure where it is required."""

import os

import pytest

REQUIRE = "ONBOARDER_REQUIRE_SERVERS"


def need(reason: str | None) -> None:
    """Go on when `reason` is None; else skip, or fail when ONBOARDER_REQUIRE_SERVERS=1.

    `reason` is what a `why_not_available()` of this package answered.
    """
    if reason is None:
        return
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{REQUIRE}=1, but {reason}", pytrace=False)
    pytest.skip(reason)

"""The town that the engine is tried in."""

from collections.abc import AsyncGenerator, Generator

import pytest
import structlog
from tenacity import wait_none

from onboarder.records.database import Database
from tests.support.town import Town, a_town


@pytest.fixture(autouse=True)
def no_waiting_between_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated reads follow each other at once; everything else waits on the town's clock."""

    def at_once(**_: float) -> wait_none:
        return wait_none()

    monkeypatch.setattr("onboarder.connector.http.wait_random_exponential", at_once)


@pytest.fixture(autouse=True)
def quiet_log() -> Generator[None]:
    """Thousands of calls are not worth printing."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def town(database: Database) -> AsyncGenerator[Town]:
    """A town with the practice marketplace's usual rules; every drift is asked about."""
    async with a_town(database) as made:
        yield made

"""The town that the office looks after."""

from collections.abc import AsyncGenerator, Generator

import pytest
import structlog

from onboarder.records.database import Database
from tests.support.town import Town, a_town


@pytest.fixture(autouse=True)
def quiet_log() -> Generator[None]:
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def town(database: Database) -> AsyncGenerator[Town]:
    async with a_town(database) as made:
        yield made

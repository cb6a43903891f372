"""The town, with a marketplace that asks for consent."""

from collections.abc import AsyncGenerator, Generator

import pytest
import structlog

from onboarder.records.database import Database
from tests.support.consenting import Fair, a_fair
from tests.support.town import a_town


@pytest.fixture(autouse=True)
def quiet_log() -> Generator[None]:
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def fair(database: Database) -> AsyncGenerator[Fair]:
    async with a_town(database) as town:
        yield a_fair(town)

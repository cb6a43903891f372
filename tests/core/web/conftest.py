"""The desk's pages over one database, called in memory by somebody of every role."""

from collections.abc import AsyncGenerator, Generator

import pytest
import structlog

from onboarder.records.database import Database
from onboarder.web import desk
from tests.support.signed_in import Service, a_service


@pytest.fixture(autouse=True)
def quiet_log() -> Generator[None]:
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def service(database: Database) -> AsyncGenerator[Service]:
    async with a_service(database, pages=(desk.router(),)) as made:
        yield made

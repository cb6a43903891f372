"""The service with somebody of every role signed in, on both databases."""

from collections.abc import AsyncGenerator, Generator

import pytest
import structlog

from onboarder.records.database import Database
from tests.support.signed_in import Service, a_service
from tests.support.stall import Stall


@pytest.fixture(autouse=True)
def heard() -> Generator[list[dict[str, object]]]:
    with structlog.testing.capture_logs() as log:
        yield log  # type: ignore[misc]  # a list of dicts


@pytest.fixture
async def service(database: Database) -> AsyncGenerator[Service]:
    async with a_service(database) as made:
        yield made


@pytest.fixture
def stall(service: Service) -> Stall:
    """The canvasser's, with nobody registered yet."""
    return Stall(service)

"""The doors of `onboarder serve`, called in memory."""

from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
import structlog
from pydantic import SecretStr

from onboarder.api.app import create_app
from onboarder.api.premises import Premises, premises
from onboarder.records.database import Database
from tests.support.consenting import PUBLIC, Fair, a_fair
from tests.support.town import a_town

TOKEN = "a-token-for-the-figures"


@dataclass
class House:
    """`knock` calls a door as a browser or a marketplace would."""

    fair: Fair
    premises: Premises
    knock: httpx.AsyncClient
    log: list[dict[str, object]]


async def answers() -> str | None:
    """Redis does."""
    return None


@pytest.fixture
def heard() -> Generator[list[dict[str, object]]]:
    with structlog.testing.capture_logs() as log:
        yield log  # type: ignore[misc]  # a list of dicts


@pytest.fixture
async def house(database: Database, heard: list[dict[str, object]]) -> AsyncGenerator[House]:
    async with a_town(database) as town:
        fair = a_fair(town)
        made = premises(
            town.around,
            fair.bell,
            public_url=PUBLIC,
            state_span=timedelta(minutes=60),
            redis_silence=answers,
            metrics_token=SecretStr(TOKEN),
        )
        transport = httpx.ASGITransport(create_app(made), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as knock:
            yield House(fair, made, knock, heard)

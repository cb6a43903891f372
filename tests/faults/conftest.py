"""A town of the laboratory's own, on SQLite."""

import shutil
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import structlog

from onboarder.records.database import Database
from tests.faults.waitless import WAIT, at_once
from tests.support.town import Town, a_town


@pytest.fixture(autouse=True)
def no_waiting_between_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated reads follow each other at once; everything else waits on the town's clock."""
    monkeypatch.setattr(WAIT, at_once)


@pytest.fixture(autouse=True)
def quiet_log() -> Generator[None]:
    """Thousands of calls are not worth printing."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def town(sqlite_template: Path, tmp_path: Path) -> AsyncGenerator[Town]:
    """A town with the practice marketplace's usual rules."""
    path = shutil.copy(sqlite_template, tmp_path / "town.db")
    database = Database(f"sqlite+aiosqlite:///{path}")
    async with a_town(database) as made:
        yield made
    await database.aclose()

"""Fixtures of the command line's tests."""

from collections.abc import Generator
from pathlib import Path

import pytest
import structlog

from onboarder.demo.back_office import BackOffice
from tests.core.cli.office import Office, a_marketplace, an_office
from tests.core.cli.seller_desk import await_the_app

NOWHERE = "http://127.0.0.1:9"
"""An address at which nobody answers."""


@pytest.fixture(autouse=True)
def own_journal() -> Generator[None]:
    """A command sends this process's log to its own folder; the next test must not inherit that."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def office(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Office:
    """An office whose marketplace never answers: for commands that do not call it."""
    return an_office(tmp_path, NOWHERE, capsys, monkeypatch)


@pytest.fixture
def marketplace() -> Generator[tuple[str, BackOffice]]:
    with a_marketplace() as made:
        yield made


@pytest.fixture
def console(marketplace: tuple[str, BackOffice]) -> BackOffice:
    """The hand at the marketplace's console."""
    return marketplace[1]


@pytest.fixture
def busy_office(
    tmp_path: Path,
    marketplace: tuple[str, BackOffice],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Office:
    """An office with a marketplace that answers."""
    return an_office(tmp_path, marketplace[0], capsys, monkeypatch)


@pytest.fixture
def shop_office(office: Office) -> Office:
    """An office whose second marketplace waits for its app."""
    await_the_app(office)
    return office

"""pytest fixtures for the real marketplace, known to every test through the root conftest.

`mercur_server` starts once per test session; `mercur` is the same marketplace with faults reset.
Tests share its data: keep their References apart.
"""

from collections.abc import Generator

import pytest

from tests.marketplace.installation import InstallationFailedError, installed_modules
from tests.marketplace.mercur import Mercur, start_mercur, why_not_available
from tests.servers.required import need


def need_mercur() -> None:
    """Skip (or fail, with ONBOARDER_REQUIRE_SERVERS=1) where Mercur cannot be installed or started."""
    need(why_not_available())
    try:
        installed_modules()
    except InstallationFailedError as failed:
        need(str(failed))


@pytest.fixture(scope="session")
def mercur_server(postgres_url: str) -> Generator[Mercur]:
    """One marketplace for all tests of the session."""
    need_mercur()
    with start_mercur(postgres_url=postgres_url) as server:
        yield server


@pytest.fixture
def mercur(mercur_server: Mercur) -> Generator[Mercur]:
    """The marketplace without faults, limits or left-over counters."""
    mercur_server.control.faults.reset()
    yield mercur_server
    mercur_server.control.faults.reset()

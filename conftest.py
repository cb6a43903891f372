"""The root of all tests: one event loop, no network, real servers where there are any."""

import pytest

pytest_plugins = (
    "pytester",
    "tests.plugins.network",
    "tests.plugins.servers",
    "tests.plugins.databases",
    "tests.marketplace.plugin",
)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the workers do."""
    return "asyncio"

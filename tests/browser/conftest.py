"""One stand-in service and one phone per test."""

import threading
from collections.abc import Generator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from tests.browser.phones import Handset, Street
from tests.browser.standin import StandIn, app_of
from tests.servers.process import free_port, wait_until


@pytest.fixture
def service() -> StandIn:
    return StandIn()


@pytest.fixture
def address(service: StandIn) -> Generator[str]:
    """Where the stand-in listens."""
    port = free_port()
    config = uvicorn.Config(app_of(service), port=port, log_config=None, ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def street(address: str, tmp_path: Path) -> Generator[Street]:
    """Where phones are used; every one that is still on is switched off at the end."""
    street = Street(address, tmp_path)
    yield street
    street.clear()


@pytest.fixture
def phone(address: str) -> Generator[Handset]:
    """A phone in a fresh browser, nothing enrolled yet."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        context = browser.new_context(
            viewport={"width": 360, "height": 740}, has_touch=True, locale="id-ID"
        )
        yield Handset(context.new_page(), address)
        browser.close()

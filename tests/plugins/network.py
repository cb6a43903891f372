"""The guard: a test that reaches for anything beyond this machine fails, even if the code under test forgives the error.

It listens to Python's audit events, which every way to a socket raises (plain sockets, asyncio, aiohttp, httpx), in all
threads. It cannot see into child processes.
"""

import ipaddress
import sys
from collections.abc import Generator
from typing import cast

import pytest

NAMES_OF_THIS_MACHINE = frozenset({"", "localhost", "0.0.0.0", "::"})
CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})


class NetworkReached(RuntimeError):
    """A test tried to leave this machine; the text names the address."""


class Guard:
    """Collects what the running test reached for."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.watching = False

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """The audit hook. Raises NetworkReached for an address beyond loopback while a test runs."""
        if not self.watching or not event.startswith("socket."):
            return
        host = _host(event, arguments)
        if host is not None and not is_this_machine(host):
            self.reached.append(host)
            raise NetworkReached(f"this test reaches for {host!r}; tests may only use loopback")


def is_this_machine(host: str) -> bool:
    """Whether an address or host name can only mean this machine."""
    if host in NAMES_OF_THIS_MACHINE:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def pytest_configure(config: pytest.Config) -> None:
    """Put the hook in; Python cannot take audit hooks out again, so it is switched per test."""
    guard = Guard()
    config.stash[_KEY] = guard
    sys.addaudithook(guard.hear)


@pytest.fixture(autouse=True)
def network_guard(request: pytest.FixtureRequest) -> Generator[Guard]:
    """Watch this test; what was reached and swallowed fails it at the end."""
    guard = request.config.stash[_KEY]
    guard.reached.clear()
    guard.watching = True
    yield guard
    guard.watching = False
    if guard.reached:
        pytest.fail(f"this test reached for {', '.join(guard.reached)}", pytrace=False)


def _host(event: str, arguments: tuple[object, ...]) -> str | None:
    """The host an event is about; None for unix sockets and events that go nowhere."""
    if event in LOOK_UPS:
        return _text(arguments[0])
    if event in CONNECTS:
        address = arguments[1]
        if isinstance(address, tuple):
            return _text(cast("tuple[object, ...]", address)[0])
    return None


def _text(host: object) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")


_KEY = pytest.StashKey[Guard]()

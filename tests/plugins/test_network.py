import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
import httpx
import pytest

from tests.plugins.network import Guard, NetworkReached, is_this_machine

FAR = "192.0.2.1"
"""TEST-NET-1 of RFC 5737: routed nowhere, so nothing happens even without the guard."""


async def _by_asyncio() -> None:
    await asyncio.open_connection(FAR, 80)


async def _by_httpx() -> None:
    async with httpx.AsyncClient() as http:
        await http.get(f"http://{FAR}/")


async def _by_aiohttp() -> None:
    async with aiohttp.ClientSession() as http, http.get(f"http://{FAR}/"):
        pass


async def _by_name() -> None:
    await asyncio.get_running_loop().getaddrinfo("marketplace.example", 443)


async def _by_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.sendto(b"hello", (FAR, 53))


async def _by_connect_ex() -> None:
    with socket.socket() as plain:
        plain.connect_ex((FAR, 80))


@pytest.mark.parametrize(
    "reach", [_by_asyncio, _by_httpx, _by_aiohttp, _by_name, _by_datagram, _by_connect_ex]
)
async def test_every_way_out_is_shut(
    network_guard: Guard, reach: Callable[[], Awaitable[None]]
) -> None:
    with pytest.raises((NetworkReached, ExceptionGroup)):
        await reach()

    assert network_guard.reached != []
    network_guard.reached.clear()


def test_a_forgiven_attempt_still_counts(network_guard: Guard) -> None:
    with suppress(NetworkReached), socket.socket() as plain:
        plain.connect((FAR, 80))

    assert network_guard.reached == [FAR]
    network_guard.reached.clear()


def test_an_attempt_that_nobody_noticed_fails_the_test(
    pytester: pytest.Pytester, pytestconfig: pytest.Config
) -> None:
    pytester.makeini(f"[pytest]\npythonpath = {pytestconfig.rootpath}")
    pytester.makeconftest('pytest_plugins = ["tests.plugins.network"]')
    pytester.makepyfile(
        f"""
        import socket
        def test_it():
            try:
                socket.create_connection(("{FAR}", 80))
            except RuntimeError:
                pass
        """
    )

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"*this test reached for {FAR}*"])


def test_loopback_stays_open(network_guard: Guard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()

    assert network_guard.reached == []


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("2001:db8::1", False),
    ],
)
def test_only_loopback_is_this_machine(host: str, ours: bool) -> None:
    assert is_this_machine(host) is ours

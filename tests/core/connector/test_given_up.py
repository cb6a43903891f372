"""What a call that is given up leaves behind: nothing that may still arrive, and no doubt where nothing was sent."""

import asyncio
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest

from onboarder.connector.advice import UNREACHABLE
from onboarder.connector.breaker import TRIPS_AT
from onboarder.connector.budget import UnlimitedBudget, in_lane
from onboarder.connector.errors import OutcomeUnknown, RateLimited
from onboarder.connector.http import Effect, MarketplaceHttp, Request, open_client
from onboarder.model.ids import Reference
from onboarder.model.work import Lane
from tests.core.connector.hostile import answer, hostile

DEADLINE = timedelta(seconds=0.3)
NEVER = timedelta(minutes=10)
PHOTO = ("file", ("p.jpg", bytes(4_000_000), "image/jpeg"))
WRITE = Request("POST", "/x", "/x", Effect.WRITE, reference=Reference("r"))
UPLOAD = Request("POST", "/x", "/x", Effect.WRITE, files=(PHOTO,), reference=Reference("r"))


class Silent(httpx.AsyncBaseTransport):
    """A marketplace that takes calls and says nothing until it is told to."""

    def __init__(self) -> None:
        self.taken = 0
        self.has_all = asyncio.Event()
        self.speaks = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.taken += 1
        if self.taken == TRIPS_AT:
            self.has_all.set()
        if not self.speaks:
            await asyncio.Event().wait()
        return httpx.Response(200, content=b"{}")


class SlowBudget(UnlimitedBudget):
    async def acquire(self, scope: str) -> None:
        await asyncio.sleep(2 * DEADLINE.total_seconds())


@contextmanager
def one_who_does_not_read() -> Generator[socket.socket]:
    """A server in whose kernel little has room."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


async def test_waiting_for_the_budget_is_no_time_of_the_call() -> None:
    """A write that was never sent is no doubt."""
    async with hostile(answer(200)) as marketplace:
        client = open_client(marketplace.url)
        http = MarketplaceHttp(client, SlowBudget(), marketplace="hostile", deadline=DEADLINE)
        found = await http.send(WRITE)
        await http.aclose()

    assert found.status == 200


@pytest.mark.parametrize("by", ["us", "the deadline"])
async def test_a_worker_that_ends_says_nothing_of_the_marketplace(by: str) -> None:
    silent = Silent()
    deadline = NEVER if by == "us" else timedelta(seconds=0.05)
    client = open_client("http://marketplace.test", transport=silent)
    http = MarketplaceHttp(client, UnlimitedBudget(), marketplace="silent", deadline=deadline)

    async def call(store: str) -> None:
        with in_lane(Lane.NIGHT, store):
            await http.send(WRITE)

    calls = [asyncio.create_task(call(f"S{number}")) for number in range(TRIPS_AT)]
    await silent.has_all.wait()
    for one in calls if by == "us" else ():
        one.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    silent.speaks = True

    if by == "us":
        assert (await http.send(WRITE)).status == 200
    else:
        with pytest.raises(RateLimited):
            await http.send(WRITE)
    await http.aclose()


async def test_what_was_not_yet_delivered_when_a_call_is_given_up_never_is() -> None:
    with one_who_does_not_read() as server:
        client = open_client(f"http://127.0.0.1:{server.getsockname()[1]}")
        http = MarketplaceHttp(client, UnlimitedBudget(), marketplace="deaf", deadline=DEADLINE)
        with pytest.raises(OutcomeUnknown):
            await http.send(UPLOAD)
        taken = await asyncio.to_thread(_read_at_last, server)
        await http.aclose()

    assert taken < len(PHOTO[1][1])


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's option is Linux's")
async def test_what_nobody_acknowledges_is_given_up_by_the_kernel_itself() -> None:
    """As for a worker that was stopped and can give nothing up: long before the call's own deadline."""
    with one_who_does_not_read() as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        client = open_client(address, unheard=DEADLINE)
        http = MarketplaceHttp(client, UnlimitedBudget(), marketplace="deaf", deadline=NEVER)
        with pytest.raises(OutcomeUnknown) as lost:
            await asyncio.wait_for(http.send(UPLOAD), 10)
        await http.aclose()

    assert lost.value.advice is UNREACHABLE


def _read_at_last(server: socket.socket) -> int:
    """How many bytes still come, to a server that begins to read only now."""
    connection, _ = server.accept()
    taken = 0
    with connection:
        connection.settimeout(10)
        try:
            while piece := connection.recv(1 << 20):
                taken += len(piece)
        except ConnectionResetError:
            pass
    return taken

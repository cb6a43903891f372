"""A call whose pass may have lost its store meanwhile is not sent."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.errors import Unavailable
from onboarder.connector.http import Effect, MarketplaceHttp, Request, open_client
from onboarder.connector.leave import LEAVE_OVER, leave_until
from tests.core.connector.hostile import answer, hostile

WRITE = Request("POST", "/things", "/things", Effect.WRITE, json={})
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@asynccontextmanager
async def talking(url: str, clock: Callable[[], datetime]) -> AsyncGenerator[MarketplaceHttp]:
    http = MarketplaceHttp(open_client(url), UnlimitedBudget(), marketplace="x", clock=clock)
    try:
        yield http
    finally:
        await http.aclose()


class Slowly(UnlimitedBudget):
    """A slot comes only after a minute on the clock."""

    now = NOW

    async def acquire(self, scope: str) -> None:
        self.now += timedelta(minutes=1)


class Server:
    """Counts what reaches it."""

    def __init__(self) -> None:
        self.calls = 0
        self.budget = Slowly()

    async def send(self) -> int:
        client = open_client("http://127.0.0.1:1", transport=httpx.MockTransport(self._answer))
        http = MarketplaceHttp(client, self.budget, marketplace="x", clock=lambda: self.budget.now)
        try:
            return (await http.send(WRITE)).status
        finally:
            await http.aclose()

    async def _answer(self, _: httpx.Request) -> httpx.Response:
        self.calls += 1
        return httpx.Response(200, json={})


async def test_a_call_whose_leave_ended_while_it_waited_for_its_slot_is_not_sent() -> None:
    server = Server()

    with leave_until(NOW + timedelta(seconds=59)), pytest.raises(Unavailable) as held:
        await server.send()

    assert held.value.advice == LEAVE_OVER
    assert server.calls == 0
    assert server.budget.now == NOW + timedelta(minutes=1)  # and not tried again in here


@pytest.mark.parametrize("looks", [1, 2], ids=["while it connected", "before its bytes left"])
@pytest.mark.parametrize("kept_open", [False, True])
async def test_a_call_whose_leave_ended_on_the_way_out_is_not_sent(
    *, kept_open: bool, looks: int
) -> None:
    """It is looked at three times: before there is a connection, then, and when the bytes are about to leave."""
    times = [NOW] * (3 if kept_open else 0) + [NOW] * looks + [NOW + timedelta(minutes=1)]

    def clock() -> datetime:
        return times.pop(0) if len(times) > 1 else times[0]

    async with hostile(answer(200)) as server, talking(server.url, clock) as http:
        with leave_until(NOW + timedelta(seconds=59)):
            for _ in range(1 if kept_open else 0):
                await http.send(WRITE)
            with pytest.raises(Unavailable) as held:
                await http.send(WRITE)

    assert held.value.advice == LEAVE_OVER
    assert len(server.received) == int(kept_open)


async def test_a_call_with_leave_or_where_nobody_set_an_end_is_sent() -> None:
    server = Server()

    with leave_until(NOW + timedelta(seconds=61)):
        assert await server.send() == 200
    assert await server.send() == 200

    assert server.calls == 2

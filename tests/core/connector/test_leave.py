"""A call whose pass may have lost its store meanwhile is not sent."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.errors import Unavailable
from onboarder.connector.http import Effect, MarketplaceHttp, Request, open_client
from onboarder.connector.leave import LEAVE_OVER, leave_until

WRITE = Request("POST", "/things", "/things", Effect.WRITE, json={})
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


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


async def test_a_call_with_leave_or_where_nobody_set_an_end_is_sent() -> None:
    server = Server()

    with leave_until(NOW + timedelta(seconds=61)):
        assert await server.send() == 200
    assert await server.send() == 200

    assert server.calls == 2

"""What a call takes before it is sent: nothing of a budget while another finds out whether the marketplace is back."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from onboarder.connector.breaker import LONGEST_PAUSE
from onboarder.connector.budget import UnlimitedBudget, in_lane
from onboarder.connector.errors import MarketplaceError, OutcomeUnknown, RateLimited, Unavailable
from onboarder.connector.http import Effect, MarketplaceHttp, Request, open_client
from onboarder.connector.leave import LEAVE_OVER, leave_until
from onboarder.model.work import Lane
from tests.core.connector.hostile import answer, hostile

WRITE = Request("POST", "/things", "/things", Effect.WRITE, json={})
STORES = 20


class Door:
    """A marketplace that can be closed, behind a budget that counts what was taken of it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
        self.open = False
        self.called = 0
        self.budget = Counting()
        client = open_client("http://127.0.0.1:1", transport=httpx.MockTransport(self._answer))
        self.http = MarketplaceHttp(client, self.budget, marketplace="x", clock=lambda: self.now)

    async def send(self, store: str) -> MarketplaceError | None:
        try:
            with in_lane(Lane.NIGHT, store):
                await self.http.send(WRITE)
        except MarketplaceError as error:
            return error
        return None

    async def send_all(self) -> list[MarketplaceError | None]:
        return await asyncio.gather(*(self.send(f"S{number}") for number in range(STORES)))

    async def _answer(self, _: httpx.Request) -> httpx.Response:
        self.called += 1
        if self.open:
            return httpx.Response(200, json={})
        raise httpx.ConnectError("closed")


class Counting(UnlimitedBudget):
    """Each call waits for its turn."""

    def __init__(self) -> None:
        self.taken = 0
        self.refuses = False

    async def acquire(self, scope: str) -> None:
        if self.refuses:
            raise RateLimited(LEAVE_OVER, retry_after=timedelta(seconds=1), scope=scope)
        self.taken += 1
        await asyncio.sleep(0)


@pytest.fixture
async def closed() -> Door:
    """A marketplace that is known to be down, and the pause after the last probe is over."""
    door = Door()
    await door.send_all()
    door.budget.taken = door.called = 0
    door.now += LONGEST_PAUSE
    return door


async def test_only_the_probe_takes_of_the_budget(closed: Door) -> None:
    answers = await closed.send_all()

    assert closed.budget.taken == closed.called
    assert closed.called <= 3  # the probe was never sent, and tried again
    assert sum(isinstance(one, RateLimited) for one in answers) == STORES - 1


async def test_a_probe_that_gets_no_slot_lets_the_next_one_find_out(closed: Door) -> None:
    closed.budget.refuses = True
    await closed.send("S1")
    closed.budget.refuses, closed.open = False, True

    assert await closed.send("S2") is None
    assert await closed.send_all() == [None] * STORES


async def test_a_probe_whose_leave_ends_lets_the_next_one_find_out(closed: Door) -> None:
    with leave_until(closed.now - timedelta(seconds=1)):
        assert isinstance(await closed.send("S1"), Unavailable)
    closed.open = True

    assert await closed.send("S2") is None


async def test_who_waited_for_a_slot_while_others_found_it_down_is_not_sent() -> None:
    door = Door()

    answers = await door.send_all()

    assert door.called < STORES
    assert all(isinstance(one, MarketplaceError) for one in answers)


async def test_a_429_that_was_read_is_no_doubt_however_long_the_budget_takes_to_hear_of_it() -> (
    None
):
    class Slow(UnlimitedBudget):
        async def penalise(self, scope: str, pause: timedelta) -> None:
            await asyncio.sleep(0.3)

    async with hostile(answer(429, b"{}", Retry_After="7")) as server:
        http = MarketplaceHttp(
            open_client(server.url), Slow(), marketplace="x", deadline=timedelta(seconds=0.2)
        )
        with pytest.raises(MarketplaceError) as caught:
            await http.send(WRITE)
        await http.aclose()

    assert not isinstance(caught.value, OutcomeUnknown)
    assert isinstance(caught.value, RateLimited)

"""A marketplace that is asked for more than it can do: it must not be asked to death. On a virtual clock."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from onboarder.connector.budget import UnlimitedBudget, in_lane
from onboarder.connector.concurrency import AMONG, FEWEST, TOO_MANY, ConcurrencyLimit
from onboarder.connector.errors import MarketplaceError, RateLimited
from onboarder.connector.http import Effect, MarketplaceHttp, Request, open_client
from onboarder.model.work import Lane
from tests.faults.virtual import run

CALLERS = 120
AT_ONCE, SECONDS = 4, 0.5
"""What the marketplace works on at a time, and how long on each: eight calls a second."""
CAPACITY = AT_ONCE / SECONDS
DEADLINE = timedelta(seconds=10)
PATIENCE = timedelta(seconds=5)
BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
LOOK_UP = Request("GET", "/things", "/things", Effect.READ)


@dataclass
class Slow(httpx.AsyncBaseTransport):
    """Does one thing after the other, also what nobody waits for any more."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    done: int = 0
    """Calls whose answers somebody still waited for."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.shield(asyncio.ensure_future(self._work()))
        self.done += 1
        return httpx.Response(200, json={}, request=request)

    async def _work(self) -> None:
        async with self.places:
            await asyncio.sleep(SECONDS)


async def _ask_on(http: MarketplaceHttp, until: float) -> None:
    """Somebody who always has another call, as workers have."""
    loop = asyncio.get_running_loop()
    while loop.time() < until:
        try:
            await http.send(LOOK_UP)
        except RateLimited as limited:
            await asyncio.sleep(limited.retry_after.total_seconds())
        except MarketplaceError:
            await asyncio.sleep(1)


async def _answered(seconds: float, *, callers: int = CALLERS) -> int:
    loop, slow = asyncio.get_running_loop(), Slow()
    http = MarketplaceHttp(
        open_client("http://slow.example", transport=slow),
        UnlimitedBudget(),
        marketplace="slow",
        deadline=DEADLINE,
        clock=lambda: BEGIN + timedelta(seconds=loop.time()),
    )
    await asyncio.gather(*(_ask_on(http, loop.time() + seconds) for _ in range(callers)))
    await http.aclose()
    return slow.done


def test_a_marketplace_asked_for_too_much_goes_on_answering_in_time() -> None:
    seconds = 600.0
    assert run(_answered(seconds)) > 0.9 * CAPACITY * seconds


def test_one_that_bears_all_of_it_is_asked_for_all_of_it() -> None:
    assert run(_answered(60, callers=AT_ONCE)) == 60 * CAPACITY


def _limit(most: int = 8) -> ConcurrencyLimit:
    return ConcurrencyLimit(most, patience=PATIENCE)


async def _call(limit: ConcurrencyLimit, seconds: float, *, answered: bool = True) -> None:
    place = await limit.enter()
    limit.sent(place)
    await asyncio.sleep(seconds)
    place.answered = answered
    limit.leave(place)


async def _calls(limit: ConcurrencyLimit, *seconds: float) -> None:
    await asyncio.gather(*(_call(limit, one) for one in seconds))


def test_a_call_that_hangs_is_no_overload() -> None:
    async def hanging() -> None:
        limit = _limit()
        for _ in range(10):
            await _calls(limit, *[60.0] * (TOO_MANY - 1))
            for _ in range(AMONG):
                await _call(limit, 0.1)
        assert limit.limit == 8

    run(hanging())


def test_what_was_sent_before_a_cut_cuts_no_further() -> None:
    async def all_late() -> None:
        limit = _limit()
        await _calls(limit, *[6.0] * 8)
        assert limit.limit == 3
        for _ in range(5):
            await _calls(limit, *[6.0] * int(limit.limit))
        assert limit.limit == FEWEST

    run(all_late())


def test_where_one_call_at_a_time_is_allowed_a_cut_allows_no_more() -> None:
    async def late() -> None:
        limit = ConcurrencyLimit(1, patience=PATIENCE)
        for _ in range(TOO_MANY):
            await _call(limit, 6.0)
        assert limit.limit == 1

    run(late())


def test_after_a_cut_the_limit_rises_again_as_far_as_it_was() -> None:
    async def recovering() -> None:
        limit = _limit()
        await _calls(limit, *[6.0] * 8)
        await _calls(limit, *[0.1] * 5)
        assert 4.3 < limit.limit < 5
        for _ in range(100):
            await _call(limit, 0.1)
        assert limit.limit == 8

    run(recovering())


def test_what_ends_quickly_without_an_answer_raises_no_limit() -> None:
    async def refused() -> None:
        limit = _limit()
        await _calls(limit, *[6.0] * 8)
        before = limit.limit
        for _ in range(100):
            await _call(limit, 0.001, answered=False)
        assert limit.limit == before

    run(refused())


def test_who_finds_no_place_in_time_is_told_when_to_come_back() -> None:
    async def crowded() -> None:
        limit = _limit(1)
        held = await limit.enter()
        with pytest.raises(RateLimited) as refused:
            await limit.enter()
        assert refused.value.retry_after == PATIENCE
        limit.leave(held)
        limit.leave(await limit.enter())
        assert limit.under_way == 0

    run(crowded())


def test_whoever_is_cut_off_while_waiting_takes_no_place_along() -> None:
    async def cut_off() -> None:
        limit = _limit(1)
        held = await limit.enter()
        waiting = [asyncio.create_task(limit.enter()) for _ in range(2)]
        await asyncio.sleep(1)
        limit.leave(held)
        for one in waiting:
            one.cancel()  # the first was let in at this moment
        await asyncio.gather(*waiting, return_exceptions=True)
        assert limit.under_way == 0

    run(cut_off())


def test_a_person_at_a_stall_goes_before_the_night() -> None:
    async def both() -> None:
        limit, order = _limit(1), list[Lane]()

        async def come(lane: Lane) -> None:
            with in_lane(lane):
                place = await limit.enter()
            order.append(lane)
            limit.leave(place)

        held = await limit.enter()
        coming = [asyncio.create_task(come(lane)) for lane in (Lane.NIGHT, Lane.NIGHT, Lane.STALL)]
        await asyncio.sleep(1)
        limit.leave(held)
        await asyncio.gather(*coming)
        assert order == [Lane.STALL, Lane.NIGHT, Lane.NIGHT]

    run(both())

"""The fault proxy does to a call what each fault says, and to the marketplace no more than that."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest

from onboarder.connector.http import open_client
from onboarder.connector.testing import Exchange, FaultProxy, Reply, Route, Spoil, Strike
from onboarder.connector.testing.proxy import BLOAT, fault_proxy

POSTS = Route("POST /things")
OTHER = Reply(502, b"<h1>502</h1>", {"content-type": "text/html"})


@dataclass
class Marketplace:
    """Answers every call with how many it has done, and remembers the tokens it was shown."""

    done: int = 0
    tokens: list[str] = field(default_factory=list[str])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.done += 1
        self.tokens.append(request.headers.get("authorization", ""))
        headers = {"Date": "Mon, 23 Nov 2026 02:00:00 GMT", "X-Request-Id": f"r{self.done}"}
        body = {"done": self.done, "echo": request.content.decode()}
        return httpx.Response(201, json=body, headers=headers)


@dataclass
class Line:
    """A caller, the proxy, the marketplace behind it."""

    proxy: FaultProxy
    caller: httpx.AsyncClient
    marketplace: Marketplace

    def strike(self, spoil: Spoil, *, times: int = 1, skip: int = 0) -> None:
        self.proxy.strike(Strike(spoil, POSTS, OTHER, times, skip))

    async def post(self) -> httpx.Response:
        headers = {"Authorization": "Bearer abc"}
        return await self.caller.post("/things?x=1", content=b"hello", headers=headers)


@pytest.fixture
async def line() -> AsyncGenerator[Line]:
    async with a_line() as line:
        yield line


@asynccontextmanager
async def a_line() -> AsyncGenerator[Line]:
    marketplace = Marketplace()
    async with (
        open_client("http://paper", transport=httpx.MockTransport(marketplace)) as upstream,
        fault_proxy(upstream) as proxy,
        open_client(proxy.url) as caller,
    ):
        yield Line(proxy, caller, marketplace)


async def test_without_a_strike_everything_goes_through(line: Line) -> None:
    answer = await line.post()

    assert (answer.status_code, answer.json()) == (201, {"done": 1, "echo": "hello"})
    assert answer.headers["x-request-id"] == "r1"
    assert line.marketplace.tokens == ["Bearer abc"]
    assert [one.line for one in line.proxy.seen] == ["POST /things"]


@pytest.mark.parametrize(
    ("spoil", "done"),
    [
        (Spoil.LOST_BEFORE, 0),
        (Spoil.LATE_COMMIT, 0),
        (Spoil.LOST_AFTER, 1),
        (Spoil.TRUNCATED, 1),
    ],
)
async def test_a_lost_answer_is_lost_before_or_after_the_work(
    line: Line, spoil: Spoil, done: int
) -> None:
    line.strike(spoil)

    with pytest.raises(httpx.HTTPError):
        await line.post()

    assert line.marketplace.done == done
    assert (await line.post()).status_code == 201, "the next call is undisturbed"


async def test_what_was_late_is_delivered_when_let_through(line: Line) -> None:
    line.strike(Spoil.LATE_COMMIT)
    with pytest.raises(httpx.HTTPError):
        await line.post()

    await line.proxy.let_through()
    await line.proxy.let_through()

    assert line.marketplace.done == 1


@pytest.mark.parametrize(("spoil", "done"), [(Spoil.INSTEAD, 0), (Spoil.REPLACED, 1)])
async def test_another_answer_comes_with_or_without_the_work(
    line: Line, spoil: Spoil, done: int
) -> None:
    line.strike(spoil)

    answer = await line.post()

    assert (answer.status_code, answer.content) == (502, b"<h1>502</h1>")
    assert answer.headers["content-type"] == "text/html"
    assert line.marketplace.done == done


@pytest.mark.parametrize("spoil", [Spoil.BLOATED, Spoil.BOMBED])
async def test_a_swollen_answer_can_be_read_by_whoever_swallows_it(
    line: Line, spoil: Spoil
) -> None:
    line.strike(spoil)

    answer = await line.post()

    assert len(answer.content) > BLOAT
    assert answer.json()["done"] == 1
    sent = int(answer.headers["content-length"])
    assert (sent > BLOAT) == (spoil is Spoil.BLOATED)


async def test_a_doubled_call_is_done_twice_and_answered_once(line: Line) -> None:
    line.strike(Spoil.DOUBLED)

    answer = await line.post()

    assert answer.json()["done"] == line.marketplace.done == 2
    assert len(line.proxy.seen) == 1


async def test_a_stranger_shows_another_token_of_the_same_form(line: Line) -> None:
    line.strike(Spoil.STRANGER)

    await line.post()

    assert line.marketplace.tokens == ["Bearer cba"]


async def test_a_marketplace_may_say_itself_how_a_stranger_calls() -> None:
    marketplace = Marketplace()
    async with (
        open_client("http://paper", transport=httpx.MockTransport(marketplace)) as upstream,
        fault_proxy(
            upstream, lambda call: replace(call, headers={"authorization": "Key x"})
        ) as proxy,
        open_client(proxy.url) as caller,
    ):
        line = Line(proxy, caller, marketplace)
        line.strike(Spoil.STRANGER)
        await line.post()

    assert marketplace.tokens == ["Key x"]


async def test_a_skewed_answer_has_its_clock_an_hour_ahead(line: Line) -> None:
    line.strike(Spoil.SKEWED)

    answer = await line.post()

    assert answer.headers["date"] == "Mon, 23 Nov 2026 03:00:00 GMT"


@pytest.mark.parametrize("spoil", [Spoil.SILENT, Spoil.TRICKLED])
async def test_a_slow_answer_outlasts_any_patience(line: Line, spoil: Spoil) -> None:
    line.strike(spoil)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await line.post()

    assert line.marketplace.done == 1


async def test_strikes_are_counted(line: Line) -> None:
    line.strike(Spoil.INSTEAD, times=2, skip=1)

    statuses = [(await line.post()).status_code for _ in range(5)]

    assert statuses == [201, 502, 502, 201, 201]


async def test_calm_takes_all_strikes_away(line: Line) -> None:
    line.strike(Spoil.INSTEAD, times=99)
    line.proxy.calm()

    assert (await line.post()).status_code == 201


def test_a_route_matches_method_and_whole_path() -> None:
    def called(method: str, target: str) -> bool:
        return POSTS(Exchange(method, target, {}, b""))

    assert called("POST", "/things?x=1")
    assert not called("GET", "/things")
    assert not called("POST", "/things/1")

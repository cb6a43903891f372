"""The door to the marketplaces against servers that lie, stall, cut and swell; over the transport used in production."""

import asyncio
import gzip
import time
import zlib
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import TypeAdapter
from structlog.testing import capture_logs

from onboarder.connector.errors import MarketplaceError, OutcomeUnknown, RateLimited, Unavailable
from onboarder.connector.http import (
    Answer,
    Effect,
    MarketplaceHttp,
    Request,
    open_client,
)
from onboarder.connector.retry_after import LONGEST_PAUSE
from onboarder.model.ids import Reference
from tests.core.connector.hostile import (
    Answering,
    Hostile,
    answer,
    cut,
    hostile,
    in_turn,
    raw,
    reset,
    trickle,
)

READ = Request("GET", "/things", "/things", Effect.READ)
WRITE = Request(
    "POST", "/things", "/things", Effect.WRITE, json={"a": 1}, reference=Reference("r-1")
)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SMALL = 1000
DATE = "Mon, 23 Nov 2026 02:00:{:02} GMT"


class CountingBudget:
    """Says what was asked of it."""

    def __init__(self) -> None:
        self.acquired: list[str] = []
        self.pauses: list[tuple[str, timedelta]] = []
        self.own_pauses: list[timedelta] = []

    async def acquire(self, scope: str) -> None:
        self.acquired.append(scope)

    async def penalise(self, scope: str, pause: timedelta) -> None:
        self.pauses.append((scope, pause))

    async def pause_store(self, pause: timedelta) -> None:
        self.own_pauses.append(pause)


@asynccontextmanager
async def talking_to(
    answering: Answering, *, deadline: float = 5, budget: CountingBudget | None = None
) -> AsyncGenerator[tuple[MarketplaceHttp, Hostile]]:
    async with hostile(answering) as marketplace:
        http = MarketplaceHttp(
            open_client(marketplace.url),
            budget or CountingBudget(),
            marketplace="hostile",
            deadline=timedelta(seconds=deadline),
            clock=lambda: NOW,
            largest_answer=SMALL,
        )
        try:
            yield http, marketplace
        finally:
            await http.aclose()


async def failing(answering: Answering, request: Request, deadline: float = 5) -> MarketplaceError:
    """The error that a call ends in."""
    async with talking_to(answering, deadline=deadline) as (http, _):
        with pytest.raises(MarketplaceError) as caught:
            await http.send(request)
    return caught.value


def chunked(body: bytes, *, end: bool) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%s\r\n" % (len(body), body) + (b"0\r\n\r\n" if end else b"")


def zipped_bomb(megabytes: int) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = bytes(1024 * 1024)
    return b"".join(squeeze.compress(blanks) for _ in range(megabytes)) + squeeze.flush()


LOST = [
    pytest.param(cut(b""), id="closed without a byte"),
    pytest.param(reset(), id="reset"),
    pytest.param(cut(b"HTTP/1.1 201 Cre"), id="cut in the head"),
    pytest.param(cut(b"HTTP/1.1 201 OK\r\nContent-Length: 9\r\n\r\n{}"), id="cut in the body"),
    pytest.param(cut(chunked(b"{}", end=False)), id="cut between chunks"),
    pytest.param(raw(b"nonsense\r\n\r\n"), id="not HTTP"),
    pytest.param(answer(200, b"{}", Content_Encoding="gzip"), id="not the gzip it says"),
    pytest.param(
        answer(200, gzip.compress(b"{}" * 50)[:-12], Content_Encoding="gzip"), id="gzip cut short"
    ),
    pytest.param(answer(200, b"{}", Content_Encoding="br"), id="an encoding nobody asked for"),
    pytest.param(answer(200, b" " * (SMALL + 1)), id="too large"),
    pytest.param(
        answer(200, gzip.compress(b" " * (SMALL + 1)), Content_Encoding="gzip"),
        id="too large when unzipped",
    ),
    pytest.param(answer(200, zipped_bomb(50), Content_Encoding="gzip"), id="gzip bomb"),
]


@pytest.mark.parametrize("answering", LOST)
async def test_a_write_without_a_readable_answer_is_unknown_and_was_sent_once(
    answering: Answering,
) -> None:
    async with talking_to(answering) as (http, marketplace):
        with pytest.raises(OutcomeUnknown) as caught:
            await http.send(WRITE)

    assert caught.value.reference == "r-1"
    assert len(marketplace.received) == 1


@pytest.mark.parametrize("answering", LOST)
async def test_a_read_without_a_readable_answer_is_asked_again_and_then_unavailable(
    answering: Answering,
) -> None:
    async with talking_to(answering) as (http, marketplace):
        with pytest.raises(Unavailable):
            await http.send(READ)

    assert len(marketplace.received) == 3


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_write_lost_on_a_connection_used_before_is_unknown_too(method: str) -> None:
    async with talking_to(in_turn(answer(200), cut(b""))) as (http, marketplace):
        await http.send(READ)
        with pytest.raises(OutcomeUnknown):
            await http.send(replace(WRITE, method=method))

    written = [head for head in marketplace.received if head.startswith(method)]
    assert len(written) == 1


async def test_a_read_lost_once_succeeds_the_second_time() -> None:
    async with talking_to(in_turn(cut(b""), answer(200, b'{"x":1}'))) as (http, marketplace):
        found = await http.send(READ)

    assert found.body == b'{"x":1}'
    assert len(marketplace.received) == 2


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
async def test_a_refused_connection_never_sent_anything_and_is_tried_three_times(
    request_: Request,
) -> None:
    async with hostile(answer(200)) as closed:
        pass
    budget = CountingBudget()
    http = MarketplaceHttp(open_client(closed.url), budget, marketplace="hostile")

    with pytest.raises(Unavailable) as caught:
        await http.send(request_)
    await http.aclose()

    assert caught.value.advice.code == "marketplace.unreachable"
    assert http.calls == 3
    assert budget.acquired == ["app"] * 3


@pytest.mark.parametrize(
    "answering",
    [
        pytest.param(raw(b""), id="silence"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), id="half, then silence"
        ),
        pytest.param(
            trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n" + b" " * 90, 0.02),
            id="a byte at a time",
        ),
    ],
)
async def test_the_total_deadline_ends_a_call_that_never_ends_by_itself(
    answering: Answering,
) -> None:
    began = time.monotonic()

    write = await failing(answering, WRITE, deadline=0.3)
    read = await failing(answering, READ, deadline=0.3)

    assert isinstance(write, OutcomeUnknown)
    assert isinstance(read, Unavailable)
    assert {write.advice.code, read.advice.code} == {"marketplace.late"}
    assert time.monotonic() - began < 3


async def test_the_deadline_holds_while_a_large_upload_is_not_read() -> None:
    over, gone = asyncio.Event(), asyncio.Event()

    async def stall(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
        await over.wait()
        writer.transport.abort()
        gone.set()

    server = await asyncio.start_server(stall, "127.0.0.1", 0)
    client = open_client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    deadline = timedelta(seconds=0.3)
    http = MarketplaceHttp(client, CountingBudget(), marketplace="hostile", deadline=deadline)
    photo = ("p.jpg", bytes(20_000_000), "image/jpeg")
    began = time.monotonic()

    with pytest.raises(OutcomeUnknown):
        await http.send(replace(WRITE, json=None, files=(("file", photo),)))

    assert time.monotonic() - began < 2
    over.set()
    await gone.wait()
    await http.aclose()
    server.close()
    await server.wait_closed()


async def test_a_gzip_answer_arrives_unzipped_even_byte_by_byte() -> None:
    body = gzip.compress(b'{"x":1}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    async with talking_to(trickle(head.encode() + body, 0.001)) as (http, _):
        found = await http.send(READ)

    assert found.body == b'{"x":1}'


async def test_an_answer_of_exactly_the_largest_size_is_accepted() -> None:
    async with talking_to(answer(200, b" " * SMALL)) as (http, _):
        assert len((await http.send(READ)).body) == SMALL


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry_After": "7"}, 7, id="seconds"),
        pytest.param({"Retry_After": DATE.format(9)}, 9, id="date by our clock"),
        pytest.param(
            {"Retry_After": DATE.format(50), "Date": DATE.format(47)}, 3, id="date by its own clock"
        ),
        pytest.param(
            {"Retry_After": DATE.format(1), "Date": DATE.format(30)}, 5, id="date gone by"
        ),
        pytest.param({}, 5, id="no word"),
        pytest.param({"Retry_After": "soon"}, 5, id="nonsense"),
        pytest.param({"Retry_After": "-3"}, 5, id="negative"),
        pytest.param({"Retry_After": "²"}, 5, id="a digit that is no number"),
        pytest.param({"Retry_After": DATE.format(9)[:-3] + "+" + "9" * 14}, 5, id="no such zone"),
        pytest.param({"Retry_After": "9" * 40}, LONGEST_PAUSE.total_seconds(), id="for ever"),
    ],
)
@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
async def test_a_429_is_obeyed_in_every_form_and_slows_the_budget(
    headers: dict[str, str], seconds: float, request_: Request
) -> None:
    budget = CountingBudget()
    async with talking_to(answer(429, b"{}", **headers), budget=budget) as (http, marketplace):
        with pytest.raises(RateLimited) as caught:
            await http.send(request_)

    assert caught.value.retry_after == timedelta(seconds=seconds)
    assert budget.pauses == [("app", timedelta(seconds=seconds))]
    assert len(marketplace.received) == 1


async def test_a_429_of_one_store_does_not_slow_the_budget_of_all() -> None:
    def scope(answered: Answer) -> str:
        return answered.body.decode()

    budget = CountingBudget()
    async with talking_to(answer(429, b"store"), budget=budget) as (http, _):
        with pytest.raises(RateLimited) as caught:
            await http.send(replace(READ, limited_scope=scope))

    assert caught.value.scope == "store"
    assert budget.pauses == []
    assert budget.own_pauses == [caught.value.retry_after]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_after_a_5xx_a_write_is_unknown_and_a_read_is_asked_three_times(status: int) -> None:
    async with talking_to(answer(status)) as (http, marketplace):
        with pytest.raises(OutcomeUnknown):
            await http.send(WRITE)
        with pytest.raises(Unavailable):
            await http.send(READ)

    assert len(marketplace.received) == 4


async def test_a_503_that_names_a_time_is_not_asked_again_before_it() -> None:
    async with talking_to(answer(503, Retry_After="30")) as (http, marketplace):
        with pytest.raises(Unavailable) as caught:
            await http.send(READ)

    assert caught.value.retry_after == timedelta(seconds=30)
    assert len(marketplace.received) == 1


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 404, 409, 422])
async def test_every_other_status_is_answered_with_its_request_id(status: int) -> None:
    async with talking_to(answer(status, b"[]", X_Request_Id="q7", Location="/x")) as (
        http,
        market,
    ):
        found = await http.send(WRITE)

    assert (found.status, found.body, found.request_id) == (status, b"[]", "q7")
    assert found.ok == (status < 300)
    assert len(market.received) == 1


async def test_the_words_beside_a_status_may_be_in_any_encoding() -> None:
    spoken = raw(b"HTTP/1.1 403 Acc\xe8s refus\xe9\r\nContent-Length: 0\r\n\r\n")
    async with talking_to(spoken) as (http, _):
        assert (await http.send(WRITE)).status == 403


async def test_cookies_of_one_call_are_not_sent_with_the_next() -> None:
    async with talking_to(answer(200, Set_Cookie="session=one-store; Path=/")) as (http, market):
        await http.send(READ)
        await http.send(READ)

    assert "cookie" not in market.received[1].lower()


class _Key(httpx.Auth):
    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = "Bearer very-secret"
        yield request


async def test_no_secret_and_no_id_reaches_the_log() -> None:
    request = replace(
        READ,
        path="/things/0812345678",
        route="/things/{phone}",
        params=(("name", "Bu Siti"),),
        auth=_Key(),
    )
    with capture_logs() as logs:
        async with talking_to(in_turn(answer(500, b"very-secret"), answer(200))) as (http, market):
            await http.send(request)

    assert "very-secret" in market.received[0]
    assert [entry["route"] for entry in logs] == ["/things/{phone}"] * len(logs)
    assert len(logs) >= 2
    told = repr(logs) + repr(request)
    assert not any(secret in told for secret in ("very-secret", "Siti"))
    assert "0812345678" not in repr(logs)


def test_an_unexpected_body_is_named_by_place_and_not_quoted() -> None:
    adapter = TypeAdapter(dict[str, int])

    with pytest.raises(ValueError, match="unexpected answer at phone") as caught:
        Answer(200, {}, b'{"phone": "Bu 62812345678"}').read(adapter)

    assert "62812" not in str(caught.value)
    assert caught.value.__cause__ is None


class _Curious(httpx.Auth):
    requires_response_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        yield request


async def test_an_answer_that_the_auth_flow_has_read_is_still_answered() -> None:
    async with talking_to(answer(200, b'{"x":1}')) as (http, _):
        found = await http.send(replace(READ, auth=_Curious()))

    assert found.body == b'{"x":1}'

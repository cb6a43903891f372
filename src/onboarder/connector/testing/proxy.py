"""A loopback proxy that stands between a connector and any marketplace and spoils chosen calls on the wire."""

import asyncio
import email.utils
import zlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

import httpx

SKEW = timedelta(hours=1)
"""How far ahead a skewed answer's clock is."""
BLOAT = 3_000_000
"""Bytes of blanks: more than a connector on the bench accepts."""
_ANSWERED = ("content-type", "date", "retry-after", "x-request-id")
"""Headers of the marketplace's answer that reach the connector."""
_OWN_TO_A_HOP = frozenset({"host", "connection", "content-length", "accept-encoding"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as it came in. Header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def line(self) -> str:
        """Method and path without the query: what routes are matched against."""
        return f"{self.method} {self.target.partition('?')[0]}"


AsStranger = Callable[[Exchange], Exchange]
"""The same call as made with a token that nobody knows; everything else about it stays right."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Header names are in lower case."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def encoded(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {'OK' if self.status < 300 else 'Refused'}"]
        headers = {"content-type": "application/json", **self.headers}
        headers["content-length"] = str(len(self.body))
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Spoil(StrEnum):
    """What happens to a struck call."""

    LOST_BEFORE = "lost before the marketplace saw it"
    LATE_COMMIT = "lost, and delivered only when it is let through"
    INSTEAD = "answered by somebody in between and never delivered"
    LOST_AFTER = "done, then the answer is lost"
    REPLACED = "done, then answered with something else"
    BLOATED = "done, then the answer with 3 MB of blanks behind it"
    BOMBED = "done, then the answer with 16 MB of blanks behind it, in a few kilobytes of gzip"
    TRUNCATED = "done, then half an answer"
    TRICKLED = "done, then one byte of the answer at a time"
    SILENT = "done, then no answer on an open connection"
    DOUBLED = "delivered twice, answered once"
    STRANGER = "delivered with a token that nobody knows"
    SKEWED = "answered by a clock that is an hour ahead"


@dataclass(frozen=True, slots=True)
class Strike:
    """Spoils `times` of the calls that it matches, after the first `skip`. `reply` is for INSTEAD and REPLACED."""

    spoil: Spoil
    matches: Callable[[Exchange], bool]
    reply: Reply = Reply(500)
    times: int = 1
    skip: int = 0


class FaultProxy:
    """Forwards to the upstream client. `seen` are all calls that arrived, `delivered` those that were passed on."""

    def __init__(self, upstream: httpx.AsyncClient, as_stranger: AsStranger | None = None) -> None:
        self.url = ""
        self.seen: list[Exchange] = []
        self.delivered: list[Exchange] = []
        self._upstream = upstream
        self._as_stranger = as_stranger or with_another_bearer
        self._strikes: list[_Armed] = []
        self._late: list[Exchange] = []
        self._talks: set[asyncio.Task[None]] = set()

    def strike(self, strike: Strike) -> None:
        """Set one more strike; of several that match a call the first one strikes."""
        self._strikes.append(_Armed(strike))

    def calm(self) -> None:
        """Take all strikes away."""
        self._strikes.clear()

    async def let_through(self) -> None:
        """Deliver what LATE_COMMIT held back."""
        late, self._late = self._late, []
        for exchange in late:
            await self._forward(exchange)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request, until either side hangs up."""
        task = asyncio.current_task()
        if task is not None:
            self._talks.add(task)
        try:
            while True:
                await self._answer(await _read(reader), writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            if task is not None:
                self._talks.discard(task)
            writer.close()

    async def hang_up(self) -> None:
        """End all connections."""
        talks = [*self._talks]
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _answer(self, exchange: Exchange, writer: asyncio.StreamWriter) -> None:
        self.seen.append(exchange)
        strike = next((one.strike for one in self._strikes if one.falls_on(exchange)), None)
        if strike is None:
            writer.write((await self._forward(exchange)).encoded())
        else:
            await self._spoil(strike, exchange, writer)
        await writer.drain()

    async def _spoil(
        self, strike: Strike, exchange: Exchange, writer: asyncio.StreamWriter
    ) -> None:
        match strike.spoil:
            case Spoil.LOST_BEFORE:
                writer.transport.abort()
            case Spoil.LATE_COMMIT:
                self._late.append(exchange)
                writer.transport.abort()
            case Spoil.INSTEAD:
                writer.write(strike.reply.encoded())
            case Spoil.STRANGER:
                writer.write((await self._forward(self._as_stranger(exchange))).encoded())
            case Spoil.SKEWED:
                writer.write(_skewed(await self._forward(exchange)).encoded())
            case Spoil.DOUBLED:
                await self._forward(exchange)
                writer.write((await self._forward(exchange)).encoded())
            case _:
                await _spoil_answer(strike, await self._forward(exchange), writer)

    async def _forward(self, exchange: Exchange) -> Reply:
        self.delivered.append(exchange)
        headers = {n: value for n, value in exchange.headers.items() if n not in _OWN_TO_A_HOP}
        answer = await self._upstream.request(
            exchange.method, exchange.target, headers=headers, content=exchange.body
        )
        kept = {name: answer.headers[name] for name in _ANSWERED if name in answer.headers}
        return Reply(answer.status_code, answer.content, kept)


@asynccontextmanager
async def fault_proxy(
    upstream: httpx.AsyncClient, as_stranger: AsStranger | None = None
) -> AsyncGenerator[FaultProxy]:
    """The proxy on a free port of loopback while the body runs."""
    proxy = FaultProxy(upstream, as_stranger)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    proxy.url = f"http://127.0.0.1:{port}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.hang_up()


@dataclass(slots=True)
class _Armed:
    """A strike and how many calls it has matched."""

    strike: Strike
    matched: int = 0

    def falls_on(self, exchange: Exchange) -> bool:
        if not self.strike.matches(exchange):
            return False
        self.matched += 1
        return 0 < self.matched - self.strike.skip <= self.strike.times


async def _read(reader: asyncio.StreamReader) -> Exchange:
    """The next request; IncompleteReadError at the connection's end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Exchange(method, target, headers, body)


async def _spoil_answer(strike: Strike, honest: Reply, writer: asyncio.StreamWriter) -> None:
    """The call was done; this is about its answer."""
    match strike.spoil:
        case Spoil.LOST_AFTER:
            writer.transport.abort()
        case Spoil.REPLACED:
            writer.write(strike.reply.encoded())
        case Spoil.BLOATED:
            body = honest.body + b" " * BLOAT
            writer.write(Reply(honest.status, body, honest.headers).encoded())
        case Spoil.BOMBED:
            writer.write(_bomb(honest).encoded())
        case Spoil.TRUNCATED:
            whole = honest.encoded()
            writer.write(whole[: len(whole) - max(1, len(honest.body) // 2)])
            with suppress(ConnectionError):
                await writer.drain()
            writer.close()
        case Spoil.TRICKLED:
            for byte in honest.encoded():
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        case Spoil.SILENT:
            await asyncio.Event().wait()
        case (
            Spoil.LOST_BEFORE
            | Spoil.LATE_COMMIT
            | Spoil.INSTEAD
            | Spoil.STRANGER
            | Spoil.SKEWED
            | Spoil.DOUBLED
        ):
            raise AssertionError(f"{strike.spoil} spoils the delivery, not the answer")
        case _:
            assert_never(strike.spoil)


def _bomb(honest: Reply) -> Reply:
    """Whoever unpacks all of it finds an answer that can be read."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = b" " * BLOAT
    packed = [squeeze.compress(honest.body), *(squeeze.compress(blanks) for _ in range(5))]
    headers = {**honest.headers, "content-encoding": "gzip"}
    return Reply(honest.status, b"".join([*packed, squeeze.flush()]), headers)


def with_another_bearer(exchange: Exchange) -> Exchange:
    """The same call with another token in the same form, where the token travels in `Authorization`."""
    headers = dict(exchange.headers)
    if "authorization" in headers:
        kind, _, token = headers["authorization"].partition(" ")
        headers["authorization"] = f"{kind} {token[::-1]}"
    return Exchange(exchange.method, exchange.target, headers, exchange.body)


def _skewed(honest: Reply) -> Reply:
    """The answer with its clock, and what it says by that clock, an hour ahead."""
    headers = dict(honest.headers)
    for name in ("date", "retry-after"):
        if name in headers and not headers[name].isdecimal():
            moment = email.utils.parsedate_to_datetime(headers[name]) + SKEW
            headers[name] = email.utils.format_datetime(moment, usegmt=True)
    return Reply(honest.status, honest.body, headers)

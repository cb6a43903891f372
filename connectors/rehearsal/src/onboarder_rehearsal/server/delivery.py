"""Hand an answer over, or spoil it the way a fault says."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from functools import lru_cache

import httpx
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from onboarder_rehearsal.server.desk import Served
from onboarder_rehearsal.server.dials import Dial, Fault

Sleep = Callable[[float], Awaitable[None]]

_MEGABYTE = 1024 * 1024
_MAINTENANCE = (
    "<!doctype html><title>Sedang perbaikan</title><h1>Pasar Latihan sedang diperbaiki</h1>"
)


class Delivery(Response):
    """An ASGI answer that may be lost, cut, bloated or slow."""

    def __init__(self, served: Served, sleep: Sleep = asyncio.sleep) -> None:
        self._served = served
        self._sleep = sleep
        super().__init__(
            served.reply.encoded(), served.reply.status, dict(served.headers), "application/json"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        strikes = self._served.strikes
        if Fault.SLOW in strikes:
            await self._sleep(strikes[Fault.SLOW].seconds)
        for fault, dial in strikes.items():
            if await self._spoil(fault, dial, scope, receive, send):
                return
        await super().__call__(scope, receive, send)

    async def _spoil(
        self, fault: Fault, dial: Dial, scope: Scope, receive: Receive, send: Send
    ) -> bool:
        """True: the fault was the answer."""
        match fault:
            case Fault.LOST_BEFORE | Fault.LOST_AFTER | Fault.LATE_COMMIT:
                await _drop(scope, receive)
            case Fault.HANG_AFTER:
                await _gone(receive)
            case Fault.ERROR_AFTER:
                broken = Response('{"fault":{"kind":"broken","text":"something broke"}}', 500)
                await broken(scope, receive, send)
            case Fault.HTML:
                await Response(_MAINTENANCE, 200, media_type="text/html")(scope, receive, send)
            case Fault.INVALID_JSON:
                spoilt = Response(
                    self._bytes()[:-2] + b",,", self.status_code, None, "application/json"
                )
                await spoilt(scope, receive, send)
            case Fault.TRUNCATED:
                await self._truncate(scope, receive, send)
            case Fault.TRICKLE:
                await self._trickle(dial, send)
            case Fault.OVERSIZED:
                await self._bloat(dial, send)
            case Fault.GZIP_BOMB:
                headers = {"Content-Encoding": "gzip"}
                bomb = Response(_bomb(dial.megabytes), 200, headers, "application/json")
                await bomb(scope, receive, send)
            case _:
                return False
        return True

    def _bytes(self) -> bytes:
        return bytes(self.body)

    async def _start(self, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )

    async def _truncate(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._start(send)
        half = self._bytes()[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _drop(scope, receive, gently=True)

    async def _trickle(self, dial: Dial, send: Send) -> None:
        await self._start(send)
        for byte in self._bytes():
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await self._sleep(dial.seconds)
        await send({"type": "http.response.body", "body": b""})

    async def _bloat(self, dial: Dial, send: Send) -> None:
        del self.headers["content-length"]
        await self._start(send)
        blanks = b" " * _MEGABYTE
        for _ in range(dial.megabytes):
            await send({"type": "http.response.body", "body": blanks, "more_body": True})
        await send({"type": "http.response.body", "body": self._bytes()})


@lru_cache(maxsize=2)
def _bomb(megabytes: int) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = b" " * _MEGABYTE
    return b"".join(squeeze.compress(blanks) for _ in range(megabytes)) + squeeze.flush()


async def _drop(scope: Scope, receive: Receive, *, gently: bool = False) -> None:
    """Close the connection: at once with a reset, or `gently` after what was written has left.

    Without a connection (the server runs inside a test) the client's own error is raised in its place.
    """
    transport = scope.get("state", {}).get("transport")
    if not isinstance(transport, asyncio.Transport):
        raise httpx.RemoteProtocolError("the practice marketplace dropped the connection")
    if gently:
        transport.close()
    else:
        transport.abort()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    """Wait until the caller has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass

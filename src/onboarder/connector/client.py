"""The client for a marketplace: httpx's requests and answers on aiohttp's connections, and nothing in between.

httpx's own client also follows redirects, keeps cookies, merges addresses and looks for proxies. None of that is wanted
here, and doing nothing of it for every call costs as much as the call.
"""

import logging
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import cache, lru_cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from onboarder.connector.leave import still_has_leave
from onboarder.connector.request import Request

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

KEPT_ALIVE = 4.0
"""Seconds an idle connection is kept: less than the 5 after which common servers close theirs, under a write perhaps."""
TIMEOUT = httpx.Timeout(None, connect=5)
"""A call's own deadline covers all of it; a timer for every piece that comes in costs more than it tells."""
UNHEARD = timedelta(seconds=20)
"""As long as a call may take by default."""
MOST_ADDRESSES = 1000
"""Read addresses that are kept; the paths that come again and again are few."""
AT_ONCE = 512 * 1024
"""Bytes of a message that goes out in one piece; a longer one would hold up the event loop."""


class MarketplaceClient(httpx.AsyncClient):
    """For one marketplace and process: no redirects, no proxies, and no cookies, as one store's session is no other's."""

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport) -> None:
        super().__init__(
            base_url=base_url,
            transport=transport,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=TIMEOUT,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
            follow_redirects=False,
            trust_env=False,
        )
        self._onwards = transport
        self._host = base_url.rstrip("/")
        self._always = dict(self.headers)

    def prepared(self, request: Request) -> httpx.Request:
        """The message of a call."""
        message = httpx.Request(
            request.method,
            _address(self._host, request.path),
            params=list(request.params) or None,
            json=request.json,
            files=list(request.files) or None,
            headers={**self._always, **request.headers},
            extensions=_EXTENSIONS,
        )
        if request.files and int(message.headers.get("Content-Length", 0)) <= AT_ONCE:
            message.read()  # in one piece they are sent with less ado, as all else is
        return message

    async def pass_on(self, message: httpx.Request, auth: httpx.Auth | None) -> httpx.Response:
        """Send it as the auth flow has it; the answer's body is still to be read, and the answer to be closed."""
        flow = (auth or _OPEN).async_auth_flow(message)
        try:
            asked = await anext(flow)
            while True:
                answer = await self._onwards.handle_async_request(asked)
                answer.request = asked
                try:
                    asked = await flow.asend(answer)
                except StopAsyncIteration:
                    return answer
                except BaseException:
                    await answer.aclose()
                    raise
                await answer.aread()
        finally:
            await flow.aclose()


def open_client(
    base_url: str,
    *,
    connections: int = 50,
    unheard: timedelta = UNHEARD,
    transport: httpx.AsyncBaseTransport | None = None,
) -> MarketplaceClient:
    """A client for one marketplace and process. Close it.

    What the other side has not acknowledged after `unheard`, or when the call is given up, never arrives any more.
    """
    # httpx tells whole addresses, and some marketplaces want the token in them; our own log line names the route.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    trusted = _trusted() if httpx.URL(base_url).scheme == "https" else _nobody()
    onwards = transport or AiohttpTransport(
        verify=trusted, client=lambda: _session(connections, unheard, trusted)
    )
    return MarketplaceClient(base_url, onwards)


def streamed(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes in, as it was sent. Once only."""
    return aiter(cast("httpx.AsyncByteStream", answer.stream))


def never_sent(error: Exception) -> bool:
    """True only if no connection came about; aiohttp's own error decides, the transport's names for it are too broad."""
    if isinstance(error.__cause__, aiohttp.ClientError):
        never = aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError
        return isinstance(error.__cause__, never)
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


@lru_cache(MOST_ADDRESSES)
def _address(host: str, path: str) -> httpx.URL:
    """Reading an address takes longer than sending to it."""
    return httpx.URL(f"{host}/{path.lstrip('/')}")


def _session(
    connections: int, unheard: timedelta, trusted: ssl.SSLContext
) -> aiohttp.ClientSession:
    pool = _Pool(
        limit=connections,
        keepalive_timeout=KEPT_ALIVE,
        ssl=trusted,
        socket_factory=partial(_socket, unheard),
    )
    return aiohttp.ClientSession(
        connector=pool,
        request_class=_Message,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_sent_once,),
    )


def _socket(
    unheard: timedelta,
    address: aiohttp.AddrInfoType,  # pyright: ignore[reportUnknownParameterType]  # the library leaves a part open
) -> socket.socket:
    """Where the network falls silent, the kernel would go on sending a create for minutes, long after it was given up here
    and made by another worker.
    """
    made = socket.socket(address[0], address[1], address[2])
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _FORGET_WHEN_CLOSED)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        milliseconds = round(unheard.total_seconds() * 1000)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    return made


class _Pool(aiohttp.TCPConnector):
    """Connecting may take long: once there is a connection, and before anything goes out on it, one last look."""

    async def connect(
        self, req: aiohttp.ClientRequest, traces: "list[Trace]", timeout: aiohttp.ClientTimeout
    ) -> "Connection":
        connection = await super().connect(req, traces, timeout)
        if still_has_leave():
            return connection
        connection.release()
        raise _leave_over()


class _Message(aiohttp.ClientRequest):
    """Up to Python 3.11 the bytes leave a turn of the loop after the connection was given, and that turn may take long."""

    async def write_bytes(
        self,
        writer: "AbstractStreamWriter",
        conn: "Connection",
        content_length: int | None = None,
    ) -> None:
        if still_has_leave():
            await super().write_bytes(writer, conn, content_length)
            return
        if conn.protocol is not None:
            conn.protocol.set_exception(_leave_over())  # for whoever waits for the answer
        conn.close()


def _leave_over() -> aiohttp.ConnectionTimeoutError:
    """What `never_sent` knows."""
    return aiohttp.ConnectionTimeoutError("the leave to call is over")


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that answers are believed by. Read once: it takes longer than many calls."""
    return httpx.create_ssl_context()


@cache
def _nobody() -> ssl.SSLContext:
    """For a marketplace without TLS, as a practice one on this machine: no certificate would be believed."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def _sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending GET, PUT and DELETE again by itself after a lost answer: that would be outside the budget.

    The transport calls a lost answer a `ConnectTimeout`, which reads as "never sent"; named a payload error it becomes
    a `ReadError`. Nobody reads the words beside the status, and not everybody writes them in an encoding that it knows.
    """
    try:
        answer = await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientPayloadError(type(error).__name__) from error
    answer.reason = None
    return answer


_OPEN = httpx.Auth()
"""Lets everything through as it is."""
_EXTENSIONS = {"timeout": TIMEOUT.as_dict()}
_FORGET_WHEN_CLOSED = struct.pack("ii", 1, 0)

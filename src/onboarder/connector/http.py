"""The only door to a marketplace: total deadline, bounded answers, budget, retries of what is safe, a log without secrets.

Everything that imports httpx's transport sits here, so that a successor of httpx is a change in one module.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
import structlog
from httpx_aiohttp import AiohttpTransport
from tenacity import wait_random_exponential

from onboarder.connector.advice import (
    LATE,
    LIMITED,
    TOO_LARGE,
    UNAVAILABLE,
    UNREACHABLE,
    UNREADABLE,
)
from onboarder.connector.answer import Answer
from onboarder.connector.attempts import up_to_three_times
from onboarder.connector.bounded import BrokenGzipError, TooLargeError, read_bounded
from onboarder.connector.breaker import Breaker
from onboarder.connector.budget import Budget, store_at_work
from onboarder.connector.errors import (
    Advice,
    MarketplaceError,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from onboarder.connector.leave import LEAVE_OVER, has_leave, still_has_leave, told_by
from onboarder.connector.request import Effect, Request
from onboarder.connector.retry_after import retry_after

__all__ = ["Answer", "Effect", "MarketplaceHttp", "Request", "open_client"]

log = structlog.get_logger()

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of one answer after decompression."""
DEFAULT_PAUSE = timedelta(seconds=5)
"""Wait after a 429 that names no time."""
KEPT_ALIVE = 4.0
"""Seconds an idle connection is kept: less than the 5 after which common servers close theirs, under a write perhaps."""


def open_client(
    base_url: str, *, connections: int = 50, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """A client for one marketplace and process. Close it.

    Follows no redirects, takes no proxy from the environment and keeps no cookies: one store's session is no other's.
    """
    # httpx tells whole addresses, and some marketplaces want the token in them; our own log line names the route.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(
        base_url=base_url,
        transport=transport
        or AiohttpTransport(verify=_trusted(), client=lambda: _session(connections)),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        timeout=httpx.Timeout(30, connect=5),
        headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
        follow_redirects=False,
        trust_env=False,
    )


def _session(connections: int) -> aiohttp.ClientSession:
    tls = _trusted()
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEPT_ALIVE, ssl=tls),
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_sent_once,),
        trace_configs=[_looking_at_leave()],
    )


def _looking_at_leave() -> aiohttp.TraceConfig:
    """Connecting may take long: once there is a connection, and before anything goes out on it, one last look."""
    tracing: aiohttp.TraceConfig = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(_look)
    tracing.on_connection_reuseconn.append(_look)
    return tracing


async def _look(_session: object, _context: object, _connection: object) -> None:
    if not still_has_leave():
        raise aiohttp.ConnectionTimeoutError("the leave to call is over")


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that answers are believed by. Read once: it takes longer than many calls."""
    return httpx.create_ssl_context()


async def _sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending GET, PUT and DELETE again by itself after a lost answer: that would be outside the budget.

    The transport calls a lost answer a `ConnectTimeout`, which reads as "never sent"; named a payload error it becomes
    a `ReadError`.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientPayloadError(type(error).__name__) from error


class MarketplaceHttp:
    """Calls to one marketplace. Raises `Unavailable`, `RateLimited` or `OutcomeUnknown`; answers everything else."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        budget: Budget,
        *,
        marketplace: str,
        deadline: timedelta = timedelta(seconds=30),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        self._client = client
        self._budget = budget
        self._marketplace = marketplace
        self._deadline = deadline.total_seconds()
        self._clock = clock
        self._breaker = Breaker(clock)
        self._largest_answer = largest_answer
        self.calls = 0

    async def aclose(self) -> None:
        await self._client.aclose()

    async def send(self, request: Request) -> Answer:
        """Send once, or up to three times while nothing can have happened there, within one total deadline."""
        started = time.monotonic()
        try:
            self._breaker.check()
            async with asyncio.timeout(self._deadline):
                return await up_to_three_times(
                    lambda: self._attempt(request),
                    lambda e: self._breaker.calm and _repeatable(e, request.effect),
                    lambda: wait_random_exponential(multiplier=0.1, max=1),
                )
        except TimeoutError:
            self._log(request, LATE.code, started)
            raise self._doubt(request, LATE, "total deadline passed") from None
        except MarketplaceError as error:
            self._log(request, error.advice.code, started)
            raise

    async def _attempt(self, request: Request) -> Answer:
        await self._budget.acquire(request.scope)
        if not has_leave(self._clock()):
            raise Unavailable(LEAVE_OVER, retry_after=timedelta())
        self._breaker.enter()
        self.calls += 1
        started = time.monotonic()
        try:
            answer = await self._exchange(request)
        except asyncio.CancelledError:
            self._breaker.failed(store_at_work())  # the deadline passed while it had the call
            raise
        except MarketplaceError:
            self._breaker.unheard()
            raise
        except (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError) as error:
            detail = type(error.__cause__ or error).__name__
            self._breaker.failed(store_at_work())
            if _never_sent(error):
                raise _NotSent(UNREACHABLE, detail=detail) from None
            raise self._doubt(request, UNREACHABLE, detail) from None
        self._log(request, answer.status, started)
        if answer.status >= 500:
            self._breaker.failed(store_at_work())
        else:
            self._breaker.worked()
        return await self._judge(request, answer)

    async def _exchange(self, request: Request) -> Answer:
        message = self._client.build_request(
            request.method,
            request.path,
            params=list(request.params) or None,
            json=request.json,
            files=list(request.files) or None,
            headers=dict(request.headers),
        )
        auth = request.auth if request.auth is not None else httpx.USE_CLIENT_DEFAULT
        with told_by(self._clock):
            response = await self._client.send(message, auth=auth, stream=True)
        try:
            body = await self._body(request, response)
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, body)

    async def _body(self, request: Request, response: httpx.Response) -> bytes:
        if response.is_stream_consumed:
            return response.content  # an auth flow has read it already
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in {"identity", "gzip"}:
            raise self._doubt(request, UNREADABLE, f"content-encoding {encoding}")
        try:
            return await read_bounded(
                response.aiter_raw(), gzipped=encoding == "gzip", most=self._largest_answer
            )
        except TooLargeError:
            raise self._doubt(request, TOO_LARGE, f"over {self._largest_answer} bytes") from None
        except BrokenGzipError:
            raise self._doubt(request, UNREADABLE, "broken gzip") from None

    async def _judge(self, request: Request, answer: Answer) -> Answer:
        if answer.status == 429:
            pause = retry_after(answer.headers, self._clock) or DEFAULT_PAUSE
            scope = request.limited_scope(answer) if request.limited_scope else request.scope
            if scope == request.scope:
                await self._budget.penalise(scope, pause)
            else:
                await self._budget.pause_store(pause)
            raise RateLimited(LIMITED, retry_after=pause, scope=scope, request_id=answer.request_id)
        if answer.status >= 500:
            if request.effect is Effect.WRITE:
                raise self._doubt(request, UNAVAILABLE, f"status {answer.status}")
            raise Unavailable(
                UNAVAILABLE,
                retry_after=retry_after(answer.headers, self._clock),
                detail=f"status {answer.status}",
                request_id=answer.request_id,
            )
        return answer

    def _doubt(self, request: Request, advice: Advice, detail: str) -> MarketplaceError:
        """A read can be asked again; of a write nobody knows whether it happened."""
        if request.effect is Effect.READ:
            return Unavailable(advice, detail=detail)
        return OutcomeUnknown(advice, reference=request.reference, detail=detail)

    async def slow_down(self, scope: str, pause: timedelta) -> None:
        """For connectors: a limit that was told in the body of an answer instead of by a 429."""
        await self._budget.penalise(scope, pause)

    def unreadable(self, request: Request, detail: str) -> MarketplaceError:
        """For connectors: a successful status whose body does not say what it should."""
        return self._doubt(request, UNREADABLE, detail)

    def _log(self, request: Request, outcome: int | str, started: float) -> None:
        log.debug(
            "marketplace.called",
            marketplace=self._marketplace,
            method=request.method,
            route=request.route,
            outcome=outcome,
            ms=round((time.monotonic() - started) * 1000),
        )


class _NotSent(Unavailable):
    """No connection was made, so nothing can have happened there."""


def _never_sent(error: Exception) -> bool:
    """True only if no connection came about; aiohttp's own error decides, the transport's names for it are too broad."""
    if isinstance(error.__cause__, aiohttp.ClientError):
        never = aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError
        return isinstance(error.__cause__, never)
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def _repeatable(error: BaseException, effect: Effect) -> bool:
    if isinstance(error, _NotSent):
        return True
    return effect is Effect.READ and isinstance(error, Unavailable) and error.retry_after is None

"""The only door to a marketplace: total deadline, bounded answers, budget, retries of what is safe, a log without secrets.

What knows httpx's and aiohttp's ways sits in `client`, so that a successor of theirs is a change in one module.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import httpx
import structlog
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
from onboarder.connector.client import MarketplaceClient, never_sent, open_client, streamed
from onboarder.connector.concurrency import ConcurrencyLimit, Place
from onboarder.connector.errors import (
    Advice,
    MarketplaceError,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from onboarder.connector.leave import LEAVE_OVER, has_leave, told_by
from onboarder.connector.request import Effect, Request
from onboarder.connector.retry_after import retry_after

__all__ = ["Answer", "Effect", "MarketplaceHttp", "Request", "open_client"]

log = structlog.get_logger()

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of one answer after decompression."""
DEFAULT_PAUSE = timedelta(seconds=5)
"""Wait after a 429 that names no time."""
IN_TIME = 0.5
"""Share of the deadline after which an answer counts as late: early enough to ask less before calls are lost."""
MOST_AT_ONCE = 200


class MarketplaceHttp:
    """Calls to one marketplace. Raises `Unavailable`, `RateLimited` or `OutcomeUnknown`; answers everything else."""

    def __init__(
        self,
        client: MarketplaceClient,
        budget: Budget,
        *,
        marketplace: str,
        deadline: timedelta = timedelta(seconds=30),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        largest_answer: int = LARGEST_ANSWER,
        most_at_once: int = MOST_AT_ONCE,
    ) -> None:
        self._client = client
        self._budget = budget
        self._marketplace = marketplace
        self._deadline = deadline.total_seconds()
        self._clock = clock
        self._breaker = Breaker(clock)
        self._limit = ConcurrencyLimit(most_at_once, patience=deadline * IN_TIME)
        self._largest_answer = largest_answer
        self.calls = 0

    async def aclose(self) -> None:
        await self._client.aclose()

    async def send(self, request: Request) -> Answer:
        """Send once, or up to three times while nothing can have happened there, within one total deadline.

        Waiting for the budget is not part of it.
        """
        started = time.monotonic()
        try:
            self._breaker.check()
            async with asyncio.timeout(None) as total:
                return await up_to_three_times(
                    lambda: self._attempt(request, total),
                    lambda e: self._breaker.calm and _repeatable(e, request.effect),
                    lambda: wait_random_exponential(multiplier=0.1, max=1),
                )
        except TimeoutError:
            self._log(request, LATE.code, started)
            raise self._doubt(request, LATE, "total deadline passed") from None
        except MarketplaceError as error:
            self._log(request, error.advice.code, started)
            raise

    async def _attempt(self, request: Request, total: asyncio.Timeout) -> Answer:
        """A call that waited in vain, for its place or its slot, was never sent: its deadline stands still meanwhile."""
        left = _stopped(total, self._deadline)
        place = await self._limit.enter()
        try:
            probes = await self._let_out(request)
            total.reschedule(asyncio.get_running_loop().time() + left)
            if not probes:
                self._limit.sent(place)
            return await self._call(request, place, total)
        finally:
            self._limit.leave(place)

    async def _let_out(self, request: Request) -> bool:
        """Leave to call, and whether the call is a probe: who is not it takes nothing of the budget meanwhile."""
        probes = self._breaker.enter()
        try:
            await self._budget.acquire(request.scope)
            if not probes:
                self._breaker.check()  # it may have opened while this one waited
            if not has_leave(self._clock()):
                raise Unavailable(LEAVE_OVER, retry_after=timedelta())
        except BaseException:
            if probes:
                self._breaker.unheard()
            raise
        return probes

    async def _call(self, request: Request, place: Place, total: asyncio.Timeout) -> Answer:
        self.calls += 1
        started = time.monotonic()
        try:
            answer = await self._exchange(request)
        except asyncio.CancelledError:
            self._cut_off(by_its_deadline=total.expired())
            raise
        except MarketplaceError:
            self._breaker.unheard()
            raise
        except (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError) as error:
            detail = type(error.__cause__ or error).__name__
            self._breaker.failed(store_at_work(), detail)
            if never_sent(error):
                raise _NotSent(UNREACHABLE, detail=detail) from None
            raise self._doubt(request, UNREACHABLE, detail) from None
        place.answered = True
        self._log(request, answer.status, started)
        if answer.status >= 500:
            self._breaker.failed(store_at_work(), f"status {answer.status}")
        else:
            self._breaker.worked()
        return await self._judge(request, answer, total)

    def _cut_off(self, *, by_its_deadline: bool) -> None:
        """A worker that ends cuts its calls off too, and that says nothing of the marketplace."""
        if by_its_deadline:
            self._breaker.failed(store_at_work(), "deadline")
        else:
            self._breaker.unheard()

    async def _exchange(self, request: Request) -> Answer:
        message = self._client.prepared(request)
        with told_by(self._clock):
            response = await self._client.pass_on(message, request.auth)
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
                streamed(response), gzipped=encoding == "gzip", most=self._largest_answer
            )
        except TooLargeError:
            raise self._doubt(request, TOO_LARGE, f"over {self._largest_answer} bytes") from None
        except BrokenGzipError:
            raise self._doubt(request, UNREADABLE, "broken gzip") from None

    async def _judge(self, request: Request, answer: Answer, total: asyncio.Timeout) -> Answer:
        if answer.status == 429:
            total.reschedule(None)  # it was read whole, whatever the budget takes to be told
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


def _stopped(total: asyncio.Timeout, whole: float) -> float:
    """Stop the clock of a deadline; the seconds that were left, the whole if it had not started yet."""
    end = total.when()
    if end is None:
        return whole
    total.reschedule(None)
    return end - asyncio.get_running_loop().time()


class _NotSent(Unavailable):
    """No connection was made, so nothing can have happened there."""


def _repeatable(error: BaseException, effect: Effect) -> bool:
    if isinstance(error, _NotSent):
        return True
    return effect is Effect.READ and isinstance(error, Unavailable) and error.retry_after is None

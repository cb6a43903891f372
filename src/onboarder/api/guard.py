"""Around every request: bounds, a deadline, security headers, one line of log and the figures.

The line names the route's template. Paths hold tokens and queries hold codes, so neither is ever written down.
"""

import asyncio
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

import structlog
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onboarder.api.areas import Area, area_of
from onboarder.api.pages import show
from onboarder.api.premises import Premises
from onboarder.api.problem import problem
from onboarder.api.v1 import refusal
from onboarder.api.v1.refusal import Refusal

log = structlog.get_logger()

LONGEST_QUERY = 4096
DIGITS = 18
"""Of an announced length: more are too many, and Python reads no more than some thousand."""
FOR_PEOPLE = ("/k/", "/callback/")
BY_HTTPS = {b"strict-transport-security": b"max-age=31536000"}
SAFE = {"GET", "HEAD", "OPTIONS"}


class Guard:
    """ASGI middleware. What a handler raises ends here: it is logged without its values and answered."""

    def __init__(self, app: ASGIApp, premises: Premises) -> None:
        self._app = app
        self._premises = premises

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        area, by_https = area_of(scope["path"]), self._premises.by_https
        own = area.headers(by_https=by_https) | (BY_HTTPS if by_https else {})
        answer, bounded = _Answer(send, own), _Bounded(receive, area.largest_body)
        started = time.monotonic()
        try:
            await self._guarded(area, scope, bounded, answer)
        finally:
            self._record(scope, answer.status, time.monotonic() - started)

    async def _guarded(self, area: Area, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        refused = self._refused(area, scope)
        if refused is not None:
            await refused(scope, receive, answer)
            return
        try:
            async with asyncio.timeout(self._premises.deadline):
                await self._app(scope, receive, answer)
        except Exception as error:
            late = isinstance(error, TimeoutError)
            log.exception("http.late" if late else "http.failed", route=_route(scope))
            if answer.status:
                raise
            status = HTTPStatus.SERVICE_UNAVAILABLE if late else HTTPStatus.INTERNAL_SERVER_ERROR
            await self._failed(scope, status)(scope, receive, answer)

    def _refused(self, area: Area, scope: Scope) -> Response | None:
        """The answer to what is not even looked at."""
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "0")
        if len(scope["query_string"]) > LONGEST_QUERY:
            return self._failed(scope, HTTPStatus.REQUEST_URI_TOO_LONG)
        endless = len(announced) > DIGITS
        if announced.isdecimal() and (endless or int(announced) > area.largest_body):
            return self._failed(scope, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not area.ours_only:
            return None
        if not scope["path"].isprintable():
            return self._failed(scope, HTTPStatus.NOT_FOUND)
        if scope["method"] not in SAFE and not self._from_us(headers):
            return refusal.answer(Refusal("cross_site"))
        return None

    def _from_us(self, headers: Headers) -> bool:
        """Browsers set the first two and let no other site set the third."""
        return (
            headers.get("sec-fetch-site") == "same-origin"
            or headers.get("origin") == self._premises.origin
            or headers.get("x-onboarder") == "1"
        )

    def _failed(self, scope: Scope, status: HTTPStatus) -> Response:
        path = str(scope["path"])
        if path.startswith("/api/v1/"):
            return refusal.answer(refusal.of_status(status))
        if not path.startswith(FOR_PEOPLE):
            return problem(status, "try again later")
        names = {
            HTTPStatus.REQUEST_URI_TOO_LONG: "unknown",
            HTTPStatus.SERVICE_UNAVAILABLE: "no_answer",
        }
        return show(names.get(status, "failed"), programme=self._premises.programme)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route, figures = _route(scope), self._premises.figures
        figures.answers.labels(route, status).inc()
        figures.seconds.labels(route).observe(seconds)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        log.info(
            "http.answered", method=method, route=route, status=status, ms=round(seconds * 1000)
        )


class _Bounded:
    """Hands the body on as far as it may go."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive = receive
        self._left = largest

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message


class _Answer:
    """Sends on, with our headers; remembers the status."""

    def __init__(self, send: Send, headers: Mapping[bytes, bytes]) -> None:
        self._send = send
        self._headers = headers
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = cast("list[tuple[bytes, bytes]]", message.get("headers") or [])
            said = {name.lower() for name, _ in own} & _MAY_DIFFER
            ours = [(name, value) for name, value in self._headers.items() if name not in said]
            message = {**message, "headers": [*own, *ours]}
        await self._send(message)


_MAY_DIFFER = {b"cache-control"}
"""A file of the app may be kept by the browser."""
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def _route(scope: Scope) -> str:
    """The route's template with the prefixes of all routers around it; anything else could be a token."""
    framework: dict[str, object] = scope.get("fastapi", {})
    route = framework.get("effective_route_context") or scope.get("route")
    return str(getattr(route, "path", "unmatched"))

"""Around every request: bounds, a deadline, security headers, one line of log and the figures.

The line names the route's template. Paths hold tokens and queries hold codes, so neither is ever written down.
"""

import asyncio
import time
from http import HTTPStatus
from typing import cast

import structlog
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onboarder.api.pages import STYLE_HASH, show
from onboarder.api.premises import Premises
from onboarder.api.problem import problem

log = structlog.get_logger()

LONGEST_QUERY = 4096
FOR_PEOPLE = ("/k/", "/callback/")
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
    b"x-robots-tag": b"noindex",
    b"cache-control": b"no-store",
}
POLICY = (
    "default-src 'none'; style-src 'sha256-" + STYLE_HASH + "'; form-action 'self' {targets}; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing may be fetched from anywhere."""
FORM_TARGETS = {True: "https:", False: "https: http://127.0.0.1:* http://localhost:*"}
"""Where the button may lead; browsers apply this to every redirect behind it too. Plain http only on this machine."""
BY_HTTPS = {b"strict-transport-security": b"max-age=31536000"}


class Guard:
    """ASGI middleware. What a handler raises ends here: it is logged without its values and answered."""

    def __init__(self, app: ASGIApp, premises: Premises) -> None:
        self._app = app
        self._premises = premises
        policy = POLICY.format(targets=FORM_TARGETS[premises.by_https]).encode()
        own = {**HEADERS, b"content-security-policy": policy}
        self._headers = list({**own, **(BY_HTTPS if premises.by_https else {})}.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._headers)
        started = time.monotonic()
        try:
            await self._bounded(scope, receive, answer)
        finally:
            self._record(scope, answer.status, time.monotonic() - started)

    async def _bounded(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if len(scope["query_string"]) > LONGEST_QUERY:
            await self._failed(scope, HTTPStatus.REQUEST_URI_TOO_LONG)(scope, receive, answer)
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

    def _failed(self, scope: Scope, status: HTTPStatus) -> Response:
        if not str(scope["path"]).startswith(FOR_PEOPLE):
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


class _Answer:
    """Sends on, with our headers; remembers the status."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = cast("list[tuple[bytes, bytes]]", message.get("headers") or [])
            message = {**message, "headers": [*own, *self._headers]}
        await self._send(message)


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def _route(scope: Scope) -> str:
    """The route's template; anything else could be a token."""
    return str(getattr(scope.get("route"), "path", "unmatched"))

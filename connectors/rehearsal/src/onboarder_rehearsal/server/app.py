"""The practice marketplace as an ASGI application."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from onboarder_rehearsal.server.control import control_routes
from onboarder_rehearsal.server.delivery import Delivery, Sleep
from onboarder_rehearsal.server.desk import Call, Desk
from onboarder_rehearsal.server.dials import Dial
from onboarder_rehearsal.server.endpoints import ENDPOINTS, Endpoint
from onboarder_rehearsal.server.rules import Rules
from onboarder_rehearsal.server.shapes import BODY_BYTES_MOST
from onboarder_rehearsal.server.state import State
from onboarder_rehearsal.server.visit import Refused

TICK_SECONDS = 0.05


def create_app(
    state_dir: Path | None,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Sleep = asyncio.sleep,
    rules: Rules | None = None,
    dials: Sequence[Dial] = (),
) -> Starlette:
    """The application over the state in `state_dir` (None: in memory).

    `rules` and `dials` replace those kept in the state.
    """
    state = State(state_dir)
    desk = Desk(state, clock)
    with state.commit():
        if rules is not None:
            desk.set_rules(rules)
        if dials:
            desk.dials.remove()
            desk.dials.add(list(dials))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        ticking = asyncio.create_task(_keep_ticking(desk))
        try:
            yield
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            state.close()

    routes = [
        *(
            Route(endpoint.path, _counter(desk, endpoint, sleep), methods=[endpoint.method])
            for endpoint in ENDPOINTS
        ),
        *control_routes(desk),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _no_route})
    app.state.desk = desk
    return app


def _counter(
    desk: Desk, endpoint: Endpoint, sleep: Sleep
) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            too_large = Refused(413, "too_large", "request too large").reply()
            return Response(too_large.encoded(), 413, media_type="application/json")
        call = Call(
            endpoint=endpoint,
            places=request.path_params,
            query=request.query_params,
            body=body,
            media_type=request.headers.get("content-type", ""),
            authorization=request.headers.get("authorization", ""),
            base_url=f"{request.url.scheme}://{request.headers.get('host', 'localhost')}",
        )
        return Delivery(desk.serve(call), sleep)

    return serve


async def _body(request: Request) -> bytes | None:
    """The body, or None when it is larger than any call needs."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MOST:
            return None
    return bytes(body)


async def _keep_ticking(desk: Desk) -> None:
    while True:
        desk.tick()
        await asyncio.sleep(TICK_SECONDS)


def _no_route(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refused = Refused(error.status_code, "route_unknown", error.detail)
    return JSONResponse({"fault": refused.content()}, error.status_code)

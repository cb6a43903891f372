"""The practice marketplace as an ASGI application."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from onboarder_rehearsal.server.callers import Call
from onboarder_rehearsal.server.control import control_routes
from onboarder_rehearsal.server.delivery import Delivery, Sleep
from onboarder_rehearsal.server.desk import Desk
from onboarder_rehearsal.server.dials import Dial
from onboarder_rehearsal.server.endpoints import ENDPOINTS, Endpoint
from onboarder_rehearsal.server.pages import page_routes
from onboarder_rehearsal.server.rules import Rules
from onboarder_rehearsal.server.shapes import BODY_BYTES_MOST
from onboarder_rehearsal.server.state import State
from onboarder_rehearsal.server.visit import Refused
from onboarder_rehearsal.server.webhooks import PostOffice

TICK_SECONDS = 0.05


def create_app(
    state_dir: Path | None,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Sleep = asyncio.sleep,
    rules: Rules | None = None,
    dials: Sequence[Dial] = (),
    open_webhook_client: Callable[[], httpx.AsyncClient] = lambda: httpx.AsyncClient(
        trust_env=False
    ),
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
    post_office = PostOffice(desk, open_webhook_client)
    counters = [
        Route(endpoint.path, _counter(desk, endpoint, sleep), methods=[endpoint.method])
        for endpoint in ENDPOINTS
    ]
    app = Starlette(
        routes=[*counters, *control_routes(desk), *page_routes(desk)],
        lifespan=lambda _: _running(desk, post_office),
        exception_handlers={HTTPException: _no_route},
    )
    app.state.desk = desk
    app.state.post_office = post_office
    return app


@asynccontextmanager
async def _running(desk: Desk, post_office: PostOffice) -> AsyncGenerator[None]:
    tasks = [
        asyncio.create_task(_keep_ticking(desk)),
        asyncio.create_task(_keep_posting(post_office)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        desk.state.close()


def _counter(
    desk: Desk, endpoint: Endpoint, sleep: Sleep
) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        body = await body_of(request)
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


async def body_of(request: Request, most: int = BODY_BYTES_MOST) -> bytes | None:
    """The body, or None when it is larger than any call needs."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


async def _keep_ticking(desk: Desk) -> None:
    while True:
        desk.tick()
        await asyncio.sleep(TICK_SECONDS)


async def _keep_posting(post_office: PostOffice) -> None:
    while True:
        await post_office.send_all()
        await asyncio.sleep(TICK_SECONDS)


def _no_route(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refused = Refused(error.status_code, "route_unknown", error.detail)
    return JSONResponse({"fault": refused.content()}, error.status_code)

"""The fake as an ASGI application."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from onboarder_rehearsal.server.app import body_of
from onboarder_rehearsal.server.delivery import Sleep
from tests.marketplace.shopee.browser import page_routes
from tests.marketplace.shopee.control import control_routes
from tests.marketplace.shopee.delivery import deliver
from tests.marketplace.shopee.desk import Desk
from tests.marketplace.shopee.door import Call
from tests.marketplace.shopee.endpoints import ENDPOINTS
from tests.marketplace.shopee.pushes import PostOffice
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.shelf import open_state
from tests.marketplace.shopee.visit import Endpoint

TICK_SECONDS = 0.05
BODY_BYTES_MOST = 96 * 1024 * 1024


def create_app(
    state_dir: Path | None,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Sleep = asyncio.sleep,
    rules: Rules | None = None,
    open_push_client: Callable[[], httpx.AsyncClient] = lambda: httpx.AsyncClient(trust_env=False),
) -> Starlette:
    """The application over the state in `state_dir` (None: in memory); `rules` replace those kept there."""
    state = open_state(state_dir)
    desk = Desk(state, clock)
    if rules is not None:
        with state.commit():
            desk.set_rules(rules)
    post_office = PostOffice(state, lambda: desk.rules, desk.now, open_push_client)
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
    work = asyncio.create_task(_keep_house(desk, post_office))
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        desk.state.close()


async def _keep_house(desk: Desk, post_office: PostOffice) -> None:
    while True:
        with desk.state.commit():
            desk.tick()
        await post_office.send_all()
        await asyncio.sleep(TICK_SECONDS)


def _counter(
    desk: Desk, endpoint: Endpoint, sleep: Sleep
) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        body = await body_of(request, BODY_BYTES_MOST)
        if body is None:
            return Response("<html><h1>413 Request Entity Too Large</h1></html>", 413)
        call = Call(
            endpoint=endpoint,
            query=request.query_params,
            body=body,
            media_type=request.headers.get("content-type", ""),
            base_url=f"{request.url.scheme}://{request.headers.get('host', 'localhost')}",
        )
        return deliver(desk.serve(call), sleep)

    return serve


def _no_route(_: Request, error: Exception) -> Response:
    del error
    return JSONResponse({"error": "error_not_found", "message": "Not found", "request_id": ""}, 404)

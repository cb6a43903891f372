"""The pages a seller's browser opens."""

from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.marketplace.shopee.consent import (
    PAGE_PATH,
    REFUSED_PAGE,
    SIGNED_PATH,
    Answer,
    page,
    redirect_of,
    signed_link_target,
    way_back,
)
from tests.marketplace.shopee.desk import Desk

Serve = Callable[[Request], Awaitable[Response]]


def page_routes(desk: Desk) -> list[Route]:
    return [
        Route(PAGE_PATH, _show(desk), methods=["GET"]),
        Route(PAGE_PATH, _answer(desk), methods=["POST"]),
        Route(SIGNED_PATH, _send_on(desk), methods=["GET"]),
    ]


def _show(desk: Desk) -> Serve:
    async def show(request: Request) -> Response:
        fault = _fault(desk, request)
        if fault is not None:
            return HTMLResponse(f"<h1>Tautan tidak dapat dibuka</h1><p>{escape(fault)}</p>", 400)
        return HTMLResponse(page(desk.rules, desk.state, request.query_params))

    return show


def _answer(desk: Desk) -> Serve:
    """The seller pressed a button."""

    async def answer(request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        fault = _fault(desk, request)
        if fault is not None or form.get("answer") != ["accept"]:
            return HTMLResponse(REFUSED_PAGE, 200 if fault is None else 400)
        given = Answer(shop_id=int(form["shop_id"][0]), days=float(form["days"][0]))
        redirect, _ = redirect_of(desk.rules, PAGE_PATH, request.query_params, desk.now())
        with desk.state.commit():
            back = way_back(desk.rules, desk.state, desk.now(), redirect, given)
        return RedirectResponse(back, 302)

    return answer


def _send_on(desk: Desk) -> Serve:
    """The older, signed link leads to the newer page."""

    async def send_on(request: Request) -> Response:
        fault = _fault(desk, request)
        if fault is not None:
            code, _, message = fault.partition(": ")
            return Response(f'{{"error":"{code}","message":"{message}"}}', 200)
        return RedirectResponse(signed_link_target(request.query_params), 302)

    return send_on


def _fault(desk: Desk, request: Request) -> str | None:
    return redirect_of(desk.rules, request.url.path, request.query_params, desk.now())[1]

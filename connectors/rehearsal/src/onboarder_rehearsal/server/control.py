"""The control API `/_control/…`: dials, rules, time, the back office and the account. Loopback only, keeps no log."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from onboarder_rehearsal.server import back_office, categories
from onboarder_rehearsal.server.account import account, listing_account, store_account
from onboarder_rehearsal.server.desk import Desk
from onboarder_rehearsal.server.dials import DIALS, Dial
from onboarder_rehearsal.server.rules import Rules
from onboarder_rehearsal.server.visit import Refused

Handler = Callable[[Desk, Request, bytes], object]
ShapeT = TypeVar("ShapeT", bound=BaseModel)

_LOOPBACK = {"127.0.0.1", "::1", "localhost", "testclient"}
_LOG_MOST = 10_000


def control_routes(desk: Desk) -> list[Route]:
    """The routes of the control API."""
    return [
        Route(f"/_control{path}", _answer(desk, handler), methods=[method])
        for (method, path), handler in _HANDLERS.items()
    ]


def _answer(desk: Desk, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def control(request: Request) -> Response:
        if request.client is not None and request.client.host not in _LOOPBACK:
            return JSONResponse({"error": "the control API answers on loopback only"}, 403)
        body = await request.body()
        try:
            with desk.state.commit():
                content = handler(desk, request, body)
        except Refused as refused:
            return JSONResponse({"error": refused.text}, refused.status)
        except ValidationError as error:
            return JSONResponse({"error": str(error)}, 422)
        return JSONResponse(content)

    return control


def _account(desk: Desk, request: Request, _: bytes) -> object:
    return account(desk, brief="brief" in request.query_params)


def _log(desk: Desk, request: Request, _: bytes) -> object:
    """Calls after number `after`, oldest first; with `store` only those of one store."""
    query = request.query_params
    rows = desk.state.all(
        "SELECT no, at, method, route, seller AS store, outcome, fault, dial, request_id FROM log"
        " WHERE no > ?1 AND (?2 IS NULL OR seller = ?2) ORDER BY no LIMIT ?3",
        int(query.get("after", "0")),
        query.get("store"),
        min(int(query.get("limit", "1000")), _LOG_MOST),
    )
    return [dict(row) for row in rows]


def _rules(desk: Desk, _: Request, __: bytes) -> object:
    return desk.rules.model_dump(mode="json")


def _change_rules(desk: Desk, _: Request, body: bytes) -> object:
    """The rules named in the body are changed, the others stay."""
    changes = TypeAdapter(dict[str, object]).validate_json(body)
    desk.set_rules(Rules.model_validate(desk.rules.model_dump() | changes))
    return desk.rules.model_dump(mode="json")


def _dials(desk: Desk, _: Request, __: bytes) -> object:
    return [
        {"no": no, "seen": seen, "struck": struck} | dial.model_dump(mode="json")
        for no, dial, seen, struck in desk.dials.listed()
    ]


def _add_dials(desk: Desk, _: Request, body: bytes) -> object:
    """One dial or a list of them; answers their numbers."""
    one = body.lstrip().startswith(b"{")
    dials = [Dial.model_validate_json(body)] if one else DIALS.validate_json(body)
    return {"added": desk.dials.add(dials)}


def _remove_dials(desk: Desk, request: Request, _: bytes) -> object:
    number = request.path_params.get("no")
    desk.dials.remove(None if number is None else int(number))
    return {"left": len(desk.dials.listed())}


class Jump(BaseModel):
    advance_seconds: float


class CategoryState(BaseModel):
    open: bool


def _advance(desk: Desk, _: Request, body: bytes) -> object:
    desk.advance(_read(Jump, body).advance_seconds)
    return {"now": desk.now()}


def _set_category(desk: Desk, request: Request, body: bytes) -> object:
    code = request.path_params["code"]
    if not categories.set_open(desk.state, code, is_open=_read(CategoryState, body).open):
        raise Refused(404, "category_unknown", f"no category {code!r}")
    return {"code": code}


def _store(desk: Desk, request: Request, _: bytes) -> object:
    return store_account(back_office.store(desk, request.path_params["key"]))


def _act_on_store(desk: Desk, request: Request, body: bytes) -> object:
    key, act = request.path_params["key"], request.path_params["act"]
    return store_account(back_office.act_on_store(desk, key, act, _read(back_office.Note, body)))


def _delete_store(desk: Desk, request: Request, _: bytes) -> object:
    back_office.delete_store(desk, request.path_params["key"])
    return {}


def _add_listing(desk: Desk, request: Request, body: bytes) -> object:
    own = _read(back_office.OwnListing, body)
    return listing_account(back_office.add_own_listing(desk, request.path_params["key"], own))


def _listing(desk: Desk, request: Request, _: bytes) -> object:
    return listing_account(back_office.listing(desk, request.path_params["key"]))


def _edit_listing(desk: Desk, request: Request, body: bytes) -> object:
    edit = _read(back_office.ListingEdit, body)
    return listing_account(back_office.edit_listing(desk, request.path_params["key"], edit))


def _act_on_listing(desk: Desk, request: Request, body: bytes) -> object:
    key, act = request.path_params["key"], request.path_params["act"]
    note = _read(back_office.Note, body)
    return listing_account(back_office.act_on_listing(desk, key, act, note))


def _delete_listing(desk: Desk, request: Request, _: bytes) -> object:
    back_office.delete_listing(desk, request.path_params["key"])
    return {}


def _read(shape: type[ShapeT], body: bytes) -> ShapeT:
    return shape.model_validate_json(body or b"{}")


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "/account"): _account,
    ("GET", "/log"): _log,
    ("GET", "/rules"): _rules,
    ("PATCH", "/rules"): _change_rules,
    ("GET", "/dials"): _dials,
    ("POST", "/dials"): _add_dials,
    ("DELETE", "/dials"): _remove_dials,
    ("DELETE", "/dials/{no:int}"): _remove_dials,
    ("POST", "/clock"): _advance,
    ("PATCH", "/categories/{code}"): _set_category,
    ("GET", "/stores/{key}"): _store,
    ("DELETE", "/stores/{key}"): _delete_store,
    ("POST", "/stores/{key}/listings"): _add_listing,
    ("POST", "/stores/{key}/{act}"): _act_on_store,
    ("GET", "/listings/{key}"): _listing,
    ("PATCH", "/listings/{key}"): _edit_listing,
    ("DELETE", "/listings/{key}"): _delete_listing,
    ("POST", "/listings/{key}/{act}"): _act_on_listing,
}

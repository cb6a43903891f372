"""The control API `/_control/…`: shops, consent, items, dials, rules, time and the account. Keeps no log."""

import json
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.marketplace.shopee import pushes, sellers, tokens
from tests.marketplace.shopee.account import account
from tests.marketplace.shopee.consent import Answer, redirect_of, way_back
from tests.marketplace.shopee.desk import Desk
from tests.marketplace.shopee.dials import DIALS, Dial
from tests.marketplace.shopee.misfortunes import withdraw_category
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.shelf import Document, all_shops, items_where
from tests.marketplace.shopee.visit import Refused

Handler = Callable[[Desk, Request, bytes], object]
ShapeT = TypeVar("ShapeT", bound=BaseModel)
FIELDS: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])
LOG_MOST = 10_000


class Visitor(Answer):
    """A seller at a link; `accept` false: she closes the page."""

    link: str
    accept: bool = True


class Jump(Document):
    advance_seconds: float


class CategoryState(Document):
    open: bool


def control_routes(desk: Desk) -> list[Route]:
    return [
        Route(f"/_control{path}", _answer(desk, handler), methods=[method])
        for (method, path), handler in _HANDLERS.items()
    ]


def _answer(desk: Desk, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def control(request: Request) -> Response:
        body = await request.body()
        try:
            with desk.state.commit():
                desk.tick()
                content = handler(desk, request, body)
        except Refused as refused:
            return JSONResponse({"error": refused.message}, refused.status)
        except ValidationError as error:
            return JSONResponse({"error": str(error)}, 422)
        return JSONResponse(content)

    return control


def _account(desk: Desk, request: Request, _: bytes) -> object:
    return account(desk.state, brief="brief" in request.query_params)


def _log(desk: Desk, request: Request, _: bytes) -> object:
    """Calls after number `after`, oldest first; with `shop` or `route` only those."""
    query = request.query_params
    rows = desk.state.all(
        "SELECT * FROM log WHERE no > ?1 AND (?2 IS NULL OR shop = ?2)"
        " AND (?3 IS NULL OR route GLOB ?3) ORDER BY no LIMIT ?4",
        int(query.get("after", "0")),
        query.get("shop"),
        query.get("route"),
        min(int(query.get("limit", "1000")), LOG_MOST),
    )
    return [dict(row) for row in rows]


def _rules(desk: Desk, _: Request, __: bytes) -> object:
    return desk.rules.model_dump(mode="json")


def _change_rules(desk: Desk, _: Request, body: bytes) -> object:
    """The rules named in the body are changed, the others stay."""
    changes = FIELDS.validate_json(body)
    desk.set_rules(Rules.model_validate(desk.rules.model_dump() | changes))
    return desk.rules.model_dump(mode="json")


def _dials(desk: Desk, _: Request, __: bytes) -> object:
    return desk.dials.listed()


def _add_dials(desk: Desk, _: Request, body: bytes) -> object:
    """One dial or a list of them; answers their numbers."""
    one = body.lstrip().startswith(b"{")
    dials = [Dial.model_validate_json(body)] if one else DIALS.validate_json(body)
    return {"added": desk.dials.add(dials)}


def _remove_dials(desk: Desk, request: Request, _: bytes) -> object:
    desk.dials.remove(request.path_params.get("no"))
    return {"left": len(desk.dials.listed())}


def _advance(desk: Desk, _: Request, body: bytes) -> object:
    desk.advance(_read(Jump, body).advance_seconds)
    desk.tick()
    return {"now": desk.now()}


def _set_category(desk: Desk, request: Request, body: bytes) -> object:
    number = request.path_params["no"]
    if _read(CategoryState, body).open:
        desk.state.run("DELETE FROM withdrawn WHERE category = ?", number)
    else:
        withdraw_category(desk.state, number)
    return {"category_id": number}


def _shops(desk: Desk, _: Request, __: bytes) -> object:
    return [shop.model_dump() for shop in all_shops(desk.state)]


def _register(desk: Desk, _: Request, body: bytes) -> object:
    return sellers.register(desk, _fields(body)).model_dump()


def _shop(desk: Desk, request: Request, _: bytes) -> object:
    return sellers.the_shop(desk, request.path_params["no"]).model_dump()


def _change_shop(desk: Desk, request: Request, body: bytes) -> object:
    return sellers.change_shop(desk, request.path_params["no"], _fields(body)).model_dump()


def _delete_shop(desk: Desk, request: Request, _: bytes) -> object:
    sellers.delete_shop(desk, request.path_params["no"])
    return {}


def _befall(desk: Desk, request: Request, _: bytes) -> object:
    places = request.path_params
    return sellers.befall(desk, places["no"], places["act"]).model_dump()


def _pair(desk: Desk, request: Request, body: bytes) -> object:
    """Tokens without the detour of a browser, as after a consent for `days`."""
    shop = sellers.the_shop(desk, request.path_params["no"])
    days = float(str(_fields(body).get("days", 365)))
    tokens.authorise(desk.state, shop, desk.now(), days)
    return tokens.issue_pair(desk.state, desk.rules, [shop.shop_id], desk.now())


def _consent(desk: Desk, _: Request, body: bytes) -> object:
    """Where the seller's browser goes after her answer; null if she refuses or the link does not open."""
    visitor = _read(Visitor, body)
    link = urlsplit(visitor.link)
    query = QueryParams(link.query)
    redirect, fault = redirect_of(desk.rules, link.path, query, desk.now())
    if fault or not visitor.accept:
        return {"redirect": None, "fault": fault}
    back = way_back(desk.rules, desk.state, desk.now(), redirect, visitor)
    return {"redirect": back, "fault": None}


def _add_item(desk: Desk, request: Request, body: bytes) -> object:
    own = _read(sellers.OwnItem, body)
    return sellers.add_own_item(desk, request.path_params["no"], own).model_dump()


def _items(desk: Desk, request: Request, _: bytes) -> object:
    """All items of a `shop`, or with a `sku`, deleted ones too."""
    query = request.query_params
    condition = "(?1 IS NULL OR sku = ?1) AND (?2 IS NULL OR shop = ?2) ORDER BY id"
    found = items_where(desk.state, condition, query.get("sku"), query.get("shop"))
    return [item.model_dump() for item in found]


def _item(desk: Desk, request: Request, _: bytes) -> object:
    return sellers.the_item(desk, request.path_params["no"]).model_dump()


def _change_item(desk: Desk, request: Request, body: bytes) -> object:
    return sellers.change_item(desk, request.path_params["no"], _fields(body)).model_dump()


def _act_on_item(desk: Desk, request: Request, body: bytes) -> object:
    places, reasons = request.path_params, _read(sellers.Reasons, body)
    return sellers.act_on_item(desk, places["no"], places["act"], reasons).model_dump()


def _pushes(desk: Desk, _: Request, __: bytes) -> object:
    rows = desk.state.all("SELECT * FROM push ORDER BY no")
    return [{**dict(row), "body": json.loads(row["body"])} for row in rows]


def _push(desk: Desk, _: Request, body: bytes) -> object:
    """Any body; its timestamp is set."""
    pushes.leave(desk.state, desk.rules, desk.now(), _fields(body))
    return {}


def _fields(body: bytes) -> dict[str, object]:
    return FIELDS.validate_json(body or b"{}")


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
    ("PATCH", "/categories/{no:int}"): _set_category,
    ("POST", "/consent"): _consent,
    ("GET", "/shops"): _shops,
    ("POST", "/shops"): _register,
    ("GET", "/shops/{no:int}"): _shop,
    ("PATCH", "/shops/{no:int}"): _change_shop,
    ("DELETE", "/shops/{no:int}"): _delete_shop,
    ("POST", "/shops/{no:int}/items"): _add_item,
    ("POST", "/shops/{no:int}/tokens"): _pair,
    ("POST", "/shops/{no:int}/{act}"): _befall,
    ("GET", "/items"): _items,
    ("GET", "/items/{no:int}"): _item,
    ("PATCH", "/items/{no:int}"): _change_item,
    ("POST", "/items/{no:int}/{act}"): _act_on_item,
    ("GET", "/pushes"): _pushes,
    ("POST", "/pushes"): _push,
}

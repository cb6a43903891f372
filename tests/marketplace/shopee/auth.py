"""Exchange of codes, refresh, and the list of who is connected."""

import json

from tests.marketplace.shopee import pushes, tokens
from tests.marketplace.shopee.shelf import all_shops, shop_of
from tests.marketplace.shopee.visit import Asked, Level, Refused, Reply, Visit, get, post

OTHER_LISTS = ("merchant_id_list", "supplier_id_list", "user_id_list", "principal_id_list")
IP_RANGES = ["127.0.0.1/32"]


class Exchange(Asked):
    code: str
    partner_id: int
    shop_id: int | None = None
    main_account_id: int | None = None


class Refresh(Asked):
    refresh_token: str
    partner_id: int
    shop_id: int


def exchange_code(visit: Visit) -> Reply:
    """A code works once, for the shop or main account that came back with it."""
    asked = visit.read(Exchange)
    _check_partner(visit, asked.partner_id)
    if (asked.shop_id is None) == (asked.main_account_id is None):
        raise Refused("error_param", "shop_id or main_account_id is needed, and not both")
    row = visit.state.one("SELECT * FROM code WHERE code = ?", asked.code)
    if row is None or row["spent"] or row["expires_at"] <= visit.now:
        raise _invalid_code(visit)
    owner, shops = str(row["owner"]), [int(one) for one in json.loads(row["shops"])]
    if asked.shop_id is not None and (owner != "shop" or shops != [asked.shop_id]):
        raise Refused("invalid_shop_id", "Invalid shop_id")
    if asked.main_account_id is not None and owner != f"main {asked.main_account_id}":
        raise Refused("invalid_main_acount_id", "Invalid main_account_id")
    visit.state.run("UPDATE code SET spent = 1 WHERE code = ?", asked.code)
    for shop in filter(None, (shop_of(visit.state, one) for one in shops)):
        tokens.authorise(visit.state, shop, visit.now, row["days"])
    pushes.authorised(visit.state, visit.rules, visit.now, owner, shops)
    listed: list[int] = shops if owner != "shop" else []
    others: dict[str, object] = dict.fromkeys(OTHER_LISTS, ())
    pair = tokens.issue_pair(visit.state, visit.rules, shops, visit.now)
    return visit.flat({**pair, "shop_id_list": listed, **others})


def refresh(visit: Visit) -> Reply:
    """The refresh token is used up; a spent one may cost the shop all its tokens (see the rules)."""
    asked = visit.read(Refresh)
    _check_partner(visit, asked.partner_id)
    revokes = visit.rules.spent_refresh == "revoke"
    if revokes and tokens.is_spent(visit.state, asked.refresh_token, asked.shop_id):
        tokens.kill_tokens(visit.state, asked.shop_id)
        return visit.no(tokens.invalid_refresh(visit.rules))
    tokens.spend_refresh(visit.state, visit.rules, asked.refresh_token, asked.shop_id, visit.now)
    pair = tokens.issue_pair(visit.state, visit.rules, [asked.shop_id], visit.now)
    return visit.flat({"partner_id": asked.partner_id, "shop_id": asked.shop_id, **pair})


def shops_by_partner(visit: Visit) -> Reply:
    """Who is connected. No `error` key on success."""
    size = visit.integer("page_size", 1, 100)
    page = visit.integer("page_no", 1)
    linked = [
        shop for shop in all_shops(visit.state) if shop.linked and shop.expire_time > visit.now
    ]
    listed = [
        {
            "shop_id": shop.shop_id,
            "region": shop.region,
            "auth_time": int(shop.auth_time),
            "expire_time": int(shop.expire_time),
            "sip_affi_shops": list[int](),
        }
        for shop in linked[(page - 1) * size : page * size]
    ]
    more = len(linked) > page * size
    return Reply({"authed_shop_list": listed, "more": more, "request_id": visit.request_id})


def ip_ranges(visit: Visit) -> Reply:
    return Reply({"ip_list": IP_RANGES, "request_id": visit.request_id})


def _check_partner(visit: Visit, partner_id: int) -> None:
    if partner_id != visit.rules.partner_id:
        raise Refused("error_auth", "partner_id is invalid")


def _invalid_code(visit: Visit) -> Refused:
    if visit.rules.auth_errors == "error_auth":
        return Refused("error_auth", "Invalid code")
    return Refused("invalid_code", "Invalid code")


ENDPOINTS = (
    post("auth/token/get", exchange_code, level=Level.PUBLIC),
    post("auth/access_token/get", refresh, level=Level.PUBLIC),
    get(
        "public/get_shops_by_partner", shops_by_partner, "page_size", "page_no", level=Level.PUBLIC
    ),
    get("public/get_shopee_ip_ranges", ip_ranges, level=Level.PUBLIC),
)

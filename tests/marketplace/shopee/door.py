"""Who calls: partner, time, signature, access token, shop, in that order; and what is wrong with them."""

from dataclasses import dataclass

from starlette.datastructures import QueryParams

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.shelf import shop_of
from tests.marketplace.shopee.signing import is_same, request_signature
from tests.marketplace.shopee.visit import Endpoint, Level, Refused

WINDOW_SECONDS = 300
LARGEST_ID = 4_294_967_295
COMMON = frozenset({"partner_id", "timestamp", "sign"})
OF_SHOPS = COMMON | {"access_token", "shop_id"}
FORBIDDEN_STATUS = 403


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in."""

    endpoint: Endpoint
    query: QueryParams
    body: bytes
    media_type: str
    base_url: str

    @property
    def shop_id(self) -> int | None:
        """Whom the call says it is for, true or not."""
        text = self.query.get("shop_id", "")
        return int(text) if text.isascii() and text.isdigit() else None


def check(state: State, rules: Rules, call: Call, now: float) -> None:
    """Refused unless the caller may call this."""
    of_shop = _is_of_shop(rules, call)
    if not of_shop and ("access_token" in call.query or "shop_id" in call.query):
        raise Refused(
            "error_param", "a public call has no access_token and no shop_id in its query"
        )
    check_signature(rules, call.endpoint.path, call.query, now, of_shop=of_shop)
    if rules.app_error is not None:
        status = FORBIDDEN_STATUS if rules.app_error == "api_suspended" else 200
        raise Refused(rules.app_error, "The app may not call this now.", status=status)
    if of_shop:
        _check_shop(state, rules, call, now)
    unknown = sorted(set(call.query) - OF_SHOPS - call.endpoint.asks)
    if unknown:
        raise Refused("error_param", f"{', '.join(unknown)}, unknown parameter")


def _is_of_shop(rules: Rules, call: Call) -> bool:
    match call.endpoint.level:
        case Level.SHOP:
            return True
        case Level.UPLOAD:
            either = rules.upload_signature == "any" and "access_token" in call.query
            return rules.upload_signature == "shop" or either
        case Level.PUBLIC:
            return False


def check_signature(
    rules: Rules, path: str, query: QueryParams, now: float, *, of_shop: bool = False
) -> None:
    """Partner, time and signature of a public call, or of a shop's."""
    for name in sorted(OF_SHOPS if of_shop else COMMON):
        if len(query.getlist(name)) != 1 or not query[name]:
            raise Refused("error_param", f"There is no {name}")
    partner_id = _number(query, "partner_id")
    if partner_id != rules.partner_id:
        raise Refused("invalid_partner_id", "Invalid partner_id")
    timestamp = _number(query, "timestamp")
    if abs(now - timestamp) > WINDOW_SECONDS:
        raise Refused("error_param", "Invalid timestamp")
    token = query["access_token"] if of_shop else ""
    owner = _number(query, "shop_id") if of_shop else None
    right = request_signature(
        rules.partner_key, partner_id, path, timestamp, token=token, owner=owner
    )
    if not is_same(query["sign"], right):
        raise Refused("error_sign", "Wrong sign.")


def _number(query: QueryParams, name: str) -> int:
    text = query[name]
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST_ID:
        raise Refused("error_param", f"{name} must be an integer")
    return int(text)


def _check_shop(state: State, rules: Rules, call: Call, now: float) -> None:
    shop = shop_of(state, call.shop_id)
    if shop is None:
        raise Refused("error_auth", "Invalid partner_id or shopid.")
    if not shop.linked or shop.expire_time <= now:
        raise Refused("shop_no_linked", "The shop is not linked to this partner")
    row = state.one(
        "SELECT expires_at FROM token WHERE token = ? AND shop = ? AND kind = 'access'",
        call.query["access_token"],
        shop.shop_id,
    )
    if row is None or row["expires_at"] <= now:
        raise invalid_access(rules)
    path = call.endpoint.path
    is_info = path == "/api/v2/shop/get_shop_info"
    if shop.kyc == "pending" or (shop.kyc == "pending_but_info" and not is_info):
        raise Refused("error_kyc_auth", KYC, status=FORBIDDEN_STATUS)
    if shop.status == "BANNED" and not is_info:
        raise Refused("shop_banned", "The shop is banned")
    if shop.status == "FROZEN" and call.endpoint.method == "POST":
        raise Refused("product.error_busi_invalid_shop_status", "Shop status is abnormal")


def invalid_access(rules: Rules) -> Refused:
    if rules.auth_errors == "error_auth":
        return Refused("error_auth", "Invalid access_token.")
    return Refused("invalid_acceess_token", "Invalid access_token")


KYC = "You have no permission, please complete the Seller Registration in Seller Centre first."

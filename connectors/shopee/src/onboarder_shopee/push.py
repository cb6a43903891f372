"""Messages from Shopee: whether they are genuine, and which shops they are about.

There is no message id and no order; a message is a hint and what happened is always read by API.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from typing import cast

import structlog

from onboarder.connector.webhook import Delivery, Event
from onboarder.model.ids import RemoteId
from onboarder_shopee import wire
from onboarder_shopee.auth import Keys, body_signature, push_signature
from onboarder_shopee.settings import PushFormula

log = structlog.get_logger()

KINDS: Mapping[int, str] = {
    1: "shop_authorization",
    2: "shop_authorization_canceled",
    5: "shopee_updates",
    6: "banned_item",
    8: "reserved_stock_change",
    12: "authorization_expiry",
    16: "violation_item",
    22: "item_price_update",
    27: "item_scheduled_publish_failed",
    28: "shop_penalty_update",
}
"""By `code`; 16 took the place of 6, and both are read. Others keep their number."""


def genuine(keys: Keys, formula: PushFormula, delivery: Delivery) -> bool:
    """Whether one of the active keys signed the raw body by the formula that the settings choose."""
    given = delivery.headers.get("authorization", "")
    active = keys.for_pushes()
    # Every key is compared, so that the time says nothing of which one it was.
    matches = [_same(_signature(formula, key, delivery), given) for key in active]
    if any(matches):
        return True
    other = next(one for one in PushFormula if one is not formula)
    if any(_same(_signature(other, key, delivery), given) for key in active):
        log.warning("shopee.push_refused", would_match=str(other))
    return False


def read_events(body: bytes) -> tuple[Event, ...]:
    """One event a message; `ValueError` if it cannot be read."""
    said = wire.PUSH.validate_json(body)
    kind = KINDS.get(said.code, f"code_{said.code}")
    shops = dict.fromkeys(RemoteId(shop) for shop in _shops(said))
    return (Event(hashlib.sha256(body).hexdigest(), kind, tuple(shops)),)


def _signature(formula: PushFormula, key: str, delivery: Delivery) -> str:
    match formula:
        case PushFormula.URL_AND_BODY:
            return push_signature(key, delivery.url, delivery.body)
        case PushFormula.BODY:
            return body_signature(key, delivery.body)


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode())


def _shops(said: wire.Push) -> Iterator[str]:
    """The ids wherever a variant of the message puts them; the user-cancel sample has one in its sentence only."""
    if said.shop_id:
        yield str(said.shop_id)
    for name in ("shop_id", "shopid", "shop_id_list", "shop_expire_soon"):
        value = said.data.get(name)
        several = cast("list[object]", value) if isinstance(value, list) else [value]
        yield from (str(one) for one in several if isinstance(one, int) and one)
    sentence = re.search(r"shop id (\d{1,10})\b", str(said.data.get("extra", "")))
    if sentence:
        yield sentence[1]

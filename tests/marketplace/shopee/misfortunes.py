"""What can happen to a shop, by a dial before a call or by the control API at any time."""

import json
from collections.abc import Callable, Mapping

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee import pushes, tokens
from tests.marketplace.shopee.dials import Fault, Strikes
from tests.marketplace.shopee.door import Call
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.shelf import Shop, keep_shop, shop_of

Misfortune = Callable[[State, Rules, float, Shop], None]


def befall(state: State, rules: Rules, now: float, call: Call, strikes: Strikes) -> None:
    """Let the dials' misfortunes happen to the calling shop."""
    for fault in strikes:
        shop = shop_of(state, call.shop_id)
        if shop is not None and fault in MISFORTUNES:
            MISFORTUNES[fault](state, rules, now, shop)
        if fault is Fault.CATEGORY_WITHDRAWN:
            withdraw_category(state, _category_named(call.body))


def withdraw_category(state: State, category: int) -> None:
    state.run("INSERT OR IGNORE INTO withdrawn VALUES (?)", category)


def _expire_access(state: State, _: Rules, now: float, shop: Shop) -> None:
    update = "UPDATE token SET expires_at = ? WHERE shop = ? AND kind = 'access'"
    state.run(update, now - 1, shop.shop_id)


def _expire_refresh(state: State, rules: Rules, now: float, shop: Shop) -> None:
    _expire_access(state, rules, now, shop)
    update = "UPDATE token SET expires_at = ? WHERE shop = ? AND kind = 'refresh'"
    state.run(update, now - 1, shop.shop_id)


def _revoke_tokens(state: State, _: Rules, __: float, shop: Shop) -> None:
    tokens.kill_tokens(state, shop.shop_id)


def _withdraw(state: State, rules: Rules, now: float, shop: Shop) -> None:
    keep_shop(state, shop.model_copy(update={"linked": False}))
    tokens.kill_tokens(state, shop.shop_id)
    pushes.cancelled(state, rules, now, shop.shop_id)


def _end(state: State, rules: Rules, now: float, shop: Shop) -> None:
    keep_shop(state, shop.model_copy(update={"expire_time": now - 1, "ended": True}))
    pushes.ended(state, rules, now, shop.shop_id)


def _freeze(state: State, rules: Rules, now: float, shop: Shop) -> None:
    keep_shop(state, shop.model_copy(update={"status": "FROZEN"}))
    pushes.abnormal(state, rules, now, shop.shop_id)


def _becomes(**change: object) -> Misfortune:
    def befall_shop(state: State, _: Rules, __: float, shop: Shop) -> None:
        keep_shop(state, shop.model_copy(update=change))

    return befall_shop


def _category_named(body: bytes) -> int:
    try:
        return int(json.loads(body)["category_id"])
    except (ValueError, KeyError, TypeError):
        return 0


MISFORTUNES: Mapping[str, Misfortune] = {
    Fault.ACCESS_EXPIRED: _expire_access,
    "refresh_expired": _expire_refresh,
    Fault.TOKENS_REVOKED: _revoke_tokens,
    Fault.AUTHORIZATION_WITHDRAWN: _withdraw,
    Fault.AUTHORIZATION_OVER: _end,
    Fault.SHOP_BANNED: _becomes(status="BANNED"),
    Fault.SHOP_FROZEN: _freeze,
    Fault.KYC_PENDING: _becomes(kyc="pending"),
    Fault.NO_SHIPPING: _becomes(channels="none"),
    "recovered": _becomes(status="NORMAL", kyc="done", channels="ready", penalty=False),
}
"""By the name that dials and the control API use."""

"""Codes, access tokens and one-use refresh tokens."""

import json
import secrets
from collections.abc import Sequence

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.shelf import Shop, keep_shop, shop_of
from tests.marketplace.shopee.visit import Refused

DAY = 86_400.0
_KILLED = 2
"""`spent` of a refresh token that ended without being used; 1 is used."""


def issue_code(
    state: State, owner: str, shops: Sequence[int], expires_at: float, days: float
) -> str:
    """A code for the redirect; `owner` is `shop` or `main`."""
    code = secrets.token_hex(16)
    values = (code, owner, json.dumps([*shops]), expires_at, days)
    state.run(
        "INSERT INTO code (code, owner, shops, expires_at, days) VALUES (?, ?, ?, ?, ?)", *values
    )
    return code


def authorise(state: State, shop: Shop, now: float, days: float) -> None:
    """The shop is linked from now on; tokens of an earlier consent are over."""
    kill_tokens(state, shop.shop_id)
    until = now + days * DAY
    linked = {"linked": True, "auth_time": now, "expire_time": until}
    fresh = {"warned": False, "ended": False}
    keep_shop(state, shop.model_copy(update=linked | fresh))


def issue_pair(state: State, rules: Rules, shops: Sequence[int], now: float) -> dict[str, object]:
    """A new pair for the shops together, as the fields of an answer."""
    access, refresh = secrets.token_hex(16), secrets.token_hex(16)
    for kind, token, seconds in (
        ("access", access, rules.access_seconds),
        ("refresh", refresh, rules.refresh_seconds),
    ):
        rows = [(token, kind, shop, now + seconds) for shop in shops]
        state.add_all("INSERT INTO token (token, kind, shop, expires_at) VALUES (?, ?, ?, ?)", rows)
    life = int(rules.access_seconds)
    expire_in = life if rules.expire_in == "seconds" else int(now) + life
    return {"access_token": access, "refresh_token": refresh, "expire_in": expire_in}


def spend_refresh(state: State, rules: Rules, token: str, shop_id: int, now: float) -> None:
    """Use a refresh token up, or refuse it."""
    row = state.one(
        "SELECT * FROM token WHERE token = ? AND shop = ? AND kind = 'refresh'", token, shop_id
    )
    if row is None or row["spent"]:
        raise invalid_refresh(rules)
    _check_authorised(shop_of(state, shop_id), now)
    if row["expires_at"] <= now:
        raise Refused("refresh_token_expired", "Your refresh_token is expired")
    state.run("UPDATE token SET spent = 1 WHERE token = ? AND shop = ?", token, shop_id)
    state.run(
        "UPDATE token SET expires_at = min(expires_at, ?) WHERE shop = ? AND kind = 'access'",
        now + rules.old_access_seconds,
        shop_id,
    )


def is_spent(state: State, token: str, shop_id: int | None) -> bool:
    """Whether this refresh token was used already, since the last consent."""
    return (
        state.one(
            "SELECT 1 FROM token WHERE token = ? AND shop = ? AND kind = 'refresh' AND spent = 1",
            token,
            shop_id,
        )
        is not None
    )


def kill_tokens(state: State, shop_id: int) -> None:
    """No token of the shop works any more."""
    state.run("DELETE FROM token WHERE shop = ? AND kind = 'access'", shop_id)
    state.run("UPDATE token SET spent = ? WHERE shop = ? AND kind = 'refresh'", _KILLED, shop_id)


def _check_authorised(shop: Shop | None, now: float) -> None:
    if shop is None or not shop.linked:
        raise Refused("shop_no_linked", "The shop is not linked to this partner")
    if shop.status == "BANNED":
        raise Refused("shop_banned", "The shop is banned")
    if shop.expire_time <= now:
        raise Refused(
            "shop_access_expired", "Your shop authorization has expired, please authorize again"
        )


def invalid_refresh(rules: Rules) -> Refused:
    if rules.auth_errors == "error_auth":
        return Refused("error_auth", "Invalid refresh_token.")
    return Refused("error_shop_refresh_token", "Your shop refresh_token is invalid")

"""What time does: reviews end, authorizations run out, and everything grows older at once when time jumps."""

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee import pushes
from tests.marketplace.shopee.pace import ahead
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.shelf import Item, Shop, all_shops, items_where, keep_item, keep_shop

SOON_SECONDS = 7 * 86_400
_AGED = {
    "code": ("expires_at",),
    "token": ("expires_at",),
    "item": ("made_at", "touched_at", "listed_from", "found_from", "review_at"),
    "late": ("due",),
    "push": ("due",),
}


def carry_out_due(state: State, rules: Rules, now: float) -> None:
    """Reviews that are over, authorizations that are over or soon will be."""
    for item in items_where(state, "review_at <= ?", now):
        state.run("UPDATE item SET review_at = NULL WHERE id = ?", item.item_id)
        if item.status == "REVIEWING":
            keep_item(state, item.model_copy(update={"status": "NORMAL"}))
    if rules.push_url is not None:
        for shop in all_shops(state):
            _announce_end(state, rules, now, shop)


def age(state: State, seconds: float) -> None:
    """Move everything that many seconds into the past."""
    state.set_setting("ahead", str(ahead(state) + seconds))
    for table, columns in _AGED.items():
        for column in columns:
            state.run(f"UPDATE {table} SET {column} = {column} - ?", seconds)
    for shop in all_shops(state):
        keep_shop(state, shop.model_copy(update=_aged_shop(shop, seconds)))
    for item in items_where(state, "1"):
        keep_item(state, item.model_copy(update=_aged_item(item, seconds)))


def _aged_shop(shop: Shop, seconds: float) -> dict[str, object]:
    changed = shop.name_changed_at
    return {
        "auth_time": shop.auth_time - seconds,
        "expire_time": shop.expire_time - seconds,
        "name_changed_at": None if changed is None else changed - seconds,
    }


def _aged_item(item: Item, seconds: float) -> dict[str, object]:
    return {"made_at": item.made_at - seconds, "touched_at": item.touched_at - seconds}


def _announce_end(state: State, rules: Rules, now: float, shop: Shop) -> None:
    if not shop.linked:
        return
    if shop.expire_time <= now and not shop.ended:
        pushes.ended(state, rules, now, shop.shop_id)
        keep_shop(state, shop.model_copy(update={"ended": True, "warned": True}))
    elif shop.expire_time - SOON_SECONDS <= now and not shop.warned:
        pushes.ending_soon(state, rules, now, [shop.shop_id], int(now + SOON_SECONDS))
        keep_shop(state, shop.model_copy(update={"warned": True}))

"""Prices and stock, of items and of their models."""

from tests.marketplace.shopee.asked import Price, Prices, StockOf, Stocks
from tests.marketplace.shopee.item_rules import check_price, check_ratio, check_stock
from tests.marketplace.shopee.items import editable_item, keep, one_stock
from tests.marketplace.shopee.shelf import Item
from tests.marketplace.shopee.visit import Refused, Reply, Visit, post


def update_price(visit: Visit) -> Reply:
    """What fails is in failure_list; the rest is done."""
    asked = visit.read(Prices)
    item = editable_item(visit, asked.item_id)
    if item.in_promotion:
        raise visit.refusal("error_update_price_in_promotion", "The item is in a promotion")
    done: list[dict[str, object]] = []
    failed: list[dict[str, object]] = []
    for wish in asked.price_list:
        try:
            item = _priced(visit, item, wish)
            done.append({"model_id": wish.model_id, "original_price": wish.original_price})
        except Refused as refused:
            failed.append({"model_id": wish.model_id, "failed_reason": refused.message})
    check_ratio(visit, [model.price for model in item.models])
    if done:
        keep(visit, item)
    return _answer(visit, "error_update_price_fail", done, failed)


def update_stock(visit: Visit) -> Reply:
    """Absolute values, never below what is reserved."""
    asked = visit.read(Stocks)
    item = editable_item(visit, asked.item_id)
    if visit.shop.holiday:
        raise visit.refusal("error_holiday_mode_change_stock", "The shop is in holiday mode")
    done: list[dict[str, object]] = []
    failed: list[dict[str, object]] = []
    for wish in asked.stock_list:
        try:
            item, stock = _stocked(visit, item, wish)
            done.append({"model_id": wish.model_id, "location_id": "", "stock": stock})
        except Refused as refused:
            failed.append({"model_id": wish.model_id, "failed_reason": refused.message})
    if done:
        keep(visit, item)
    return _answer(visit, "error_update_stock_fail", done, failed)


def _answer(
    visit: Visit, code: str, done: list[dict[str, object]], failed: list[dict[str, object]]
) -> Reply:
    """A partial failure may carry an error and both lists in one body."""
    carries = bool(failed) and (visit.rules.failures_carry_error or not done)
    envelope = visit.envelope(visit.prefix + code, "Update failed") if carries else visit.envelope()
    return Reply({**envelope, "response": {"success_list": done, "failure_list": failed}})


def _priced(visit: Visit, item: Item, wish: Price) -> Item:
    price = check_price(visit, item.category_id, wish.original_price)
    return _changed(visit, item, wish.model_id, {"price": price})


def _stocked(visit: Visit, item: Item, wish: StockOf) -> tuple[Item, int]:
    stock = check_stock(visit, item.category_id, one_stock(visit, wish.seller_stock))
    reserved = _reserved(item, wish.model_id)
    if stock < reserved:
        raise visit.refusal("error_param", "Total stock must be more than reserved stock")
    return _changed(visit, item, wish.model_id, {"stock": stock}), stock


def _reserved(item: Item, model_id: int) -> int:
    models = [model.reserved for model in item.models if model.model_id == model_id]
    return models[0] if models else item.reserved


def _changed(visit: Visit, item: Item, model_id: int, change: dict[str, object]) -> Item:
    """Model 0 is the item itself, and only while it has no models."""
    if not item.models and model_id == 0:
        return item.model_copy(update=change)
    if model_id not in {model.model_id for model in item.models}:
        raise visit.refusal("error_item_or_variation_not_found", "Item or variation not found")
    models = tuple(
        model.model_copy(update=change) if model.model_id == model_id else model
        for model in item.models
    )
    return item.model_copy(update={"models": models})


ENDPOINTS = (
    post("product/update_price", update_price),
    post("product/update_stock", update_stock),
)

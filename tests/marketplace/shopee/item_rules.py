"""What an item must be like, whole: made by add_item, or as update_item would leave it."""

import re
from collections.abc import Callable, Sequence

from tests.marketplace.shopee.attribute_rules import check_attributes
from tests.marketplace.shopee.catalogue import (
    brand_ids,
    catalogue,
    is_open_leaf,
    limit,
    limits_of,
)
from tests.marketplace.shopee.logistics import CHANNELS, SIZES, WEIGHT_MOST, is_usable
from tests.marketplace.shopee.shelf import Item
from tests.marketplace.shopee.visit import Visit

HASHTAGS_MOST = 18
NO_BRAND = {"NoBrand", "No Brand"}
WEIGHT_LEAST = 0.01
PRICE_RATIO_MOST = 7


def check_item(visit: Visit, item: Item) -> None:
    """Refused with the code of the first rule that the item breaks."""
    for rule in _RULES:
        rule(visit, item)


def check_price(visit: Visit, category: int, price: float) -> int:
    """Whole rupiah inside the limits."""
    if not isinstance(price, int):
        raise visit.refusal("error_invalid_price", "Price must be an integer in IDR")
    if price < limit(category, "price_limit", "min_limit"):
        raise visit.refusal("error_price_exceed_min_limitt", "Price is lower than the minimum")
    if price > limit(category, "price_limit", "max_limit"):
        raise visit.refusal("error_price_exceed_max_limitt", "Price is higher than the maximum")
    return price


def check_stock(visit: Visit, category: int, stock: int) -> int:
    least, most = (limit(category, "stock_limit", bound) for bound in ("min_limit", "max_limit"))
    if not least <= stock <= most:
        raise visit.refusal("error_param", f"Stock must be between {least} and {most}")
    return stock


def check_ratio(visit: Visit, prices: Sequence[int]) -> None:
    """The dearest variant costs at most seven times the cheapest."""
    if prices and max(prices) > PRICE_RATIO_MOST * min(prices):
        raise visit.refusal(
            "error_price_out_of_range", f"Highest price is over {PRICE_RATIO_MOST} times the lowest"
        )


def check_images(visit: Visit, images: Sequence[str]) -> None:
    for image in images:
        if visit.state.one("SELECT 1 FROM image WHERE id = ?", image) is None:
            raise visit.refusal("error_image_unavailable", f"Image not exist: {image}")


def _category(visit: Visit, item: Item) -> None:
    if not is_open_leaf(visit.state, item.category_id):
        raise visit.refusal("error_invalid_category", "Invalid category id, please check")
    if item.category_id in catalogue().medicine:
        raise visit.refusal("error_busi", "medicine id is mandatory for this category")


def _name(visit: Visit, item: Item) -> None:
    least, most = _lengths(item, "item_name_length_limit")
    if not item.name.strip():
        raise visit.refusal("error_item_name_empty", "Item name is empty")
    if len(item.name) < least:
        raise visit.refusal(
            "error_item_name_is_too_short", f"Item name: at least {least} characters"
        )
    if len(item.name) > most:
        raise visit.refusal("error_name_length_limit", f"Item name: at most {most} characters")
    if any(ord(letter) < 32 for letter in item.name):
        raise visit.refusal("error_title_character_forbidden", "Item name has forbidden characters")


def _description(visit: Visit, item: Item) -> None:
    least, most = _lengths(item, "item_description_length_limit")
    if not least <= len(item.description) <= most:
        raise visit.refusal(
            "error_desc_length_min_limit", f"Description length should be {least} to {most}"
        )
    if item.description.count("#") > HASHTAGS_MOST:
        raise visit.refusal("error_desc_hash_tag_over_limit", f"At most {HASHTAGS_MOST} hashtags")
    if re.search(r"</?[a-zA-Z][^>]*>", item.description):
        raise visit.refusal("error_param", "description, HTML is not supported")


def _images(visit: Visit, item: Item) -> None:
    least, most = _lengths(item, "item_image_count_limit")
    if not least <= len(item.images) <= most:
        raise visit.refusal("error_image_num_min", f"Send {least} to {most} images")
    check_images(visit, item.images)


def _price(visit: Visit, item: Item) -> None:
    check_price(visit, item.category_id, item.price)
    check_stock(visit, item.category_id, item.stock)


def _weight(visit: Visit, item: Item) -> None:
    if not WEIGHT_LEAST <= item.weight <= 500:
        raise visit.refusal("error_param", "weight, must be more than 0, in kg")


def _shipping(visit: Visit, item: Item) -> None:
    enabled = [channel for channel in item.logistics if channel["enabled"]]
    usable = [one for one in enabled if is_usable(visit.shop, int(str(one["logistic_id"])))]
    if not usable or len(usable) < len(enabled):
        raise visit.refusal("error_invalid_logistic_info", "Please enable a valid logistic channel")
    for channel in usable:
        _check_fee(visit, item, channel)
    is_mandatory = limits_of(item.category_id)["dimension_limit"]["dimension_mandatory"]
    if is_mandatory and item.dimension is None:
        raise visit.refusal("error_param", "dimension, value must Not Null")


def _check_fee(visit: Visit, item: Item, channel: dict[str, object]) -> None:
    """Each kind of channel wants something else beside it."""
    match CHANNELS[int(str(channel["logistic_id"]))][1]:
        case "SIZE_INPUT" if item.dimension is None:
            problem = "dimension is needed for this logistic channel"
        case "SIZE_SELECTION" if str(channel.get("size_id")) not in SIZES:
            problem = "size_id is invalid"
        case "CUSTOM_PRICE" if channel.get("shipping_fee") is None:
            problem = "shipping_fee is needed for this logistic channel"
        case _ if item.weight > WEIGHT_MOST:
            problem = "the item is too heavy for this logistic channel"
        case _:
            return
    raise visit.refusal("error_invalid_logistic_info", problem)


def _brand(visit: Visit, item: Item) -> None:
    if item.brand_id == 0 and item.brand_name not in NO_BRAND:
        code = "error_invalid_brand" if item.brand_name else "error_less_required_brand"
        if item.brand_name or item.category_id in catalogue().brand_mandatory:
            raise visit.refusal(code, "Brand is mandatory: send NoBrand for none")
    if item.brand_id != 0 and item.brand_id not in brand_ids(item.category_id):
        raise visit.refusal("error_incalid_brand", "Invalid brand id")


def _attributes(visit: Visit, item: Item) -> None:
    check_attributes(visit, item.category_id, item.attributes)


def _days_to_ship(visit: Visit, item: Item) -> None:
    limits = limits_of(item.category_id)["dts_limit"]
    usual = limits["non_pre_order_days_to_ship"]
    if not item.is_pre_order:
        if item.days_to_ship != usual:
            raise visit.refusal("error_invalid_days_to_ship", f"days_to_ship must be {usual}")
        return
    bounds = limits["days_to_ship_limit"]
    assert isinstance(bounds, dict)
    if bounds["max_limit"] == -1:
        raise visit.refusal(
            "error_param_category_not_support_pre_order", "No pre-order in this category"
        )
    if not bounds["min_limit"] <= item.days_to_ship <= bounds["max_limit"]:
        raise visit.refusal("error_param_dts_exceeds_max_limit", "days_to_ship is out of the limit")


def _gtin(visit: Visit, item: Item) -> None:
    rule = limits_of(item.category_id)["gtin_limit"]["gtin_validation_rule"]
    if item.gtin not in {"", "00"} and not re.fullmatch(r"\d{8}|\d{12,14}", item.gtin):
        raise visit.refusal("error_busi", "GTIN is invalid")
    is_missing = not item.gtin if rule == "Flexible" else item.gtin in {"", "00"}
    if rule != "Optional" and is_missing:
        raise visit.refusal("error_busi", "GTIN is mandatory for this category")


def _lengths(item: Item, name: str) -> tuple[int, int]:
    least, most = (limit(item.category_id, name, bound) for bound in ("min_limit", "max_limit"))
    return least, most


_RULES: tuple[Callable[[Visit, Item], None], ...] = (
    _category,
    _name,
    _description,
    _images,
    _price,
    _weight,
    _shipping,
    _brand,
    _attributes,
    _days_to_ship,
    _gtin,
)

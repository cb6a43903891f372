"""What a write answers about an item."""

from collections.abc import Mapping

from tests.marketplace.shopee.asked import ChosenAttribute
from tests.marketplace.shopee.attribute_rules import value_name
from tests.marketplace.shopee.shelf import Item
from tests.marketplace.shopee.shop import IMAGE_HOST


def echo(item: Item) -> dict[str, object]:
    """What a write answers: the request's values under other names, whatever was stored."""
    urls = [f"{IMAGE_HOST}{image}" for image in item.images]
    days = {"days_to_ship": item.days_to_ship, "is_pre_order": item.is_pre_order}
    return {
        "item_id": item.item_id,
        "item_name": item.name,
        "description": item.description,
        "item_status": item.status,
        "category_id": item.category_id,
        "weight": item.weight,
        "condition": item.condition,
        "item_dangerous": item.dangerous,
        "price_info": {"current_price": item.price, "original_price": item.price},
        "images": {"image_id_list": item.images, "image_url_list": urls},
        "logistic_info": [{"size_id": 0, "shipping_fee": 0, **one} for one in item.logistics],
        "attributes": [shown_attribute(item.category_id, one) for one in item.attributes],
        "dimension": None if item.dimension is None else item.dimension.model_dump(),
        "brand": {"brand_id": item.brand_id, "original_brand_name": item.brand_name},
        "pre_order": days,
        "seller_stock": [{"stock": item.stock}],
        "wholesale": item.wholesale,
        "video_info": [],
    }


def shown_attribute(category: int, chosen: Mapping[str, object]) -> dict[str, object]:
    """A chosen attribute with its values' names."""
    attribute = ChosenAttribute.model_validate(chosen, strict=False)
    number = attribute.attribute_id
    named = [
        {
            "value_id": one.value_id,
            "original_value_name": one.original_value_name
            or value_name(category, number, one.value_id),
            "value_unit": one.value_unit or "",
        }
        for one in attribute.attribute_value_list
    ]
    return {"attribute_id": number, "attribute_value_list": named}

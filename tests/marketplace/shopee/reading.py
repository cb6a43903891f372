"""Lists, base information and search."""

from tests.marketplace.shopee.attribute_rules import attribute_named
from tests.marketplace.shopee.echo import shown_attribute
from tests.marketplace.shopee.logistics import CHANNELS
from tests.marketplace.shopee.rules import Reading
from tests.marketplace.shopee.shelf import Item, item_of, items_where
from tests.marketplace.shopee.shop import IMAGE_HOST
from tests.marketplace.shopee.visit import Reply, Visit, get

IDS_MOST = 50
KEPT_SECONDS = 90 * 86_400
STATUSES = {"NORMAL", "UNLIST", "REVIEWING", "BANNED", "SELLER_DELETE", "SHOPEE_DELETE", "DELETED"}


def item_list(visit: Visit) -> Reply:
    """One page; an empty one has no `item` at all."""
    offset, size = visit.integer("offset"), visit.integer("page_size", 1, 100)
    statuses = _statuses(visit, required=True)
    since, until = (
        visit.optional_integer("update_time_from"),
        visit.optional_integer("update_time_to"),
    )
    if (since is None) != (until is None) or (
        since is not None and until is not None and since >= until
    ):
        raise visit.refusal("error_param", "update_time_to must be later than update_time_from")
    if offset > visit.rules.offset_most or offset % visit.rules.offset_stride:
        raise visit.refusal("error_param", "get items offset over limit, please use the next field")
    items = [
        item
        for item in items_of_shop(visit, "listed_from")
        if item.status in statuses and _is_between(item, since, until)
    ]
    start = offset // visit.rules.offset_stride
    shown = items[start : start + size]
    more = start + size < len(items)
    page = {
        "total_count": len(items),
        "has_next_page": more,
        "next_offset": (start + size) * visit.rules.offset_stride if more else 0,
    }
    return visit.ok({"item": [*map(_line, shown)], **page} if shown else page)


def base_info(visit: Visit) -> Reply:
    """Up to 50 items; an id that is not there is simply missing, or spoils the call."""
    wanted = visit.ids("item_id_list", IDS_MOST)
    found = filter(None, (item_of(visit.state, one) for one in wanted))
    there = [item for item in found if item.shop_id == visit.shop_id and not _is_over(visit, item)]
    if visit.rules.absent_ids == "refused" and len(there) < len(set(wanted)):
        raise visit.refusal("error_item_not_found", "Product not found")
    shown = [base(item) for item in there]
    if visit.rules.reads(Reading.DEBOOST_BOOLEAN):
        shown = [{**one, "deboost": one["deboost"] == "true"} for one in shown]
    return visit.ok({"item_list": shown})


def search_item(visit: Visit) -> Reply:
    """Items whose SKU (or else name) contains the word, as far as the index has come."""
    size = visit.integer("page_size", 1, 100)
    sku, name = visit.query.get("item_sku"), visit.query.get("item_name")
    if (name is None and not visit.rules.search_by_sku) or not (sku or name):
        raise visit.refusal("error_param", "must set one of [item_name,attribute_status]")
    statuses = _statuses(visit, required=False) or STATUSES
    start = visit.optional_integer("offset") or 0
    found = [
        item.item_id
        for item in items_of_shop(visit, "found_from")
        if item.status in statuses
        and (sku in item.sku if sku else str(name).lower() in item.name.lower())
    ]
    end = start + size
    following = str(end) if end < len(found) else ""
    return visit.ok(
        {"item_id_list": found[start:end], "total_count": len(found), "next_offset": following}
    )


def extra_info(visit: Visit) -> Reply:
    found = filter(None, (item_of(visit.state, one) for one in visit.ids("item_id_list", IDS_MOST)))
    none_yet = {"sale": 0, "views": 0, "likes": 0, "rating_star": 0, "comment_count": 0}
    mine = [item.item_id for item in found if item.shop_id == visit.shop_id]
    return visit.ok({"item_list": [{"item_id": number, **none_yet} for number in mine]})


def base(item: Item) -> dict[str, object]:
    """One item as get_item_base_info shows it; with models it has neither price nor stock here."""
    shelf = {} if item.models else {"price_info": [price_info(item.price)], **stock_info(item)}
    dimension = {} if item.dimension is None else {"dimension": item.dimension.model_dump()}
    urls = [f"{IMAGE_HOST}{image}" for image in item.images]
    return {
        "item_id": item.item_id,
        "category_id": item.category_id,
        "item_name": item.name,
        "description": item.description,
        "item_sku": item.sku,
        "create_time": int(item.made_at),
        "update_time": int(item.touched_at),
        "item_status": item.status,
        "deboost": str(item.deboost).lower(),
        "condition": item.condition,
        "has_model": bool(item.models),
        **shelf,
        "image": {"image_id_list": item.images, "image_url_list": urls, "image_ratio": "1:1"},
        "weight": str(item.weight),
        **dimension,
        "logistic_info": [_channel(one) for one in item.logistics],
        "attribute_list": [_attribute(item, one) for one in item.attributes],
        "pre_order": {"is_pre_order": item.is_pre_order, "days_to_ship": item.days_to_ship},
        "brand": {"brand_id": item.brand_id, "original_brand_name": item.brand_name},
        "item_dangerous": item.dangerous,
        "gtin_code": item.gtin,
        "wholesales": item.wholesale,
        "video_info": [],
        "tag": {"kit": False},
    }


def price_info(price: int) -> dict[str, object]:
    return {
        "currency": "IDR",
        "original_price": price,
        "current_price": price,
        "inflated_price_of_original_price": price,
        "inflated_price_of_current_price": price,
    }


def stock_info(of: Item) -> dict[str, object]:
    return {"stock_info_v2": stock_numbers(of.stock, of.reserved)}


def stock_numbers(stock: int, reserved: int) -> dict[str, object]:
    return {
        "summary_info": {
            "total_reserved_stock": reserved,
            "total_available_stock": stock - reserved,
        },
        "seller_stock": [{"location_id": "", "stock": stock, "if_saleable": True}],
        "shopee_stock": [],
    }


def items_of_shop(visit: Visit, visible_from: str) -> list[Item]:
    condition = f"shop = ? AND {visible_from} <= ? ORDER BY id DESC"
    items = items_where(visit.state, condition, visit.shop_id, visit.now)
    return [item for item in items if not _is_over(visit, item)]


def _is_over(visit: Visit, item: Item) -> bool:
    """Deleted for so long that nobody can read it any more."""
    return item.status.endswith("_DELETE") and visit.now - item.touched_at > KEPT_SECONDS


def _is_between(item: Item, since: int | None, until: int | None) -> bool:
    return since is None or until is None or since <= int(item.touched_at) <= until


def _statuses(visit: Visit, *, required: bool) -> set[str]:
    given = set(visit.query.getlist("item_status"))
    if (required and not given) or given - STATUSES:
        raise visit.refusal("error_param", "item_status, value is invalid")
    return given | ({"SELLER_DELETE", "SHOPEE_DELETE"} if "DELETED" in given else set[str]())


def _line(item: Item) -> dict[str, object]:
    return {
        "item_id": item.item_id,
        "item_status": item.status,
        "update_time": int(item.touched_at),
        "tag": {"kit": False},
    }


def _channel(chosen: dict[str, object]) -> dict[str, object]:
    name = CHANNELS[int(str(chosen["logistic_id"]))][0]
    plain = {"logistic_name": name, "shipping_fee": 0, "size_id": 0, "estimated_shipping_fee": 9000}
    return {**plain, **chosen}


def _attribute(item: Item, chosen: dict[str, object]) -> dict[str, object]:
    shown = shown_attribute(item.category_id, chosen)
    known = attribute_named(item.category_id, int(str(chosen["attribute_id"])))
    name, mandatory = ("", False) if known is None else (known.name, known.mandatory)
    return {**shown, "original_attribute_name": name, "is_mandatory": mandatory}


ENDPOINTS = (
    get(
        "product/get_item_list",
        item_list,
        "offset",
        "page_size",
        "item_status",
        "update_time_from",
        "update_time_to",
    ),
    get(
        "product/get_item_base_info",
        base_info,
        "item_id_list",
        "need_tax_info",
        "need_complaint_policy",
    ),
    get(
        "product/search_item",
        search_item,
        "page_size",
        "item_sku",
        "item_name",
        "item_status",
        "offset",
    ),
    get("product/get_item_extra_info", extra_info, "item_id_list"),
)

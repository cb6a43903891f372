"""Making, changing and removing items."""

from collections.abc import Sequence

from tests.marketplace.shopee.asked import (
    ChangedItem,
    ItemOnly,
    NewItem,
    SellerStock,
    Unlisting,
    Unlistings,
)
from tests.marketplace.shopee.catalogue import limits_of
from tests.marketplace.shopee.dials import Fault
from tests.marketplace.shopee.echo import echo
from tests.marketplace.shopee.item_rules import check_item, check_price
from tests.marketplace.shopee.shelf import (
    GONE,
    Item,
    Size,
    add_item_row,
    item_of,
    keep_item,
    next_id,
)
from tests.marketplace.shopee.visit import Asked, Refused, Reply, Visit, post

FIRST_ITEM = 3_000_142_340
LOCKED = {"item_name", "image"}


def add_item(visit: Visit) -> Reply:
    """Not idempotent: every call that is accepted makes one more item."""
    asked = visit.read(NewItem)
    _check_shop_may_add(visit)
    check_price(visit, asked.category_id, asked.original_price)
    stock = one_stock(visit, asked.seller_stock)
    blank = Item(
        item_id=next_id(visit.state, "item", FIRST_ITEM),
        shop_id=visit.shop.shop_id,
        name="",
        description="",
        category_id=asked.category_id,
        images=(),
        price=int(asked.original_price),
        stock=stock,
        weight=0,
        brand_name="",
        days_to_ship=_usual_days(asked.category_id),
        status=asked.item_status or "NORMAL",
        made_at=visit.now,
        touched_at=visit.now,
    )
    item = blank.model_copy(update=_changes(visit, asked))
    check_item(visit, item)
    _check_not_a_double(visit, item)
    told = echo(item)
    if Fault.UNLIST_LEAK in visit.strikes:
        item = item.model_copy(update={"status": "NORMAL"})
    _keep_new(visit, item)
    return visit.ok(told)


def update_item(visit: Visit) -> Reply:
    """Fields merge, lists replace; the whole item is validated again."""
    asked = visit.read(ChangedItem)
    item = editable_item(visit, asked.item_id)
    if item.in_promotion and asked.model_fields_set & LOCKED:
        raise visit.refusal("error_item_in_promotion", "The item is in a promotion")
    if item.status == "UNLIST" and asked.item_status == "NORMAL":
        raise visit.refusal(
            "error_set_normal_unlisted_item",
            "Cannot change unlisted item status to normal directly, need to publish it",
        )
    changes = _changes(visit, asked)
    if asked.item_status is not None:
        changes["status"] = asked.item_status
    if asked.weight is not None or asked.dimension is not None:
        cleared = {"weight": None, "dimension": None}
        changes["models"] = tuple(one.model_copy(update=cleared) for one in item.models)
    changed = item.model_copy(update=changes)
    check_item(visit, changed)
    keep(visit, changed)
    return visit.ok(echo(changed))


def unlist_item(visit: Visit) -> Reply:
    """Both ways: `unlist` false publishes. What cannot be is in failure_list, beside a success."""
    done: list[dict[str, object]] = []
    failed: list[dict[str, object]] = []
    for wish in visit.read(Unlistings).item_list:
        try:
            _unlist(visit, wish)
            done.append({"item_id": wish.item_id, "unlist": wish.unlist})
        except Refused as refused:
            failed.append({"item_id": wish.item_id, "failed_reason": refused.message})
    return visit.ok({"success_list": done, "failure_list": failed})


def delete_item(visit: Visit) -> Reply:
    """For good; it can be read as SELLER_DELETE for a while."""
    item = own_item(visit, visit.read(ItemOnly).item_id)
    if item.status in GONE:
        raise visit.refusal("error_item_not_found", "Item not found")
    if item.in_promotion:
        raise visit.refusal("error_item_in_promotion", "The item is in a promotion")
    keep(visit, item.model_copy(update={"status": "SELLER_DELETE"}))
    return visit.ok()


def own_item(visit: Visit, item_id: int) -> Item:
    """The calling shop's item, deleted ones too."""
    item = item_of(visit.state, item_id)
    if item is None:
        raise visit.refusal("error_item_not_found", "Item not found")
    if item.shop_id != visit.shop_id:
        raise visit.refusal("error_item_not_belong_shop", "The item does not belong to this shop")
    return item


def editable_item(visit: Visit, item_id: int) -> Item:
    item = own_item(visit, item_id)
    if item.status in GONE or item.status == "REVIEWING":
        raise visit.refusal("error_item_uneditable", "The item cannot be edited now")
    return item


def keep(visit: Visit, item: Item) -> None:
    """Store a changed item, unless the call is one of those that are answered and not applied."""
    if Fault.NOT_APPLIED not in visit.strikes:
        keep_item(visit.state, item.model_copy(update={"touched_at": visit.now}))


def one_stock(visit: Visit, stocks: tuple[SellerStock, ...]) -> int:
    """Exactly one entry, without a location unless the shop has warehouses."""
    if len(stocks) != 1:
        raise visit.refusal("error_param", "seller_stock, value must Not Null")
    if stocks[0].location_id is not None and not visit.shop.warehouses:
        raise visit.refusal("error_busi", "location_id: not in multi-warehouse whitelist")
    return stocks[0].stock


def publish(visit: Visit, item: Item) -> Item:
    """What an item becomes that goes on sale: checked for a while, refused, or NORMAL."""
    text = f"{item.name} {item.description}".lower()
    if any(word in text for word in visit.rules.banned_words):
        return item.model_copy(update={"status": "BANNED"})
    wait = visit.rules.review_seconds
    if wait == 0:
        return item.model_copy(update={"status": "NORMAL"})
    if wait is not None:
        due = visit.now + wait
        visit.state.run("UPDATE item SET review_at = ? WHERE id = ?", due, item.item_id)
    return item.model_copy(update={"status": "REVIEWING"})


def _unlist(visit: Visit, wish: Unlisting) -> None:
    item = own_item(visit, wish.item_id)
    if item.status in {"REVIEWING", "BANNED"}:
        raise visit.refusal(
            "error_busi_cannot_delist_reviewing_or_banned_item",
            "Cannot list or delist a reviewing or banned item",
        )
    if item.status in GONE:
        raise visit.refusal("error_item_not_found", "Item not found")
    if item.in_promotion and wish.unlist:
        raise visit.refusal("error_item_in_promotion", "The item is in a promotion")
    if wish.unlist:
        keep(visit, item.model_copy(update={"status": "UNLIST"}))
    elif item.status != "NORMAL":
        keep(visit, publish(visit, item))


def _check_shop_may_add(visit: Visit) -> None:
    shop = visit.shop
    if shop.holiday:
        raise visit.refusal("error_holiday_on_add_item", "The shop is in holiday mode")
    if shop.penalty:
        raise visit.refusal("error_seller_under_penalty", "The seller is under penalty")
    held = visit.state.count(
        "SELECT count(*) FROM item WHERE shop = ? AND status NOT LIKE '%DELETE'", shop.shop_id
    )
    if held >= shop.item_count_max:
        raise visit.refusal("error_reach_shop_item_limit", "The shop has reached its item limit")


def _check_not_a_double(visit: Visit, item: Item) -> None:
    if not visit.rules.refuse_same_sku or not item.sku:
        return
    twin = visit.state.one(
        "SELECT 1 FROM item WHERE shop = ? AND sku = ? AND status NOT LIKE '%DELETE'",
        item.shop_id,
        item.sku,
    )
    if twin is not None:
        raise visit.refusal("error_repeated_mtsku", "product is duplicated")


def _keep_new(visit: Visit, item: Item) -> None:
    rules, dial = visit.rules, visit.strikes.get(Fault.DELAYED_VISIBILITY)
    lag = 0 if dial is None else dial.seconds
    add_item_row(
        visit.state,
        item,
        listed_from=visit.now + max(lag, rules.list_lag_seconds),
        found_from=visit.now + max(lag, rules.index_lag_seconds),
        by_hand=False,
    )
    if item.status == "NORMAL":
        keep_item(visit.state, publish(visit, item))


def _changes(visit: Visit, asked: NewItem | ChangedItem) -> dict[str, object]:
    """The item's fields that a body names, in the item's own words."""
    if asked.description_type == "extended":
        raise visit.refusal("error_param", "extended description: not in whitelist")
    if asked.image is not None and asked.image.image_ratio == "3:4":
        raise visit.refusal("error_param", "image_ratio 3:4: not in whitelist")
    changes: dict[str, object | None] = {
        "name": asked.item_name,
        "description": asked.description,
        "category_id": asked.category_id,
        "images": None if asked.image is None else asked.image.image_id_list,
        "weight": asked.weight,
        "dimension": None if asked.dimension is None else Size(**asked.dimension.model_dump()),
        "logistics": _documents(asked.logistic_info),
        "attributes": _documents(asked.attribute_list),
        "wholesale": _documents(asked.wholesale),
        "condition": asked.condition,
        "sku": asked.item_sku,
        "dangerous": asked.item_dangerous,
        "gtin": asked.gtin_code,
    }
    if asked.brand is not None:
        changes["brand_id"] = asked.brand.brand_id
        changes["brand_name"] = asked.brand.original_brand_name
    if asked.pre_order is not None:
        changes["is_pre_order"] = asked.pre_order.is_pre_order
        changes["days_to_ship"] = asked.pre_order.days_to_ship
    return {name: value for name, value in changes.items() if value is not None}


def _documents(asked: Sequence[Asked] | None) -> tuple[dict[str, object], ...] | None:
    return None if asked is None else tuple(one.model_dump(exclude_none=True) for one in asked)


def _usual_days(category: int) -> int:
    return int(str(limits_of(category)["dts_limit"]["non_pre_order_days_to_ship"]))


ENDPOINTS = (
    post("product/add_item", add_item),
    post("product/update_item", update_item),
    post("product/unlist_item", unlist_item),
    post("product/delete_item", delete_item),
)

"""Items between our words and Shopee's. Pure."""

from collections.abc import Mapping, Sequence

import structlog

from onboarder.connector.contract import Category, ListingDraft
from onboarder.model.ids import ProductId, Reference, RemoteId, variant_reference
from onboarder.model.shop import (
    ListingField,
    ListingState,
    ObservedListing,
    ObservedOffer,
    Offer,
)
from onboarder_shopee import choices, item_wire, wire
from onboarder_shopee.settings import ShopeeSettings

log = structlog.get_logger()

Body = dict[str, object]
STATES: Mapping[str, ListingState] = {
    item_wire.NORMAL: ListingState.LIVE,
    item_wire.UNLIST: ListingState.WITHDRAWN,
    item_wire.REVIEWING: ListingState.IN_REVIEW,
    item_wire.BANNED: ListingState.REJECTED,
    **dict.fromkeys(item_wire.DELETED, ListingState.VANISHED),
}


def item_body(
    draft: ListingDraft,
    *,
    category: int,
    attributes: Sequence[Body],
    channels: Sequence[wire.Channel],
    limits: wire.ItemLimit,
    settings: ShopeeSettings,
) -> Body:
    """A new item, not on sale yet. Everything that pages call optional and practice demands is in it."""
    content = draft.content
    days = limits.dts_limit.non_pre_order_days_to_ship
    body: Body = {
        **content_body(draft, frozenset(ListingField), category=category, attributes=attributes),
        "original_price": min(offer.price for offer in content.offers),
        "seller_stock": [{"stock": content.offers[0].stock}],
        "logistic_info": [
            {"logistic_id": one.logistics_channel_id, "enabled": True, "is_free": False}
            for one in channels
        ],
        "condition": settings.condition,
        "item_status": item_wire.UNLIST,
        "item_sku": content.reference,
        "item_dangerous": 0,
        "pre_order": {"is_pre_order": False} | ({"days_to_ship": days} if days else {}),
    }
    if settings.package is not None:
        sides = settings.package.model_dump().items()
        body["dimension"] = {f"package_{side}": size for side, size in sides}
    if limits.gtin_limit.gtin_validation_rule == "Flexible":
        body["gtin_code"] = settings.gtin
    return body


def content_body(
    draft: ListingDraft,
    fields: frozenset[ListingField],
    *,
    category: int | None = None,
    attributes: Sequence[Body] = (),
) -> Body:
    """The named fields of the item itself: no price, stock, choices. Lists replace whole."""
    content = draft.content
    known: dict[ListingField, Body] = {
        ListingField.TITLE: {"item_name": content.title},
        ListingField.DESCRIPTION: {"description": content.description},
        ListingField.CATEGORY: {
            "category_id": category,
            "attribute_list": list(attributes),
            "brand": wire.NO_BRAND,
        },
        ListingField.WEIGHT: {"weight": kilograms(content.weight_grams)},
        ListingField.PHOTOS: {"image": {"image_id_list": [one.key for one in draft.photos]}},
    }
    return {name: value for one in known if one in fields for name, value in known[one].items()}


def kilograms(grams: int) -> float:
    return round(grams / 1000, 3)


def prices_body(item_id: int, offers: Sequence[Offer], models: item_wire.Models) -> Body:
    """Absolute prices of the offers that have a model; the only offer of a simple item is model 0."""
    rows = _model_ids(offers, models)
    return {
        "item_id": item_id,
        "price_list": [{"model_id": at, "original_price": one.price} for at, one in rows],
    }


def stocks_body(item_id: int, offers: Sequence[Offer], models: item_wire.Models) -> Body:
    rows = _model_ids(offers, models)
    return {
        "item_id": item_id,
        "stock_list": [
            {"model_id": at, "seller_stock": [{"stock": one.stock}]} for at, one in rows
        ],
    }


def _model_ids(offers: Sequence[Offer], models: item_wire.Models) -> list[tuple[int, Offer]]:
    if not models.model:
        return [(0, offer) for offer in offers[:1]]
    there = choices.by_sku(models)
    return [(there[o.reference].model_id, o) for o in offers if o.reference in there]


def observed_listing(
    item: item_wire.Item,
    models: item_wire.Models | None,
    violations: Sequence[item_wire.Violation] = (),
    *,
    draft: bool = False,
    only: Reference | None = None,
) -> ObservedListing:
    """`draft`: off sale because our own create is not finished. `only`: the Reference of a simple item's offer."""
    state = STATES.get(item.item_status)
    reason = "; ".join(filter(None, map(_violation, violations))) or None
    if state is None:
        log.warning("shopee.unknown_status", status=item.item_status[:40])
        state, reason = ListingState.IN_REVIEW, f"Shopee: {item.item_status}"
    if draft and state is ListingState.WITHDRAWN:
        state = ListingState.DRAFT
    return ObservedListing(
        remote_id=RemoteId(str(item.item_id)),
        state=state,
        reference=Reference(item.item_sku) if item.item_sku else None,
        title=item.item_name,
        description=item.description,
        category=str(item.category_id),
        weight_grams=None if item.weight is None else round(item.weight * 1000),
        photo_count=len(item.image.image_id_list) if item.image else None,
        offers=_offers(item, models, only),
        reason=reason,
    )


def category_tree(tree: wire.CategoryList) -> tuple[Category, ...]:
    """Keys are Shopee's numbers. A parent that is not in the list counts as none."""
    known = {one.category_id for one in tree.category_list}
    return tuple(
        Category(
            key=str(one.category_id),
            name=one.display_category_name or one.original_category_name or str(one.category_id),
            parent=str(one.parent_category_id) if one.parent_category_id in known else None,
            leaf=not one.has_children,
        )
        for one in tree.category_list
    )


def _violation(one: item_wire.Violation) -> str:
    said = one.violation_reason or one.violation_type
    return f"{said} ({one.suggestion})" if said and one.suggestion else said


def _offers(
    item: item_wire.Item, models: item_wire.Models | None, only: Reference | None
) -> tuple[ObservedOffer, ...] | None:
    if models is not None and models.model:
        shown = (
            ObservedOffer(choices.sku_of(one), _price(one.price_info), _stock(one.stock_info_v2))
            for one in models.model
        )
        return tuple(sorted(shown, key=lambda one: one.reference))
    if item.has_model:
        return None
    own = only or variant_reference(ProductId(item.item_sku or str(item.item_id)), "")
    return (ObservedOffer(own, _price(item.price_info), _stock(item.stock_info_v2)),)


def _price(infos: Sequence[item_wire.PriceInfo]) -> int | None:
    prices = (one.original_price for one in infos if one.original_price is not None)
    return next((round(price) for price in prices), None)


def _stock(info: item_wire.StockInfo | None) -> int | None:
    """None if it is not told, of a single location either."""
    stocks = [one.stock for one in info.seller_stock] if info is not None else [None]
    known = [stock for stock in stocks if stock is not None]
    return sum(known) if len(known) == len(stocks) else None

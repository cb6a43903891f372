"""What Shopee would refuse, found before a call is spent on it: its app must keep nine of ten calls successful. Pure."""

import re
from collections.abc import Iterable, Sequence

from onboarder.connector.errors import ActionNeeded, FieldFault, Rejected
from onboarder.model.shop import ListingContent, ListingField
from onboarder_shopee import advice, wire
from onboarder_shopee.choices import Grid, grid_of, is_simple
from onboarder_shopee.errors import rejected
from onboarder_shopee.settings import ShopeeSettings

MOST_HASHTAGS = 18
MOST_TIMES_DEARER = 7
"""Between the dearest and the cheapest choice, in Indonesia."""
LONGEST_SKU = 100
HEAVIEST = 500_000
"""Grams; from the seller's template."""
MARKUP = re.compile(r"<\s*/?\s*[a-zA-Z][^>]*>")
NEEDS_SIZE, NEEDS_CHOICE = "SIZE_INPUT", frozenset({"SIZE_SELECTION", "CUSTOM_PRICE"})
"""Fee types: dimensions wanted; a size or a fee that only the seller can choose."""


def check(
    content: ListingContent,
    photos: int,
    limits: wire.ItemLimit,
    settings: ShopeeSettings,
    fields: frozenset[ListingField] = frozenset(ListingField),
) -> None:
    """`Rejected` naming every field of `fields` that the shop's limits forbid."""
    faults = [
        fault
        for fault in _faults(content, photos, limits, settings)
        if ListingField(fault.field) in fields
    ]
    if faults:
        detail = ", ".join(f"{one.field}: {one.reason}" for one in faults)
        raise Rejected(advice.CONTENT, fields=tuple(faults), detail=detail[:200])


def check_category(limits: wire.ItemLimit) -> None:
    """`Rejected` if the category wants what traders do not have."""
    if limits.gtin_limit.gtin_validation_rule == "Mandatory":
        raise rejected(advice.FORBIDDEN_CATEGORY, "category", "a GTIN (barcode) is mandatory")
    if limits.size_chart_limit.size_chart_mandatory:
        raise rejected(advice.FORBIDDEN_CATEGORY, "category", "a size chart is mandatory")


def usable_channels(
    channels: Sequence[wire.Channel],
    weight_grams: int,
    limits: wire.ItemLimit,
    settings: ShopeeSettings,
) -> list[wire.Channel]:
    """Channels that this weight may use without anything we do not know."""
    if limits.dimension_limit.dimension_mandatory and settings.package is None:
        raise ActionNeeded(
            advice.NO_PACKAGE, one_listing=True, detail="the category wants dimensions"
        )
    open_ones = [one for one in channels if one.fee_type not in NEEDS_CHOICE]
    measured = [one for one in open_ones if settings.package or one.fee_type != NEEDS_SIZE]
    if open_ones and not measured:
        raise ActionNeeded(advice.NO_PACKAGE, detail="every channel wants dimensions")
    if not measured:
        raise ActionNeeded(
            advice.NO_SHIPPING, detail="the channels want a fee or size to be chosen"
        )
    carrying = [one for one in measured if _carries(one, weight_grams / 1000)]
    if not carrying:
        raise rejected(
            advice.CONTENT, "weight_grams", "no active shipping channel carries this weight"
        )
    return carrying


def _carries(channel: wire.Channel, kilograms: float) -> bool:
    """0 or nothing in a limit means no limit."""
    limit = channel.weight_limit or wire.WeightRange()
    heaviest, lightest = limit.item_max_weight or float("inf"), limit.item_min_weight or 0
    return lightest <= kilograms <= heaviest


def _faults(
    content: ListingContent, photos: int, limits: wire.ItemLimit, settings: ShopeeSettings
) -> Iterable[FieldFault]:
    for field, number, limit, what in (
        ("title", len(content.title.strip()), limits.item_name_length_limit, "characters"),
        (
            "description",
            len(content.description),
            limits.item_description_length_limit,
            "characters",
        ),
        ("photos", photos, limits.item_image_count_limit, "photos"),
    ):
        yield from _outside(field, number, limit, what)
    if MARKUP.search(content.description):
        yield FieldFault("description", "plain text only, no HTML")
    if len(re.findall(r"#\w", content.description)) > MOST_HASHTAGS:
        yield FieldFault("description", f"at most {MOST_HASHTAGS} hashtags")
    if not 0 < content.weight_grams <= HEAVIEST:
        yield FieldFault("weight_grams", f"1–{HEAVIEST} grams")
    for price in sorted({offer.price for offer in content.offers}):
        yield from _outside("price", price, limits.price_limit, "rupiah")
    prices = [offer.price for offer in content.offers] or [0]
    if max(prices) > MOST_TIMES_DEARER * max(1, min(prices)) and min(prices) > 0:
        yield FieldFault(
            "price", f"the dearest choice costs over {MOST_TIMES_DEARER} times the cheapest"
        )
    for stock in sorted({offer.stock for offer in content.offers}):
        yield from _outside("stock", stock, limits.stock_limit, "pieces")
    if not is_simple(content):
        yield from _choice_faults(grid_of(content.offers), content, limits, settings)


def _choice_faults(
    grid: Grid, content: ListingContent, limits: wire.ItemLimit, settings: ShopeeSettings
) -> Iterable[FieldFault]:
    if not 1 <= len(content.offers) <= settings.most_models:
        yield FieldFault("variants", f"1–{settings.most_models} choices")
        return
    if len(set(grid.places.values())) < len(content.offers):
        yield FieldFault("variants", "names must differ")
    if any(len(offer.reference) > LONGEST_SKU for offer in content.offers):
        yield FieldFault("variants", f"SKUs have at most {LONGEST_SKU} characters")
    longest = limits.tier_variation_option_length_limit
    for option in dict.fromkeys(one for level in grid.options for one in level):
        if not option:
            yield FieldFault("variants", "every choice needs a name")
        yield from _outside("variants", len(option), longest, f"characters in “{option[:40]}”")


def _outside(field: str, number: float, limit: wire.Range, what: str) -> Iterable[FieldFault]:
    least = limit.min_limit if limit.min_limit is not None else float("-inf")
    most = limit.max_limit if limit.max_limit is not None else float("inf")
    if not least <= number <= most:
        yield FieldFault(field, f"{least:.0f}–{most:.0f} {what}, has {number:.0f}")

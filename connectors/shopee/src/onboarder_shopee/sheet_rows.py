"""A listing as rows of the seller's template, by the template's keys. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from onboarder.model.ids import PhotoHash
from onboarder.model.shop import ListingContent, Offer
from onboarder_shopee.choices import Grid, grid_of, is_simple
from onboarder_shopee.mapping import kilograms
from onboarder_shopee.settings import ShopeeSettings
from onboarder_shopee.sheet_layout import (
    CATEGORY,
    COVER,
    OFFER_SKU,
    PARENT_SKU,
    TOGETHER,
    WEIGHT,
    Unit,
)

PHOTOS = (COVER, *(f"ps_item_image_{number}" for number in range(1, 9)))
SIDES = {"ps_length": "length", "ps_width": "width", "ps_height": "height"}
HARMLESS = "No (ID)"
ON, OFF = "Aktif", "Nonaktif"

ALWAYS = (
    *("ps_product_name", "ps_product_description", "ps_price", "ps_stock"),
    *("ps_minimum_purchase_quantity", "ps_dangerous_goods", "ps_gtin_code"),
    *("et_title_variation_1", "et_title_option_for_variation_1"),
    *("et_title_variation_2", "et_title_option_for_variation_2"),
)

Row = dict[str, str | float]


def rows_of(
    content: ListingContent,
    photos: Mapping[PhotoHash, str],
    *,
    unit: Unit,
    channels: Iterable[int],
    settings: ShopeeSettings,
) -> list[Row]:
    """The first row has everything; rows of further choices only what belongs to the choice.

    The key of a simple product stands in one place only, as in items created by API.
    """
    head = _head(content, photos, unit, settings) | {
        f"channel_id.{one}": ON if one in settings.template_channels else OFF for one in channels
    }
    if is_simple(content):
        [offer] = content.offers
        return [head | {"ps_price": offer.price, "ps_stock": offer.stock}]
    grid = grid_of(content.offers)
    first, *others = (_choice(content, offer, grid) for offer in content.offers)
    return [head | first, *others]


def fillable(settings: ShopeeSettings, channels: Iterable[int]) -> Sequence[str]:
    """Keys that a template may demand. Without a public address the seller adds the photos."""
    sides = SIDES if settings.package is not None else ()
    return (
        *ALWAYS,
        *(CATEGORY, PARENT_SKU, OFFER_SKU, TOGETHER, WEIGHT, COVER, *sides),
        *(f"channel_id.{one}" for one in channels),
    )


def _head(
    content: ListingContent,
    photos: Mapping[PhotoHash, str],
    unit: Unit,
    settings: ShopeeSettings,
) -> Row:
    addresses = [photos[one] for one in content.photos if one in photos]
    grams = content.weight_grams
    row: Row = {
        "ps_product_name": content.title.strip(),
        "ps_product_description": content.description,
        "ps_minimum_purchase_quantity": 1,
        PARENT_SKU: content.reference,
        "ps_dangerous_goods": HARMLESS,
        "ps_gtin_code": settings.gtin,
        WEIGHT: kilograms(grams) if unit is Unit.KILOGRAM else grams,
        **dict(zip(PHOTOS, addresses, strict=False)),
    }
    if content.category.isdecimal():
        row[CATEGORY] = int(content.category)
    if settings.package is not None:
        sizes: dict[str, int] = settings.package.model_dump()
        row |= {key: sizes[side] for key, side in SIDES.items()}
    return row


def _choice(content: ListingContent, offer: Offer, grid: Grid) -> Row:
    row: Row = {TOGETHER: content.reference, "ps_price": offer.price, "ps_stock": offer.stock}
    row[OFFER_SKU] = offer.reference
    for level, (name, option) in enumerate(
        zip(grid.names, grid.places[offer.reference], strict=True), start=1
    ):
        row[f"et_title_variation_{level}"] = name
        row[f"et_title_option_for_variation_{level}"] = option
    return row

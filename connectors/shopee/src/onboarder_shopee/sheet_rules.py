"""What Shopee would refuse in a filled template, said before it is uploaded, in the seller's language. Pure.

The limits are those for Indonesia before a shop is connected; a shop's own may be narrower.
"""

import re
from collections.abc import Callable, Iterator

from onboarder.connector.errors import Advice, Rejected
from onboarder.connector.spreadsheet import RefusedProduct
from onboarder.model.people import Actor
from onboarder.model.shop import ListingContent, ListingField
from onboarder_shopee import wire
from onboarder_shopee.choices import grid_of
from onboarder_shopee.manifest import MANIFEST
from onboarder_shopee.requirements import HEAVIEST, MARKUP, MOST_HASHTAGS, MOST_TIMES_DEARER, check
from onboarder_shopee.settings import ShopeeSettings

LIMITS = wire.ItemLimit()
MEND = "Perbaiki di daftar barang, impor, lalu ekspor lagi."
_TAGS, _TIMES = f"{MOST_HASHTAGS} tagar", f"{MOST_TIMES_DEARER} kali"
_LONGEST = int(LIMITS.tier_variation_option_length_limit.max_limit or 0)
_MOST = MANIFEST.limits.variants_max
Said = tuple[str, Callable[[ListingContent], str]]
"""The rule in Indonesian, and what the listing has instead."""


def refusals(
    content: ListingContent,
    settings: ShopeeSettings,
    *,
    photos_go: bool,
    category_demanded: bool = False,
) -> Iterator[RefusedProduct]:
    """One for each field that cannot go. Photos only count if they go up by their addresses."""
    if category_demanded and not content.category.isdecimal():
        yield _refused(content, "category", "the template demands a category number")
    fields = frozenset(ListingField) - (set[ListingField]() if photos_go else {ListingField.PHOTOS})
    try:
        check(content, len(content.photos), LIMITS, settings, fields)
    except Rejected as error:
        reasons: dict[str, list[str]] = {}
        for fault in error.fields:
            reasons.setdefault(fault.field, []).append(fault.reason)
        for field, said in reasons.items():
            yield _refused(content, field, "; ".join(said))


def _refused(content: ListingContent, field: str, english: str) -> RefusedProduct:
    rule, shown = SAID[field]
    advice = Advice(
        f"shopee.sheet_{field}",
        Actor.OPERATOR if field == "category" else Actor.CANVASSER,
        f"{rule} Sekarang: {shown(content)}. {MEND}",
        f"{english}; mend the register, import it, and export again",
    )
    return RefusedProduct(content.reference, field, advice)


def _range(limit: wire.Range) -> str:
    return f"{_number(limit.min_limit)}–{_number(limit.max_limit)}"


def _number(value: float | None) -> str:
    return f"{value or 0:,.0f}".replace(",", ".")


def _numbers(values: set[int]) -> str:
    return ", ".join(_number(one) for one in sorted(values))


def _written(content: ListingContent) -> str:
    text = content.description
    parts = [f"{len(text)} huruf"]
    parts += [f"HTML “{found[0]}”" for found in [MARKUP.search(text)] if found]
    parts += [f"{tags} tagar" for tags in [len(re.findall(r"#\w", text))] if tags]
    return ", ".join(parts)


def _choices(content: ListingContent) -> str:
    options = [one for level in grid_of(content.offers).options for one in level]
    long = [f"“{one}”" for one in options if len(one) > _LONGEST]
    return ", ".join(long) or f"{len(content.offers)} varian"


SAID: dict[str, Said] = {
    "title": (
        f"Nama barang harus {_range(LIMITS.item_name_length_limit)} huruf.",
        lambda one: f"{len(one.title.strip())} huruf",
    ),
    "description": (
        f"Deskripsi harus {_range(LIMITS.item_description_length_limit)} huruf, tanpa HTML, paling banyak {_TAGS}.",
        _written,
    ),
    "category": ("Template ini mewajibkan nomor kategori.", lambda one: one.category or "kosong"),
    "photos": (
        f"Foto harus {_range(LIMITS.item_image_count_limit)}.",
        lambda one: f"{len(one.photos)} foto",
    ),
    "weight_grams": (
        f"Berat harus 1–{_number(HEAVIEST)} gram.",
        lambda one: f"{_number(one.weight_grams)} gram",
    ),
    "price": (
        f"Harga harus Rp{_range(LIMITS.price_limit)}; varian termahal paling banyak {_TIMES} yang termurah.",
        lambda one: f"Rp{_numbers({offer.price for offer in one.offers})}",
    ),
    "stock": (
        f"Stok harus {_range(LIMITS.stock_limit)}.",
        lambda one: _numbers({offer.stock for offer in one.offers}),
    ),
    "variants": (
        f"Nama varian tidak boleh kosong, sama, atau lebih dari {_LONGEST} huruf; paling banyak {_MOST} varian.",
        _choices,
    ),
}

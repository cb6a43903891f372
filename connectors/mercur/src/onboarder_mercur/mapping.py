"""Listings between our words and Mercur's. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from onboarder.connector.contract import Category, ListingDraft
from onboarder.connector.errors import ActionNeeded, FieldFault, Rejected, Unsupported
from onboarder.connector.manifest import Limits
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import (
    ListingContent,
    ListingField,
    ListingState,
    ObservedListing,
    ObservedOffer,
    Offer,
)
from onboarder_mercur import wire
from onboarder_mercur.advice import CONTENT, NO_STOCK_KEPT, OTHER_SHAPE

OPTION = "Pilihan"
"""The one option of every product; Mercur demands at least one."""
ONLY_CHOICE = "Standar"
"""Its value where a product has no choices."""

Body = Mapping[str, object]
Row = dict[str, object]
"""One good's stock at one location."""


def check(draft: ListingDraft, limits: Limits) -> None:
    """`Rejected` naming every field that Mercur would take silently or answer with a 500."""
    faults = tuple(_faults(draft.content, len(draft.photos), limits))
    if faults:
        raise Rejected(CONTENT, fields=faults, detail=", ".join(one.field for one in faults))


def _faults(content: ListingContent, photos: int, limits: Limits) -> Iterable[FieldFault]:
    if not limits.title_min <= len(content.title.strip()) <= limits.title_max:
        yield FieldFault("title", f"{limits.title_min}–{limits.title_max} characters")
    if len(content.description) > limits.description_max:
        yield FieldFault("description", f"at most {limits.description_max} characters")
    if not limits.photos_min <= photos <= limits.photos_max:
        yield FieldFault("photos", f"{limits.photos_min}–{limits.photos_max} photos")
    if content.weight_grams < 0:
        yield FieldFault("weight_grams", "not negative")
    if not 1 <= len(content.offers) <= limits.variants_max:
        yield FieldFault("variants", f"1–{limits.variants_max} variants")
    if len({choice(offer) for offer in content.offers}) < len(content.offers):
        yield FieldFault("variants", "names must differ")
    if any(not limits.price_min <= offer.price <= limits.price_max for offer in content.offers):
        yield FieldFault("price", f"{limits.price_min}–{limits.price_max} rupiah")
    if any(offer.stock < 0 for offer in content.offers):
        yield FieldFault("stock", "not negative")


def product_body(draft: ListingDraft, *, category: str, channel: str) -> Body:
    """A new product, proposed for review. Handle, external id and SKUs are References: unique over the marketplace."""
    content = draft.content
    whole = content_body(draft, frozenset(ListingField), category=category)
    return {
        "status": wire.ProductStatus.PROPOSED,
        "handle": content.reference,
        "external_id": content.reference,
        "metadata": {wire.OUR_KEY: content.reference},
        "sales_channels": [{"id": channel}],
        # A new product may leave its thumbnail out, but not say that it has none.
        **{name: value for name, value in whole.items() if value is not None},
        "options": [{"title": OPTION, "values": [choice(offer) for offer in content.offers]}],
        "variants": [variant_body(offer, OPTION) for offer in content.offers],
    }


def content_body(
    draft: ListingDraft, fields: frozenset[ListingField], *, category: str | None
) -> dict[str, object]:
    """The named fields of the product itself: no variants, prices, stock."""
    content = draft.content
    photos = [photo.key for photo in draft.photos]
    known: dict[ListingField, dict[str, object]] = {
        ListingField.TITLE: {"title": content.title},
        ListingField.DESCRIPTION: {"description": content.description},
        ListingField.CATEGORY: {"categories": [{"id": category}]},
        ListingField.WEIGHT: {"weight": content.weight_grams},
        ListingField.PHOTOS: {
            "images": [{"url": url} for url in photos],
            "thumbnail": photos[0] if photos else None,
        },
    }
    return {name: value for one in known if one in fields for name, value in known[one].items()}


def variant_body(offer: Offer, option: str) -> dict[str, object]:
    """A new variant under its SKU."""
    return {
        "title": choice(offer),
        "sku": offer.reference,
        "manage_inventory": True,
        "options": {option: choice(offer)},
        **price_body(offer.price),
    }


def price_body(rupiah: int) -> dict[str, object]:
    return {"prices": [{"currency_code": wire.RUPIAH, "amount": rupiah}]}


def choice(offer: Offer) -> str:
    """The option's value that stands for an offer."""
    return offer.name.strip() or ONLY_CHOICE


def the_option(product: wire.Product) -> wire.Option:
    """`Unsupported` if somebody gave the product another number of options than the one we made."""
    if len(product.options) != 1:
        raise Unsupported(OTHER_SHAPE, detail=f"{len(product.options)} options")
    return product.options[0]


def by_sku(product: wire.Product) -> dict[str, wire.Variant]:
    return {variant.sku: variant for variant in product.variants if variant.sku}


def superfluous(product: wire.Product, content: ListingContent) -> tuple[wire.Variant, ...]:
    """Variants of ours that are no longer wanted; variants that somebody else added stay."""
    wanted = {offer.reference for offer in content.offers}
    ours = f"{content.reference}-"
    return tuple(
        variant
        for sku, variant in by_sku(product).items()
        if sku.startswith(ours) and sku not in wanted
    )


def price_of(variant: wire.Variant) -> int | None:
    amounts = (one.amount for one in variant.prices if one.currency_code == wire.RUPIAH)
    return next((round(amount) for amount in amounts), None)


def offers_as_sent(offers: Sequence[Offer]) -> tuple[ObservedOffer, ...]:
    """What a create shows once its stock is set."""
    return _in_order(ObservedOffer(one.reference, one.price, one.stock) for one in offers)


def changed_levels(product: wire.Product, offers: Sequence[Offer]) -> list[Row]:
    """Changes that make each variant's stock over all its locations the offer's; none where it already is.

    `ActionNeeded` if Mercur keeps no stock of a variant.
    """
    stocked = _to_stock(product, offers)
    return [row for item, stock in stocked if item.location_levels for row in _shares(item, stock)]


def first_levels(product: wire.Product, offers: Sequence[Offer]) -> list[Row]:
    """A first level for each variant that is stocked nowhere, still without a location. `ActionNeeded` as above."""
    stocked = _to_stock(product, offers)
    return [_level(item, stock) for item, stock in stocked if not item.location_levels]


def at_location(row: Row, location: str) -> Row:
    return {**row, "location_id": location}


def _to_stock(
    product: wire.Product, offers: Sequence[Offer]
) -> Iterable[tuple[wire.Inventory, int]]:
    variants = by_sku(product)
    for offer in offers:
        variant = variants[offer.reference]
        item = _kept_stock(variant)
        if item is None:
            detail = f"{variant.sku}: {len(variant.inventory_items)} inventory items"
            raise ActionNeeded(NO_STOCK_KEPT, one_listing=True, detail=detail)
        yield item, offer.stock


def _kept_stock(variant: wire.Variant) -> wire.Inventory | None:
    """None if somebody had Mercur keep no stock of the variant, or that of several goods together."""
    links = variant.inventory_items
    return links[0].inventory if len(links) == 1 else None


def _shares(item: wire.Inventory, stock: int) -> Iterable[Row]:
    """Other locations keep what they hold as far as it is still wanted; the first has the rest."""
    first, *others = sorted(item.location_levels, key=lambda one: one.location_id)
    left = stock
    for level in others:
        kept = min(round(level.stocked_quantity), left)
        left -= kept
        if kept != level.stocked_quantity:
            yield at_location(_level(item, kept), level.location_id)
    if left != first.stocked_quantity:
        yield at_location(_level(item, left), first.location_id)


def _level(item: wire.Inventory, quantity: int) -> Row:
    return {"inventory_item_id": item.id, "stocked_quantity": quantity}


def reference_of(product: wire.Product) -> Reference | None:
    """Our Reference on a product, None if it is not ours."""
    noted = (product.metadata or {}).get(wire.OUR_KEY)
    if isinstance(noted, str):
        return Reference(noted)
    named_twice = product.external_id == product.handle
    return Reference(product.handle) if named_twice else None


def observed_listing(product: wire.Product, reference: Reference | None = None) -> ObservedListing:
    """`reference` if the product was found by it; else what the product itself says."""
    rejected = product.status is wire.ProductStatus.REJECTED
    reason = (product.metadata or {}).get(wire.REASON_KEY) if rejected else None
    return ObservedListing(
        remote_id=RemoteId(product.id),
        state=listing_state(product),
        reference=reference or reference_of(product),
        title=product.title,
        description=product.description or "",
        category=product.categories[0].handle if product.categories else "",
        weight_grams=round(product.weight or 0),
        photo_count=len(product.images),
        offers=_in_order(_observed_offer(variant) for variant in product.variants),
        reason=str(reason) if reason else None,
        changed_at=product.updated_at,
    )


def listing_state(product: wire.Product) -> ListingState:
    """A product that no shop window shows is off sale, whatever its status."""
    match product.status:
        case wire.ProductStatus.REJECTED:
            return ListingState.REJECTED
        case wire.ProductStatus.PROPOSED:
            return ListingState.IN_REVIEW
        case wire.ProductStatus.PUBLISHED:
            return ListingState.LIVE if product.sales_channels else ListingState.WITHDRAWN
        case wire.ProductStatus.DRAFT:
            ours = reference_of(product) is not None
            return ListingState.WITHDRAWN if ours else ListingState.DRAFT
        case _:
            assert_never(product.status)


def _in_order(offers: Iterable[ObservedOffer]) -> tuple[ObservedOffer, ...]:
    """By Reference: Mercur shows variants in an order that changes with every update."""
    return tuple(sorted(offers, key=lambda one: one.reference))


def _observed_offer(variant: wire.Variant) -> ObservedOffer:
    item = _kept_stock(variant)
    levels = None if item is None else item.location_levels
    return ObservedOffer(
        reference=Reference(variant.sku or variant.id),
        price=price_of(variant),
        stock=None if levels is None else sum(round(level.stocked_quantity) for level in levels),
    )


def category_tree(found: Sequence[wire.ProductCategory]) -> tuple[Category, ...]:
    """Keys are handles: they survive a marketplace set up anew, ids do not."""
    handles = {one.id: one.handle for one in found}
    parents = {one.parent_category_id for one in found}
    return tuple(
        Category(
            key=one.handle,
            name=one.name,
            parent=handles.get(one.parent_category_id or ""),
            leaf=one.id not in parents,
        )
        for one in found
    )

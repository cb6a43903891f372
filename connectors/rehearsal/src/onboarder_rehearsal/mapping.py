"""Between our words and the practice marketplace's: pure, both ways."""

from collections.abc import Iterable, Mapping

from onboarder.connector.contract import Category, ListingDraft
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import (
    ListingContent,
    ListingField,
    ListingState,
    ObservedListing,
    ObservedOffer,
    ObservedStore,
    StoreContent,
    StoreState,
)
from onboarder_rehearsal import wire

STORE_STATES: Mapping[wire.SellerPhase, StoreState] = {
    "screening": StoreState.IN_REVIEW,
    "trading": StoreState.OPEN,
    "turned_down": StoreState.REFUSED,
    "frozen": StoreState.SUSPENDED,
    "left": StoreState.CLOSED,
}
LISTING_STATES: Mapping[wire.ItemPhase, ListingState] = {
    "screening": ListingState.IN_REVIEW,
    "selling": ListingState.LIVE,
    "turned_down": ListingState.REJECTED,
    "hidden": ListingState.WITHDRAWN,
}
_SEN = 100
"""Hundredths of a rupiah in a rupiah."""


def application(content: StoreContent, name: str) -> wire.ApplicationBody:
    contact = wire.ContactBody(person=content.owner_name)
    if content.phone is not None:
        contact["phone"] = content.phone
    if content.email is not None:
        contact["email"] = content.email
    return wire.ApplicationBody(
        external_key=content.reference, shop_name=name, about=content.description, contact=contact
    )


def pickup(content: StoreContent) -> wire.PickupBody:
    place = ", ".join(part for part in (content.market_name, content.stall) if part)
    return wire.PickupBody(
        place=place,
        street=content.street,
        city=content.city,
        province=content.province,
        postcode=content.postal_code,
    )


def new_item(draft: ListingDraft) -> wire.NewItemBody:
    content = draft.content
    return wire.NewItemBody(
        external_key=content.reference,
        headline=content.title,
        blurb=content.description,
        category=content.category,
        mass_kg=_kilograms(content.weight_grams),
        images=_images(draft),
        choices=_choices(content),
    )


def item_change(draft: ListingDraft, fields: frozenset[ListingField]) -> wire.ItemChangeBody:
    """The content fields among `fields`; with VARIANTS all choices, prices and stocks included."""
    content = draft.content
    body = wire.ItemChangeBody()
    if ListingField.TITLE in fields:
        body["headline"] = content.title
    if ListingField.DESCRIPTION in fields:
        body["blurb"] = content.description
    if ListingField.CATEGORY in fields:
        body["category"] = content.category
    if ListingField.WEIGHT in fields:
        body["mass_kg"] = _kilograms(content.weight_grams)
    if ListingField.PHOTOS in fields:
        body["images"] = _images(draft)
    if ListingField.VARIANTS in fields:
        body["choices"] = _choices(content)
    return body


def kept(
    wanted: Iterable[wire.ChoiceBody],
    there: Iterable[wire.Choice],
    fields: frozenset[ListingField],
) -> list[wire.ChoiceBody]:
    """Our choices, with the marketplace's price or stock where `fields` leaves it alone."""
    known = {choice.sku: choice for choice in there}
    merged = [choice.copy() for choice in wanted]
    for choice in merged:
        old = known.get(choice["sku"])
        if old is not None and ListingField.PRICE not in fields:
            choice["amount_sen"] = old.amount_sen
        if old is not None and ListingField.STOCK not in fields:
            choice["on_hand"] = old.on_hand
    return merged


def shelves(content: ListingContent, fields: frozenset[ListingField]) -> list[wire.ShelfBody]:
    """Price and stock as far as `fields` names them."""
    bodies: list[wire.ShelfBody] = []
    for offer in content.offers:
        body = wire.ShelfBody(sku=offer.reference)
        if ListingField.PRICE in fields:
            body["amount_sen"] = offer.price * _SEN
        if ListingField.STOCK in fields:
            body["on_hand"] = offer.stock
        bodies.append(body)
    return bodies


def observed_store(seller: wire.Seller) -> ObservedStore:
    return ObservedStore(
        remote_id=RemoteId(seller.seller_no),
        state=STORE_STATES[seller.phase],
        reference=Reference(seller.external_key),
        name=seller.shop_name,
        reason=seller.note,
        complete=seller.pickup is not None,
        url=seller.page,
    )


def observed_listing(item: wire.Item) -> ObservedListing:
    return ObservedListing(
        remote_id=RemoteId(item.item_no),
        state=LISTING_STATES[item.phase],
        reference=Reference(item.external_key) if item.external_key else None,
        title=item.headline,
        description=item.blurb,
        category=item.category,
        weight_grams=int(item.mass_kg.replace(".", "")),
        photo_count=len(item.images),
        offers=tuple(
            ObservedOffer(Reference(choice.sku), choice.amount_sen // _SEN, choice.on_hand)
            for choice in item.choices
        ),
        reason=item.note,
        url=item.page,
        changed_at=item.touched_at,
    )


def categories(answer: wire.TaxonomyAnswer) -> tuple[Category, ...]:
    """Open categories, each branch before its leaves."""
    found: list[Category] = []
    for branch in answer.taxonomy:
        found.append(Category(branch.code, branch.label, None, leaf=False))
        found += [
            Category(leaf.code, leaf.label, branch.code, leaf=True)
            for leaf in branch.children
            if leaf.open and branch.open
        ]
    return tuple(found)


def best_seller(sellers: Iterable[wire.Seller]) -> wire.Seller | None:
    """Of several with one key the one furthest on, then the oldest: every look-up adopts the same."""
    order = ("trading", "screening", "frozen", "turned_down", "left")
    return min(sellers, key=lambda s: (order.index(s.phase), int(s.seller_no[1:])), default=None)


def best_item(items: Iterable[wire.Item]) -> wire.Item | None:
    """Of several with one key the one furthest on, then the oldest."""
    order = ("selling", "screening", "turned_down", "hidden")
    return min(items, key=lambda i: (order.index(i.phase), int(i.item_no[1:])), default=None)


def _kilograms(grams: int) -> str:
    return f"{grams // 1000}.{grams % 1000:03d}"


def _images(draft: ListingDraft) -> list[str]:
    return [photo.key for photo in draft.photos]


def _choices(content: ListingContent) -> list[wire.ChoiceBody]:
    return [
        wire.ChoiceBody(
            sku=offer.reference,
            label=offer.name,
            amount_sen=offer.price * _SEN,
            on_hand=offer.stock,
        )
        for offer in content.offers
    ]

"""Invented stores, listings and looks for the pure rules of the engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings

from onboarder.connector.manifest import Capability, CredentialKind, Limits, Manifest
from onboarder.converge import agreed
from onboarder.converge.wanted import Wanted
from onboarder.model.goods import Product, Variant
from onboarder.model.ids import (
    ListingId,
    MarketCode,
    MarketplaceName,
    MerchantId,
    PhotoHash,
    ProductId,
    ProgrammeCode,
    Reference,
    RemoteId,
    StoreId,
)
from onboarder.model.people import Merchant
from onboarder.model.recorded import Doubt, ListingRecord, StoreRecord, StoreWork
from onboarder.model.shop import (
    ListingContent,
    ListingField,
    ListingState,
    ObservedListing,
    ObservedOffer,
    Offer,
    StoreContent,
    StoreState,
)
from onboarder.model.work import IntentKind, Lane

STEADY = settings(derandomize=True, deadline=None)
"""Generated examples are the same in every run."""
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=2)
STORE = StoreId("knm-1@m")
MANIFEST = Manifest(
    name="m",
    title="M",
    countries=("ID",),
    capabilities=frozenset(Capability),
    credentials=CredentialKind.LOGIN,
    limits=Limits(create_batch=3),
    settle=SETTLE,
    requests_per_second=10,
)
MERCHANT = Merchant(
    id=MerchantId("knm-1"),
    programme=ProgrammeCode("contoh"),
    market=MarketCode("KNM"),
    register_key="1",
    name="Contoh",
    shop_name="Toko Contoh",
    stall="A/1",
    phone=None,
)


def without(*missing: Capability) -> Manifest:
    return replace(MANIFEST, capabilities=MANIFEST.capabilities - set(missing))


def content(
    number: int = 1, *, price: int = 100, stock: int = 5, title: str = "T"
) -> ListingContent:
    return ListingContent(
        reference=Reference(f"p{number}"),
        title=title,
        description="D",
        category="c",
        weight_grams=250,
        photos=(PhotoHash("f1"),),
        offers=(Offer(Reference(f"p{number}-v"), "", price, stock),),
    )


def shown(
    of: ListingContent,
    *,
    state: ListingState = ListingState.LIVE,
    remote_id: str | None = None,
    reason: str | None = None,
) -> ObservedListing:
    """What a marketplace shows that holds exactly this content."""
    return ObservedListing(
        remote_id=RemoteId(remote_id or f"R-{of.reference}"),
        state=state,
        reference=of.reference,
        title=of.title,
        description=of.description,
        category=of.category,
        weight_grams=of.weight_grams,
        photo_count=len(of.photos),
        offers=tuple(ObservedOffer(one.reference, one.price, one.stock) for one in of.offers),
        reason=reason,
    )


def planned(of: ListingContent) -> ListingRecord:
    return ListingRecord(ListingId(f"{of.reference}@m"), of.reference)


def listed(of: ListingContent, state: ListingState = ListingState.LIVE) -> ListingRecord:
    """The record of a listing created a while ago with this content."""
    there = shown(of, state=state)
    return agreed.created(planned(of), of, there, now=NOW - SETTLE, settled=NOW)


def wanted(*contents: ListingContent) -> Wanted:
    store = StoreContent(
        reference=Reference("knm-1"),
        name="Toko",
        alternative_names=(),
        owner_name="Contoh",
        phone=None,
        email=None,
    )
    return Wanted(None, store, {one.reference: one for one in contents}, {})


def store(**changes: object) -> StoreRecord:
    made = StoreRecord(
        id=STORE,
        merchant_id=MERCHANT.id,
        marketplace=MarketplaceName("m"),
        reference=Reference("knm-1"),
        state=StoreState.OPEN,
        remote_id=RemoteId("S1"),
        complete=True,
        reason=None,
        observed_at=NOW,
        failure=None,
        attempts=0,
        starts=0,
        lane=Lane.STALL,
        due_at=NOW,
        generation=1,
        review_run=None,
        requested_by="test",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # tests name real fields


def work(
    *records: ListingRecord,
    sold: tuple[ListingContent, ...] | None = None,
    doubts: tuple[Doubt, ...] = (),
    photos: tuple[str, ...] = ("f1",),
    of: StoreRecord | None = None,
) -> StoreWork:
    """`sold` are the products that are active in the register; left out, those of the records."""
    listed_ones = tuple(one.applied for one in records if one.applied is not None)
    return StoreWork(
        store=of or store(),
        merchant=MERCHANT,
        products=tuple(product(one) for one in (listed_ones if sold is None else sold)),
        listings={one.reference: one for one in records},
        doubts=doubts,
        photos={PhotoHash(one): f"key-{one}" for one in photos},
        credentials=None,
    )


def product(of: ListingContent) -> Product:
    return Product(
        id=ProductId(of.reference),
        merchant_id=MERCHANT.id,
        product_key=of.reference,
        name=of.title,
        description=of.description,
        category="food",
        weight_grams=of.weight_grams,
        photos=of.photos,
        variants=tuple(Variant(one.reference, one.name, one.price, one.stock) for one in of.offers),
    )


def doubt(reference: str, kind: IntentKind = IntentKind.CREATE_LISTING) -> Doubt:
    return Doubt(f"i-{reference}", Reference(reference), kind, NOW + timedelta(seconds=20))


def with_fields(
    there: ListingContent, sent: ListingContent, fields: frozenset[ListingField]
) -> ListingContent:
    """What a marketplace holds that had `there` and was sent these fields of the other."""
    names = {ListingField.PRICE, ListingField.STOCK, ListingField.VARIANTS}
    plain = {name.value: getattr(sent, name.value) for name in fields - names}
    return replace(there, offers=_offers_with(there, sent, fields), **plain)


def _offers_with(
    there: ListingContent, sent: ListingContent, fields: frozenset[ListingField]
) -> tuple[Offer, ...]:
    held = {one.reference: one for one in there.offers}
    new = {one.reference: one for one in sent.offers}
    offers = sent.offers if ListingField.VARIANTS in fields else there.offers
    made: list[Offer] = []
    for one in offers:
        price = (new if ListingField.PRICE in fields else held).get(one.reference, one).price
        stock = (new if ListingField.STOCK in fields else held).get(one.reference, one).stock
        made.append(replace(one, price=price, stock=stock))
    return tuple(made)

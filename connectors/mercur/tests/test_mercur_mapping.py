"""Between our words and Mercur's, without a marketplace."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.marketplace.samples import draft_of, listing_content, store_content

from onboarder.connector.errors import Rejected, Unsupported
from onboarder.model.ids import Reference
from onboarder.model.shop import ListingContent, ListingField, ListingState, Offer, StoreState
from onboarder_mercur import mapping, storefront, wire
from onboarder_mercur.manifest import MANIFEST

APPROVED = datetime(2026, 11, 23, tzinfo=UTC)
PRODUCT = wire.Product(
    id="prod_1",
    handle="r-p1",
    external_id="r-p1",
    status=wire.ProductStatus.PUBLISHED,
    title="Kerupuk",
    metadata={wire.OUR_KEY: "r-p1", wire.REASON_KEY: "Foto buram"},
    sales_channels=(wire.SalesChannel(id="sc_1"),),
)


@pytest.mark.parametrize(
    ("status", "approved_at", "state"),
    [
        (wire.SellerStatus.PENDING, None, StoreState.IN_REVIEW),
        (wire.SellerStatus.OPEN, APPROVED, StoreState.OPEN),
        (wire.SellerStatus.SUSPENDED, None, StoreState.REFUSED),
        (wire.SellerStatus.SUSPENDED, APPROVED, StoreState.SUSPENDED),
        (wire.SellerStatus.TERMINATED, APPROVED, StoreState.CLOSED),
    ],
)
def test_a_store_suspended_before_it_was_ever_approved_is_refused(
    status: wire.SellerStatus, approved_at: datetime | None, state: StoreState
) -> None:
    seller = wire.Seller(id="s", handle="h", name="n", status=status, approved_at=approved_at)

    assert storefront.store_state(seller) is state


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"status": wire.ProductStatus.PROPOSED}, ListingState.IN_REVIEW),
        ({"status": wire.ProductStatus.REJECTED}, ListingState.REJECTED),
        ({"status": wire.ProductStatus.DRAFT}, ListingState.WITHDRAWN),
        (
            {"status": wire.ProductStatus.DRAFT, "metadata": None, "external_id": None},
            ListingState.DRAFT,
        ),
        ({}, ListingState.LIVE),
        ({"sales_channels": ()}, ListingState.WITHDRAWN),
    ],
)
def test_a_listing_is_live_only_when_published_in_a_shop_window(
    changes: dict[str, object], state: ListingState
) -> None:
    assert mapping.listing_state(PRODUCT.model_copy(update=changes)) is state


def test_a_reason_counts_only_while_the_product_is_rejected() -> None:
    rejected = PRODUCT.model_copy(update={"status": wire.ProductStatus.REJECTED})

    assert mapping.observed_listing(PRODUCT).reason is None
    assert mapping.observed_listing(rejected).reason == "Foto buram"


def test_somebody_else_s_product_has_no_reference() -> None:
    foreign = PRODUCT.model_copy(update={"metadata": None, "external_id": None})

    assert mapping.reference_of(foreign) is None
    assert mapping.reference_of(PRODUCT.model_copy(update={"metadata": None})) == "r-p1"


def test_names_to_try_end_with_one_that_nobody_else_can_have() -> None:
    content = store_content("knm-1", name="Berkah")
    twice = replace(content, alternative_names=("Berkah", "Berkah Kanoman"))

    assert storefront.store_names(twice) == ("Berkah", "Berkah Kanoman", "Berkah (knm-1)")


def test_an_address_never_has_an_empty_field() -> None:
    bare = replace(store_content("knm-1"), stall="", market_name="", street="", postal_code="")

    assert storefront.location_body(bare)["address"] == {
        "address_1": "Cirebon",
        "city": "Cirebon",
        "province": "Jawa Barat",
        "country_code": "id",
    }


GOOD = listing_content("r-p1")
ONLY = GOOD.offers[0]


@pytest.mark.parametrize(
    ("nonsense", "field"),
    [
        (replace(GOOD, title="  "), "title"),
        (replace(GOOD, title="x" * 151), "title"),
        (replace(GOOD, description="x" * 5001), "description"),
        (replace(GOOD, weight_grams=-1), "weight_grams"),
        (replace(GOOD, offers=()), "variants"),
        (replace(GOOD, offers=(ONLY, replace(ONLY, name=" "))), "variants"),
        (replace(GOOD, offers=(replace(ONLY, price=0),)), "price"),
        (replace(GOOD, offers=(replace(ONLY, stock=-1),)), "stock"),
    ],
)
def test_nonsense_that_mercur_would_take_is_refused_here(
    nonsense: ListingContent, field: str
) -> None:
    with pytest.raises(Rejected) as refused:
        mapping.check(draft_of(nonsense), MANIFEST.limits)

    assert [fault.field for fault in refused.value.fields] == [field]


def test_stock_counts_over_all_locations_and_changes_only_what_differs() -> None:
    levels = (
        wire.Level(location_id="sloc_1", stocked_quantity=4),
        wire.Level(location_id="sloc_2", stocked_quantity=3),
    )
    product = _stocked(a=levels, b=(), c=levels)
    offers = [Offer(Reference(sku), sku, 1, stock) for sku, stock in (("a", 9), ("b", 2), ("c", 7))]

    create = mapping.first_levels(product, offers)
    update = mapping.changed_levels(product, offers)

    assert create == [{"inventory_item_id": "iitem_b", "stocked_quantity": 2}]
    assert update == [
        {"inventory_item_id": "iitem_a", "location_id": "sloc_1", "stocked_quantity": 6}
    ]


@pytest.mark.parametrize(
    ("held", "wanted", "changes"),
    [
        ((5, 10), 3, {"sloc_0": 0, "sloc_1": 3}),
        ((0, 10), 0, {"sloc_1": 0}),
        ((4, 3, 2), 4, {"sloc_0": 0, "sloc_2": 1}),
        ((4, 3, 2), 12, {"sloc_0": 7}),
        ((4, 2.5), 4, {"sloc_0": 2, "sloc_1": 2}),
        ((4, 3, 2), 9, {}),
    ],
)
def test_locations_together_never_hold_more_than_is_wanted(
    held: tuple[float, ...], wanted: int, changes: dict[str, int]
) -> None:
    places = {f"sloc_{number}": quantity for number, quantity in enumerate(held)}
    levels = (
        wire.Level(location_id=one, stocked_quantity=quantity) for one, quantity in places.items()
    )

    product, offer = _stocked(a=tuple(levels)), Offer(Reference("a"), "", 1, wanted)
    rows = mapping.changed_levels(product, [offer])

    assert {row["location_id"]: row["stocked_quantity"] for row in rows} == changes
    assert sum((places | changes).values()) == wanted


def test_variants_are_shown_in_one_order_however_mercur_sorts_them() -> None:
    product = _stocked(b=(), a=(), c=())

    offers = mapping.observed_listing(product).offers

    assert [one.reference for one in offers or ()] == ["a", "b", "c"]


def test_only_our_own_unwanted_variants_are_superfluous() -> None:
    content = listing_content("r-p1", "Merah", "Biru")
    product = _stocked(**{"r-p1-0": (), "r-p1-7": (), "milik-sendiri": ()})

    assert [one.sku for one in mapping.superfluous(product, content)] == ["r-p1-7"]


def test_a_product_with_rearranged_options_is_left_to_a_person() -> None:
    with pytest.raises(Unsupported):
        mapping.the_option(PRODUCT)


def test_an_update_body_holds_the_named_fields_and_nothing_else() -> None:
    draft = draft_of(listing_content("r-p1"))

    body = mapping.content_body(draft, frozenset({ListingField.TITLE}), category=None)

    assert body == {"title": draft.content.title}


def _stocked(**levels: tuple[wire.Level, ...]) -> wire.Product:
    """PRODUCT with one variant per keyword."""
    return PRODUCT.model_copy(
        update={
            "variants": tuple(
                wire.Variant(
                    id=f"variant_{sku}",
                    sku=sku,
                    inventory_items=(
                        wire.InventoryLink(
                            inventory=wire.Inventory(id=f"iitem_{sku}", location_levels=stocked)
                        ),
                    ),
                )
                for sku, stocked in levels.items()
            )
        }
    )

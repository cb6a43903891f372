"""Listings at the real Mercur from creation to withdrawal, with answers that get lost on the way."""

from dataclasses import replace
from datetime import timedelta

import anyio
import pytest
from tests.marketplace.faults import ALWAYS, Fault, FaultKind
from tests.marketplace.mercur import Mercur
from tests.marketplace.samples import (
    CATEGORY,
    connector_on,
    draft_of,
    listing_content,
    photo,
)
from tests.marketplace.seller import http_to, shop_at

from onboarder.connector.contract import ListingDraft
from onboarder.connector.errors import (
    ActionNeeded,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from onboarder.model.ids import Reference
from onboarder.model.shop import (
    ListingField,
    ListingState,
    ObservedListing,
    Offer,
)
from onboarder_mercur import MercurConnector
from onboarder_mercur.auth import member_auth

pytestmark = pytest.mark.mercur


async def test_what_was_created_is_what_is_found_and_listed(mercur: Mercur) -> None:
    async with shop_at(mercur, "same") as shop:
        content = listing_content("same-p1", "Merah", "Biru")

        created = await shop.create(content)
        found = await shop.seen(content)
        page = await shop.connector.observe_listings(shop.access, None)

    assert replace(created, changed_at=None) == replace(found, changed_at=None)
    assert page.listings == (found,)
    assert page.next_cursor is None
    assert found.category == CATEGORY
    assert found.offers is not None
    assert [(one.price, one.stock) for one in found.offers] == [(12_500, 5), (13_500, 6)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.LOST, "/vendor/products", "POST"),
        Fault(FaultKind.TRUNCATED, "/vendor/products", "POST"),
        Fault(FaultKind.GARBLED, "/vendor/products", "POST"),
        Fault(FaultKind.REPLACED, "/vendor/products", "POST", status=504),
        Fault(FaultKind.LOST, "/vendor/inventory-items", "POST"),
        Fault(FaultKind.STATUS, "/vendor/inventory-items", "POST", status=503),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.prefix.rpartition('/')[2]}",
)
async def test_a_listing_whose_answer_is_lost_is_adopted_and_completed(
    mercur: Mercur, fault: Fault
) -> None:
    reference = f"lost-{fault.kind}-{fault.prefix.rpartition('/')[2]}"
    content = listing_content(f"{reference}-p1")
    async with shop_at(mercur, reference) as shop:
        mercur.control.faults.inject(fault)
        with pytest.raises(OutcomeUnknown) as unknown:
            await shop.create(content)
        found = await shop.seen(content)
        with pytest.raises(OutcomeUnknown, match="reference_taken"):
            await shop.create(content)
        await shop.connector.update_listing(
            shop.access, found.remote_id, draft_of(content), frozenset({ListingField.STOCK})
        )
        final = await shop.seen(content)

    assert unknown.value.reference == content.reference
    assert final.offers is not None
    assert final.offers[0].stock == 5
    same = [one for one in mercur.control.operator.products() if one.handle == content.reference]
    assert len(same) == 1


async def test_a_listing_that_never_arrived_is_not_found(mercur: Mercur) -> None:
    content = listing_content("dropped-p1")
    async with shop_at(mercur, "dropped") as shop:
        mercur.control.faults.inject(Fault(FaultKind.DROP, "/vendor/products", "POST"))
        with pytest.raises(OutcomeUnknown):
            await shop.create(content)

        assert await shop.connector.find_listing(shop.access, content.reference) is None


async def test_slow_answers_to_a_write_are_unknown_and_to_a_read_unavailable(
    mercur: Mercur,
) -> None:
    content = listing_content("late-p1")
    async with shop_at(mercur, "late") as shop:
        async with http_to(mercur, timedelta(seconds=0.5)) as http:
            hasty = connector_on(http)
            await hasty.find_listing(shop.access, content.reference)
            mercur.control.faults.inject(
                Fault(FaultKind.LATE, "/vendor/products", ms=2000, times=2)
            )
            with pytest.raises(Unavailable):
                await hasty.find_listing(shop.access, content.reference)
        mercur.control.faults.reset()


async def test_a_429_says_how_long_to_wait(mercur: Mercur) -> None:
    fault = Fault(FaultKind.STATUS, "/vendor/products", status=429, retry_after=7)
    async with shop_at(mercur, "limited") as shop:
        mercur.control.faults.inject(fault)

        with pytest.raises(RateLimited) as limited:
            await shop.connector.observe_listings(shop.access, None)

    assert limited.value.retry_after == timedelta(seconds=7)


async def test_each_field_is_updated_alone_and_all_variants_stay(mercur: Mercur) -> None:
    before = listing_content("fields-p1", "Merah", "Biru", "Hijau")
    after = replace(
        before,
        title="Judul baru",
        description="Uraian baru",
        category="batik",
        weight_grams=777,
        offers=tuple(
            replace(one, price=one.price + 1, stock=one.stock + 1) for one in before.offers
        ),
    )
    async with shop_at(mercur, "fields") as shop:
        seen = listing = await shop.create(before)
        for name in set(ListingField) - {ListingField.VARIANTS, ListingField.PHOTOS}:
            earlier = await shop.seen(before)
            answered = await shop.connector.update_listing(
                shop.access, listing.remote_id, draft_of(after), frozenset({name})
            )
            seen = await shop.seen(before)
            assert replace(answered, changed_at=None) == replace(seen, changed_at=None)
            assert _differing(earlier, seen) == {name}
        assert _shown(seen) == _shown(listing) | {
            "title": "Judul baru",
            "description": "Uraian baru",
            "category": "batik",
            "weight_grams": 777,
            "price": [12_501, 13_501, 14_501],
            "stock": [6, 7, 8],
        }


async def test_photos_are_replaced_as_a_whole(mercur: Mercur) -> None:
    content = listing_content("photos-p1")
    async with shop_at(mercur, "photos") as shop:
        listing = await shop.create(content)
        uploaded = await shop.connector.upload_photo(shop.access, photo())

        changed = await shop.connector.update_listing(
            shop.access,
            listing.remote_id,
            ListingDraft(content, (uploaded,)),
            frozenset({ListingField.PHOTOS}),
        )

    assert (listing.photo_count, changed.photo_count) == (0, 1)
    assert mercur.control.operator.product("photos-p1").images[0].url == uploaded.key


async def test_a_rejection_comes_with_its_reason_and_an_update_resubmits(mercur: Mercur) -> None:
    content = listing_content("rejected-p1")
    async with shop_at(mercur, "rejected") as shop:
        listing = await shop.create(content)
        mercur.control.operator.reject(listing.remote_id, "Foto buram")
        rejected = await shop.seen(content)
        better = draft_of(replace(content, description="Foto baru."))

        resubmitted = await shop.connector.update_listing(
            shop.access, listing.remote_id, better, frozenset({ListingField.DESCRIPTION})
        )
        mercur.control.operator.reject(listing.remote_id, "Foto buram")
        mercur.control.operator.publish(listing.remote_id)
        published = await shop.seen(content)

    assert (rejected.state, rejected.reason) == (ListingState.REJECTED, "Foto buram")
    assert (resubmitted.state, resubmitted.reason) == (ListingState.IN_REVIEW, None)
    assert (published.state, published.reason) == (ListingState.LIVE, None), "stale reason"


async def test_withdrawn_is_kept_invisible_and_can_be_relisted(mercur: Mercur) -> None:
    content = listing_content("withdrawn-p1")
    async with shop_at(mercur, "withdrawn") as shop:
        listing = await shop.create(content)
        mercur.control.operator.publish(listing.remote_id)
        live = await shop.connector.relist(shop.access, listing.remote_id)
        await shop.connector.withdraw_listing(shop.access, listing.remote_id)
        withdrawn = await shop.connector.withdraw_listing(shop.access, listing.remote_id)
        hidden = [one for one in mercur.control.buyer.products() if one.id == listing.remote_id]
        relisted = await shop.connector.relist(shop.access, listing.remote_id)
        mercur.control.operator.delete_product(listing.remote_id)
        gone = await shop.connector.withdraw_listing(shop.access, listing.remote_id)
        for call in (
            shop.connector.relist(shop.access, listing.remote_id),
            shop.connector.update_listing(
                shop.access, listing.remote_id, draft_of(content), frozenset({ListingField.TITLE})
            ),
        ):
            with pytest.raises(Gone):
                await call

    assert live.state is ListingState.LIVE, "what is on sale is not sent into review again"
    assert withdrawn is not None
    assert withdrawn.state is ListingState.WITHDRAWN
    assert hidden == []
    assert relisted.state is ListingState.IN_REVIEW
    assert gone is None


async def test_a_product_outside_every_shop_window_counts_as_withdrawn_until_relisted(
    mercur: Mercur,
) -> None:
    content = listing_content("window-p1")
    async with shop_at(mercur, "window") as shop:
        listing = await shop.create(content)
        mercur.control.operator.publish(listing.remote_id)
        mercur.control.operator.change_product(listing.remote_id, sales_channels=[])
        hidden = await shop.seen(content)
        await shop.connector.relist(shop.access, listing.remote_id)
        mercur.control.operator.publish(listing.remote_id)
        shown = await shop.seen(content)

    assert hidden.state is ListingState.WITHDRAWN
    assert shown.state is ListingState.LIVE


async def test_changes_made_by_hand_are_observed(mercur: Mercur) -> None:
    content = listing_content("hand-p1")
    operator = mercur.control.operator
    async with shop_at(mercur, "hand") as shop:
        await shop.create(content)
        product = operator.product("hand-p1")
        operator.set_price(product, "hand-p1-0", 99_000)
        operator.set_stock(product, "hand-p1-0", 1)
        operator.change_product(product.id, title="Diubah", handle="lain-sekali")

        seen = await shop.seen(content)

    assert seen.title == "Diubah"
    assert seen.reference == "hand-p1"
    assert seen.offers is not None
    assert (seen.offers[0].price, seen.offers[0].stock) == (99_000, 1)


async def test_stock_is_right_over_two_locations_and_unknown_once_it_is_not_kept(
    mercur: Mercur,
) -> None:
    content = listing_content("places-p1")
    fewer = draft_of(replace(content, offers=(replace(content.offers[0], stock=3),)))
    stock = frozenset({ListingField.STOCK})
    async with shop_at(mercur, "places") as shop:
        way, hand, ours = member_auth(shop.access), shop.hand, content.reference
        listing = await shop.create(content)
        second = await hand.create_location(way, {"name": "Gudang"}, ours)
        [variant] = (await hand.product(way, listing.remote_id)).variants
        item = variant.inventory_items[0].inventory.id
        level = {"inventory_item_id": item, "location_id": second.id, "stocked_quantity": 10}
        await hand.set_levels(way, {"create": [level], "update": []}, ours)
        both = await shop.seen(content)
        change = shop.connector.update_listing(shop.access, listing.remote_id, fewer, stock)
        answered, spread = await change, await shop.seen(content)
        off = {"manage_inventory": False}
        await hand.write_part(way, listing.remote_id, ("variants", variant.id), off, ours)
        unkept = await shop.seen(content)
        with pytest.raises(ActionNeeded, match="no_stock_kept"):
            await shop.connector.update_listing(shop.access, listing.remote_id, fewer, stock)

    assert [_shown(one)["stock"] for one in (both, answered, spread, unkept)] == [
        [15],
        [3],
        [3],
        [None],
    ]


async def test_pages_show_every_listing_once_and_others_without_a_reference(
    mercur: Mercur, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = MercurConnector.manifest
    small = replace(manifest, limits=replace(manifest.limits, page_size=2))
    monkeypatch.setattr(MercurConnector, "manifest", small)
    async with shop_at(mercur, "pages") as shop:
        contents = [listing_content(f"pages-p{number}") for number in range(4)]
        for content in contents:
            await shop.create(content)
        await shop.hand.create_product(
            member_auth(shop.access),
            {"title": "Punya sendiri, pages", "options": [{"title": "A", "values": ["B"]}]},
            Reference("x"),
        )
        seen: list[Reference | None] = []
        sizes: list[int] = []
        cursor: str | None = None
        while True:
            page = await shop.connector.observe_listings(shop.access, cursor)
            seen += [one.reference for one in page.listings]
            sizes.append(len(page.listings))
            cursor = page.next_cursor
            if cursor is None:
                break

    assert seen == [*(content.reference for content in contents), None]
    assert sizes == [2, 2, 1]


async def test_content_that_mercur_would_swallow_is_refused_before_it_is_sent(
    mercur: Mercur,
) -> None:
    content = listing_content("nonsense-p1")
    nonsense = replace(
        content,
        title=" ",
        offers=(Offer(Reference("a"), "X", -5, -1), Offer(Reference("b"), "X", 1, 1)),
    )
    async with shop_at(mercur, "nonsense") as shop:
        calls = shop.http.calls

        with pytest.raises(Rejected) as refused:
            await shop.create(nonsense)

        assert shop.http.calls == calls
        with pytest.raises(Rejected, match="unknown_category"):
            await shop.create(replace(content, category="tidak-ada"))
    assert {one.field for one in refused.value.fields} == {"title", "variants", "price", "stock"}


async def test_a_sku_that_belongs_to_another_store_is_a_case_for_the_operator(
    mercur: Mercur,
) -> None:
    content = listing_content("sku-p1")
    async with shop_at(mercur, "sku-a") as one, shop_at(mercur, "sku-b") as other:
        await one.create(content)

        with pytest.raises(ActionNeeded, match="sku_taken"):
            await other.create(content)


async def test_the_category_tree_has_handles_as_keys(mercur: Mercur) -> None:
    async with shop_at(mercur, "tree") as shop:
        tree = {one.key: one for one in await shop.connector.categories(shop.access)}

    assert (tree[CATEGORY].parent, tree[CATEGORY].leaf) == ("makanan-minuman", True)
    assert not tree["makanan-minuman"].leaf
    assert tree["kerajinan"].leaf


async def test_a_storm_of_faults_leaves_one_product_per_reference(mercur: Mercur) -> None:
    contents = [listing_content(f"storm-p{number}") for number in range(12)]
    async with shop_at(mercur, "storm") as shop:
        mercur.control.faults.inject(
            Fault(FaultKind.LOST, "/vendor/products", "POST", every=3, times=ALWAYS),
        )
        for content in contents:
            with anyio.fail_after(30):
                while await shop.connector.find_listing(shop.access, content.reference) is None:
                    try:
                        await shop.create(content)
                    except OutcomeUnknown:
                        continue

    handles = [one.handle for one in mercur.control.operator.products()]
    assert [handles.count(content.reference) for content in contents] == [1] * 12


def _shown(listing: ObservedListing) -> dict[str, object]:
    return {
        "title": listing.title,
        "description": listing.description,
        "category": listing.category,
        "weight_grams": listing.weight_grams,
        "price": [one.price for one in listing.offers or ()],
        "stock": [one.stock for one in listing.offers or ()],
    }


def _differing(before: ObservedListing, after: ObservedListing) -> set[str]:
    first, second = _shown(before), _shown(after)
    return {name for name in first if first[name] != second[name]}

"""What the connector says to Mercur and understands of its answers, replayed from recordings of the real one."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
import respx
from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter
from tests.marketplace.recording import (
    ADDRESS,
    CHANGED,
    ISSUED,
    LISTING,
    SHELF,
    STORE,
    TWO_FIELDS,
    WIRE,
    said,
)
from tests.marketplace.samples import connector_on, draft_of, photo, store_content

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import (
    Access,
    Credentials,
    ListingDraft,
    RemotePhoto,
)
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingState, ObservedListing, ObservedOffer, StoreState
from onboarder_mercur import MercurConnector


class Exchange(BaseModel):
    """One recorded call and its answer."""

    model_config = ConfigDict(frozen=True)

    method: str
    path: str
    query: dict[str, str]
    seller: str | None
    body: object
    status: int
    answer: object


T = TypeVar("T")


async def replay(name: str, scene: Callable[[MercurConnector, Access], Awaitable[T]]) -> T:
    """Play the scene against its recording; every call must be as recorded, in order, and none may be missing."""
    left = TypeAdapter(list[Exchange]).validate_json((WIRE / f"{name}.json").read_bytes())
    seller = next((one.seller for one in left if one.seller), "sel_none")

    def answer(request: httpx.Request) -> httpx.Response:
        recorded = left.pop(0)
        assert said(request) == recorded.model_dump(exclude={"status", "answer"})
        return httpx.Response(recorded.status, json=recorded.answer)

    async with respx.MockRouter(base_url=ADDRESS) as router:
        router.route().mock(side_effect=answer)
        transport = httpx.MockTransport(router.async_handler)
        async with open_client(ADDRESS, transport=transport) as client:
            http = MarketplaceHttp(client, UnlimitedBudget(), marketplace="mercur")
            connector = connector_on(http, clock=_just_after_the_login)
            result = await scene(connector, _access(seller))
    assert left == []
    return result


async def test_a_store_is_applied_for_with_a_new_login() -> None:
    opened = await replay("open_store", lambda mercur, _: mercur.open_store(STORE))

    assert opened.store.state is StoreState.IN_REVIEW
    assert not opened.store.complete
    assert opened.credentials.expires_at == _just_after_the_login() + timedelta(
        hours=24, minutes=-1
    )


async def test_a_store_is_completed_with_one_location_in_the_shop_window() -> None:
    store = await replay("complete_store", lambda mercur, way: mercur.complete_store(way, STORE))

    assert store.complete


async def test_a_store_is_found_among_those_of_the_login() -> None:
    found = await replay("find_store", lambda mercur, _: mercur.find_store(STORE))

    assert found is not None
    assert (found.store.reference, found.store.complete) == (STORE.reference, True)


async def test_a_taken_name_is_replaced_by_the_next() -> None:
    content = store_content("knm-otherone", name=STORE.name)

    opened = await replay("name_taken", lambda mercur, _: mercur.open_store(content))

    assert opened.store.name == content.alternative_names[0]


async def test_a_refused_application_comes_with_its_reason() -> None:
    store = await replay("refused_store", lambda mercur, way: mercur.observe_store(way))

    assert store is not None
    assert (store.state, store.reason) == (StoreState.REFUSED, "KTP tidak jelas")


async def test_categories_form_a_tree_of_handles() -> None:
    tree = await replay("categories", lambda mercur, way: mercur.categories(way))

    assert {one.parent for one in tree if one.key == "kerupuk-keripik"} == {"makanan-minuman"}


async def test_a_photo_goes_up_in_the_field_named_files() -> None:
    remote = await replay("upload_photo", lambda mercur, way: mercur.upload_photo(way, photo()))

    assert remote.key.startswith(f"{ADDRESS}/static/")


async def test_a_listing_is_created_in_review_with_its_stock() -> None:
    created = await replay(
        "create_listing", lambda mercur, way: mercur.create_listings(way, [_photographed()])
    )

    listing = created[LISTING.reference]
    assert isinstance(listing, ObservedListing)
    assert listing.state is ListingState.IN_REVIEW
    assert listing.photo_count == 1
    assert listing.offers == (
        ObservedOffer(LISTING.offers[0].reference, 12_500, 5),
        ObservedOffer(LISTING.offers[1].reference, 13_500, 6),
    )


async def test_a_listing_is_found_as_it_was_created() -> None:
    found = await replay(
        "find_listing", lambda mercur, way: mercur.find_listing(way, LISTING.reference)
    )

    assert found is not None
    assert (found.reference, found.title, found.weight_grams, found.category) == (
        LISTING.reference,
        LISTING.title,
        250,
        "kerupuk-keripik",
    )


async def test_a_listing_that_is_not_there_is_looked_for_by_handle_and_external_id() -> None:
    nothing = Reference("knm-7f3k2q8a-nothing")

    assert (
        await replay("find_nothing", lambda mercur, way: mercur.find_listing(way, nothing)) is None
    )


async def test_a_rejection_is_seen_with_its_reason() -> None:
    page = await replay("observe_listings", lambda mercur, way: mercur.observe_listings(way, None))

    [listing] = page.listings
    assert (listing.state, listing.reason) == (ListingState.REJECTED, "Foto buram")


async def test_a_content_update_names_no_variants_and_resubmits_what_was_rejected() -> None:
    updated = await replay(
        "update_content",
        lambda mercur, way: mercur.update_listing(way, _product(), draft_of(CHANGED), TWO_FIELDS),
    )

    assert (updated.title, updated.category) == (CHANGED.title, "batik")
    assert (updated.state, updated.reason) == (ListingState.IN_REVIEW, None)
    sent = json.loads((WIRE / "update_content.json").read_text())
    assert all("variants" not in (one["body"] or {}) for one in sent)


async def test_variants_prices_and_stock_are_set_one_by_one() -> None:
    updated = await replay(
        "update_shelf",
        lambda mercur, way: mercur.update_listing(way, _product(), draft_of(CHANGED), SHELF),
    )

    assert updated.offers == tuple(
        ObservedOffer(offer.reference, offer.price, offer.stock) for offer in CHANGED.offers
    )


async def test_withdrawing_keeps_the_product_as_a_draft() -> None:
    withdrawn = await replay(
        "withdraw_listing", lambda mercur, way: mercur.withdraw_listing(way, _product())
    )

    assert withdrawn is not None
    assert withdrawn.state is ListingState.WITHDRAWN


async def test_relisting_proposes_it_again() -> None:
    relisted = await replay("relist", lambda mercur, way: mercur.relist(way, _product()))

    assert relisted.state is ListingState.IN_REVIEW


@pytest.mark.parametrize("path", sorted(WIRE.glob("*.json")), ids=lambda path: path.stem)
def test_recordings_hold_no_working_token(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert "eyJhbGciOi" not in text
    assert text.count('"password"') == text.count('"password": "hidden"')


def _access(seller: str) -> Access:
    """A way in; the token is never recorded."""
    secret = SecretStr(json.dumps({"email": "onboarder@onboarder.test", "token": "hidden"}))
    return Access(STORE.reference, RemoteId(seller), Credentials(secret))


def _photographed() -> ListingDraft:
    """The listing with the photo that the recording uploaded."""
    uploads = json.loads((WIRE / "upload_photo.json").read_text(encoding="utf-8"))
    key = uploads[0]["answer"]["files"][0]["url"]
    remote = RemotePhoto(photo().hash, key)
    return ListingDraft(replace(LISTING, photos=(remote.hash,)), (remote,))


def _product() -> RemoteId:
    found = json.loads((WIRE / "find_listing.json").read_text(encoding="utf-8"))
    return RemoteId(found[0]["answer"]["products"][0]["id"])


def _just_after_the_login() -> datetime:
    return datetime.fromtimestamp(ISSUED, UTC) + timedelta(minutes=1)

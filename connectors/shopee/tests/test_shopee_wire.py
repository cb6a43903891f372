"""What each method sends and makes of the answers, and each setting where sources disagree."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from tests.support.shopee_bench import (
    ACCESS,
    CATEGORIES,
    CATEGORY_ROWS,
    KEY,
    a_product,
    an_item,
    fine,
    recorded,
    sent,
    shopee_bench,
    two_models,
)

from onboarder.connector.contract import Photo
from onboarder.connector.errors import (
    Advice,
    Gone,
    MarketplaceError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
    Unsupported,
)
from onboarder.connector.testing.samples import a_store
from onboarder.model.ids import PhotoHash, Reference, RemoteId
from onboarder.model.shop import ListingField, ListingState, StoreState
from onboarder.problems import ConfigProblem
from onboarder_shopee import advice
from onboarder_shopee.settings import read_settings

ITEM = RemoteId("3000142341")
JPEG = Photo(PhotoHash("a" * 64), "image/jpeg", b"\xff\xd8\xff\xe0 contoh \xff\xd9")
LISTED: dict[str, object] = fine(
    item=[{"item_id": 3000142341, "item_status": "UNLIST", "update_time": 1}], has_next_page=False
)


@pytest.mark.parametrize("status", ["BANNED", "FROZEN", "SOMETHING_NEW"])
async def test_a_stopped_shop_is_suspended_with_shopee_s_word_for_it(status: str) -> None:
    async with shopee_bench() as bench:
        bench.answer("shop/get_shop_info", {**recorded("shop_info"), "status": status})

        store = await bench.connector.observe_store(ACCESS)

    assert store is not None
    assert (store.state, store.reason) == (StoreState.SUSPENDED, f"Shopee: {status}")


async def test_no_shop_is_opened_or_found_by_api_and_nothing_is_sent_for_it() -> None:
    async with shopee_bench() as bench:
        with pytest.raises(Unsupported):
            await bench.connector.open_store(a_store(Reference("x")))
        assert await bench.connector.find_store(a_store(Reference("x"))) is None
        assert bench.router.calls.call_count == 0


async def test_the_category_tree_is_asked_in_indonesian_and_only_leaves_are_leaves() -> None:
    async with shopee_bench() as bench:
        route = bench.answer("product/get_category", CATEGORIES)

        tree = await bench.connector.categories(ACCESS)

    assert route.calls.last.request.url.params["language"] == "id"
    assert [(one.key, one.name, one.parent, one.leaf) for one in tree] == [
        ("100629", "Makanan", None, False),
        ("100734", "Kerupuk", "100629", True),
    ]


async def test_recommended_categories_are_leaves_of_the_shop_s_tree_best_first() -> None:
    async with shopee_bench() as bench:
        bench.answer("product/get_category", CATEGORIES)
        bench.answer("product/category_recommend", fine(category_id=[1, 100629, 100734]))

        found = await bench.connector.recommend(ACCESS, "Kerupuk melarat")

    assert [one.key for one in found] == ["100734"]


@pytest.mark.parametrize(("signature", "signed"), [("public", False), ("shop", True)])
@pytest.mark.parametrize("name", ["image", "file"])
async def test_a_photo_is_uploaded_alone_by_the_reading_that_is_set(
    signature: str, signed: bool, name: str
) -> None:
    async with shopee_bench(upload_signature=signature, upload_field=name) as bench:
        route = bench.answer("media_space/upload_image", recorded("upload_image"))

        remote = await bench.connector.upload_photo(ACCESS, JPEG)

    request = route.calls.last.request
    assert remote.key == "id-11134207-7r98o-lxyz"
    assert ("access_token" in request.url.params) == signed
    assert f'name="{name}"'.encode() in request.content
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")


@pytest.mark.parametrize(
    ("code", "message", "error", "said"),
    [
        ("error_image", "image is invalid or not supported", Rejected, advice.PHOTO),
        ("error_param", "file too large", Rejected, advice.PHOTO),
        ("common.error_server", "Something wrong. Please try later.", Unavailable, advice.BUSY),
        ("error_rate_limit", "", RateLimited, advice.RATE),
    ],
)
async def test_what_is_told_of_a_photo_inside_a_successful_answer_is_heard(
    code: str, message: str, error: type[MarketplaceError], said: Advice
) -> None:
    async with shopee_bench() as bench:
        inside = {"id": 0, "error": code, "message": message, "image_info": None}
        bench.answer("media_space/upload_image", fine(image_info_list=[inside]))

        with pytest.raises(error) as told:
            await bench.connector.upload_photo(ACCESS, JPEG)

    assert told.value.advice is said
    assert bool(bench.budget.pauses) is (error is RateLimited)


@pytest.mark.parametrize(
    ("form", "written"),
    [("comma", ["1,2"]), ("repeated", ["1", "2"]), ("brackets", ["[1,2]"])],
)
async def test_ids_are_listed_in_the_form_that_is_set(form: str, written: list[str]) -> None:
    async with shopee_bench(item_id_list=form) as bench:
        entries = [{"item_id": one, "item_status": "NORMAL"} for one in (2, 1)]
        bench.answer("product/get_item_list", fine(item=entries, has_next_page=False))
        items = [an_item(item_id=one) for one in (1, 2)]
        route = bench.answer("product/get_item_base_info", fine(item_list=items))

        await bench.connector.observe_listings(ACCESS, None)

    assert route.calls.last.request.url.params.get_list("item_id_list") == written


async def test_pages_follow_next_offset_and_show_status_and_reasons() -> None:
    async with shopee_bench() as bench:
        first = fine(
            item=[{"item_id": 5, "item_status": "BANNED"}], has_next_page=True, next_offset=7
        )
        second = fine(item=[{"item_id": 3, "item_status": "NORMAL"}], has_next_page=False)
        listing = bench.answer("product/get_item_list", first, second)
        banned = an_item(item_id=5, item_status="BANNED")
        odd = an_item(item_id=3, item_status="HAUNTED", deboost=True, item_sku=None)
        bench.answer("product/get_item_base_info", fine(item_list=[banned, odd]))
        details = [{"violation_reason": "Dilarang", "suggestion": "Hapus"}]
        # the success of this call has no `error`
        bench.answer(
            "product/get_item_violation_info",
            {"response": {"item_list": [{"item_id": 5, "item_status_details": details}]}},
        )

        page = await bench.connector.observe_listings(ACCESS, None)

    assert [one.url.params["offset"] for one in sent(listing)] == ["0", "7"]
    statuses = listing.calls.last.request.url.params.get_list("item_status")
    assert statuses == ["NORMAL", "UNLIST", "REVIEWING", "BANNED"]
    shown = {one.remote_id: one for one in page.listings}
    assert (shown[RemoteId("5")].state, shown[RemoteId("5")].reason) == (
        ListingState.REJECTED,
        "Dilarang (Hapus)",
    )
    assert (shown[RemoteId("3")].reference, shown[RemoteId("3")].reason) == (
        None,
        "Shopee: HAUNTED",
    )
    assert page.next_cursor is None


@pytest.mark.parametrize("status", ["SELLER_DELETE", "SHOPEE_DELETE", "DELETED"])
async def test_deleted_items_are_gone_in_every_spelling(status: str) -> None:
    async with shopee_bench() as bench:
        deleted = fine(item_list=[an_item(item_status=status)])
        bench.answer("product/get_item_base_info", deleted)

        assert await bench.connector.withdraw_listing(ACCESS, ITEM) is None
        with pytest.raises(Gone):
            await bench.connector.relist(ACCESS, ITEM)


async def test_a_listing_is_searched_for_only_after_the_list_and_matched_whole() -> None:
    async with shopee_bench() as bench:
        bench.answer("product/get_item_list", fine(item=[], has_next_page=False))
        search = bench.answer("product/search_item", fine(item_id_list=[8, 9]))
        longer = an_item(item_id=8, item_sku=f"{KEY}-2")
        bench.answer("product/get_item_base_info", fine(item_list=[longer, an_item(item_id=9)]))

        found = await bench.connector.find_listing(ACCESS, KEY)

    assert search.calls.last.request.url.params["item_sku"] == KEY
    assert found is not None
    assert found.remote_id == "9"


@pytest.mark.parametrize(
    ("changed_after", "state"), [(3, ListingState.DRAFT), (4_000, ListingState.WITHDRAWN)]
)
async def test_off_sale_is_withdrawn_unless_the_item_is_as_young_as_its_last_change(
    changed_after: int, state: ListingState
) -> None:
    async with shopee_bench() as bench:
        item = an_item(update_time=1_795_000_000 + changed_after)
        bench.answer("product/get_item_list", LISTED)
        bench.answer("product/get_item_base_info", fine(item_list=[item]))

        found = await bench.connector.find_listing(ACCESS, KEY)
        page = await bench.connector.observe_listings(ACCESS, None)

    assert found is not None
    assert found.state is state
    assert page.listings[0].state is ListingState.WITHDRAWN


@pytest.mark.parametrize("publish", [True, False])
@pytest.mark.parametrize("changed_first", [True, False])
async def test_a_lost_create_that_is_finished_goes_on_sale_only_where_we_publish(
    publish: bool, changed_first: bool
) -> None:
    async with shopee_bench(publish=publish) as bench:
        bench.ready_to_create()
        bench.answer("product/get_item_list", LISTED)
        older = an_item(update_time=1_795_000_900) if changed_first else an_item()
        shown = (fine(item_list=[one]) for one in (*3 * [an_item()], older))
        bench.answer("product/get_item_base_info", *shown)
        bench.answer("product/update_item", fine())
        moved = bench.answer("product/unlist_item", fine())

        found = await bench.connector.find_listing(ACCESS, KEY)
        if changed_first:
            title = frozenset({ListingField.TITLE})
            await bench.connector.update_listing(ACCESS, ITEM, a_product(), title)
        shown_last = await bench.connector.relist(ACCESS, ITEM)

    assert found is not None
    assert found.state is ListingState.DRAFT
    assert moved.call_count == publish
    assert shown_last.state is ListingState.WITHDRAWN


async def test_what_we_withdrew_ourselves_goes_on_sale_again_whoever_published_it() -> None:
    async with shopee_bench(publish=False) as bench:
        on_sale = fine(item_list=[an_item(item_status="NORMAL")])
        bench.answer("product/get_item_base_info", on_sale, fine(item_list=[an_item()]))
        moved = bench.answer("product/unlist_item", fine())

        await bench.connector.withdraw_listing(ACCESS, ITEM)
        await bench.connector.relist(ACCESS, ITEM)

    assert moved.call_count == 2


async def test_an_update_that_shopee_confirms_and_does_not_make_is_in_doubt() -> None:
    async with shopee_bench() as bench:
        bench.ready_to_create()
        bench.answer("product/get_item_base_info", fine(item_list=[an_item()]))
        bench.answer("product/update_stock", fine())
        draft = a_product()
        offers = tuple(replace(one, stock=7) for one in draft.content.offers)
        changed = a_product(offers=offers)

        with pytest.raises(OutcomeUnknown) as doubt:
            await bench.connector.update_listing(
                ACCESS, ITEM, changed, frozenset({ListingField.STOCK})
            )

    assert doubt.value.advice is advice.NOT_APPLIED


async def test_a_half_made_item_gets_its_choices_by_an_update() -> None:
    async with shopee_bench() as bench:
        draft = a_product("Merah", "Biru")
        first, second = (offer.reference for offer in draft.content.offers)
        bench.ready_to_create()
        whole = fine(item_list=[an_item(has_model=True)])
        bench.answer("product/get_item_base_info", fine(item_list=[an_item()]), whole)
        init = bench.answer("product/init_tier_variation", fine())
        models = two_models((first, 15_000), (second, 16_000))
        bench.answer("product/get_model_list", fine(model=[]), models)

        shown = await bench.connector.update_listing(
            ACCESS, ITEM, draft, frozenset({ListingField.VARIANTS})
        )

    assert init.call_count == 1
    assert {one.reference for one in shown.offers or ()} == {first, second}


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({}, "partner_id"),
        ({"partner_id": 4_294_967_296}, "partner_id"),
        ({"partner_id": 1, "api_host": "https://partner.test-stable.shopeemobile.com"}, "api_host"),
        ({"partner_id": 1, "api_host": "https://partner.uat.shopeemobile.com"}, "api_host"),
        ({"partner_id": 1, "unheard": 1}, "unheard"),
        ({"partner_id": 1, "package": {"length": 0, "width": 1, "height": 1}}, "package"),
        ({"partner_id": 1, "item_id_list": "semicolon"}, "item_id_list"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, object], place: str) -> None:
    with pytest.raises(ConfigProblem, match=place):
        read_settings(settings)


async def test_categories_that_changed_are_noticed() -> None:
    async with shopee_bench() as bench:
        smaller = fine(category_list=CATEGORY_ROWS[:1])
        bench.answer("product/get_category", CATEGORIES, CATEGORIES, smaller)
        with capture_logs() as events:
            trees = [await bench.connector.categories(ACCESS) for _ in range(3)]

    assert [one["event"] for one in events].count("shopee.categories_changed") == 1
    assert [one.key for one in trees[-1]] == ["100629"]


async def test_an_answer_without_its_response_is_unreadable_and_no_empty_page() -> None:
    async with shopee_bench() as bench:
        bench.answer("product/get_item_list", {"error": ""})

        with pytest.raises(Unavailable):
            await bench.connector.observe_listings(ACCESS, None)

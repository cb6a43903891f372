"""What each method sends and makes of the answers, and each setting where sources disagree."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
import respx
from tests.support.shopee_bench import (
    ACCESS,
    CATEGORIES,
    KEY,
    PHOTO,
    ShopeeBench,
    a_product,
    an_item,
    fine,
    recorded,
    refused,
    shopee_bench,
)

from onboarder.connector.contract import Photo
from onboarder.connector.errors import (
    ActionNeeded,
    Gone,
    OutcomeUnknown,
    Rejected,
    Unavailable,
    Unsupported,
)
from onboarder.connector.testing.samples import a_store
from onboarder.model.ids import PhotoHash, Reference, RemoteId
from onboarder.model.shop import ListingField, ListingState, ObservedListing, StoreState
from onboarder.problems import ConfigProblem
from onboarder_shopee import advice
from onboarder_shopee.settings import read_settings

ITEM = RemoteId("3000142341")
JPEG = Photo(PhotoHash("a" * 64), "image/jpeg", b"\xff\xd8\xff\xe0 contoh \xff\xd9")
LISTED = fine(
    item=[{"item_id": 3000142341, "item_status": "UNLIST", "update_time": 1}], has_next_page=False
)


@pytest.mark.parametrize("status", ["BANNED", "FROZEN", "SOMETHING_NEW"])
async def test_a_stopped_shop_is_suspended_with_shopee_s_word_for_it(status: str) -> None:
    async with shopee_bench() as bench:
        info = recorded("shop_info")
        assert isinstance(info, dict)
        bench.answer("shop/get_shop_info", {**info, "status": status})

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

    sent = route.calls.last.request
    assert remote.key == "id-11134207-7r98o-lxyz"
    assert ("access_token" in sent.url.params) == signed
    assert f'name="{name}"'.encode() in sent.content
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")


async def test_a_photo_refused_inside_a_successful_answer_is_refused() -> None:
    async with shopee_bench() as bench:
        inside = {"id": 0, "error": "error_image", "message": "image is invalid or not supported"}
        bench.answer("media_space/upload_image", fine(image_info_list=[inside]))

        with pytest.raises(Rejected) as photo:
            await bench.connector.upload_photo(ACCESS, JPEG)

    assert photo.value.advice is advice.PHOTO


async def test_an_item_goes_up_off_sale_with_everything_that_practice_demands() -> None:
    async with shopee_bench() as bench:
        add = _created(bench, an_item(item_status="NORMAL"))

        await bench.connector.create_listings(ACCESS, [a_product()])

    body = json.loads(add.calls.last.request.content)
    assert body == {
        "item_name": "Kerupuk melarat 250 g",
        "description": "Kerupuk melarat khas Cirebon, digoreng pasir.",
        "category_id": 100734,
        "attribute_list": [{"attribute_id": 100643, "attribute_value_list": [{"value_id": 3300}]}],
        "brand": {"brand_id": 0, "original_brand_name": "NoBrand"},
        "weight": 0.25,
        "image": {"image_id_list": [PHOTO.key]},
        "original_price": 15000,
        "seller_stock": [{"stock": 40}],
        "logistic_info": [{"logistic_id": 8003, "enabled": True, "is_free": False}],
        "condition": "NEW",
        "item_status": "UNLIST",
        "item_sku": KEY,
        "item_dangerous": 0,
        "pre_order": {"is_pre_order": False, "days_to_ship": 2},
        "dimension": {"package_length": 25, "package_width": 20, "package_height": 8},
    }
    assert '"original_price":15000,' in add.calls.last.request.content.decode()


async def test_a_created_item_is_read_back_and_put_on_sale() -> None:
    async with shopee_bench() as bench:
        _created(bench, an_item(), an_item(item_status="NORMAL"))
        publish = bench.answer("product/unlist_item", fine(success_list=[], failure_list=[]))

        outcome = await _outcome(bench)

    assert json.loads(publish.calls.last.request.content) == {
        "item_list": [{"item_id": 3000142341, "unlist": False}]
    }
    assert isinstance(outcome, ObservedListing)
    assert (outcome.state, outcome.reference) == (ListingState.LIVE, KEY)
    [offer] = outcome.offers or ()
    wanted = a_product().content.offers[0]
    assert (offer.reference, offer.price, offer.stock) == (wanted.reference, 15_000, 40)


@pytest.mark.parametrize("publish", [True, False])
async def test_an_item_that_leaked_onto_sale_is_taken_off_unless_it_belongs_there(
    publish: bool,
) -> None:
    async with shopee_bench(publish=publish) as bench:
        _created(bench, an_item(item_status="NORMAL"), an_item())
        moved = bench.answer("product/unlist_item", fine(success_list=[]))

        outcome = await _outcome(bench)

    assert isinstance(outcome, ObservedListing)
    assert outcome.state is (ListingState.LIVE if publish else ListingState.WITHDRAWN)
    assert moved.call_count == (0 if publish else 1)


async def test_without_publishing_an_item_stays_off_sale_for_a_person() -> None:
    async with shopee_bench(publish=False) as bench:
        _created(bench, an_item())

        outcome = await _outcome(bench)

    assert isinstance(outcome, ObservedListing)
    assert outcome.state is ListingState.WITHDRAWN


async def test_an_item_that_could_not_be_put_on_sale_is_a_draft_of_ours() -> None:
    async with shopee_bench() as bench:
        _created(bench, an_item())
        bench.answer("product/unlist_item", refused("error_unlist_item_failed"))

        outcome = await _outcome(bench)

    assert isinstance(outcome, ObservedListing)
    assert outcome.state is ListingState.DRAFT


async def test_an_item_that_differs_from_what_was_sent_is_in_doubt() -> None:
    async with shopee_bench() as bench:
        _created(bench, an_item(item_name="Kerupuk"))

        with pytest.raises(OutcomeUnknown) as doubt:
            await bench.connector.create_listings(ACCESS, [a_product()])

    assert doubt.value.advice is advice.NOT_APPLIED
    assert "title" in doubt.value.detail


async def test_choices_come_five_seconds_after_the_item_and_all_at_once() -> None:
    async with shopee_bench() as bench:
        draft = a_product("Merah", "Biru")
        first, second = (offer.reference for offer in draft.content.offers)
        _created(bench, an_item(has_model=True), an_item(has_model=True, item_status="NORMAL"))
        bench.answer("product/unlist_item", fine())
        init = bench.answer("product/init_tier_variation", fine(item_id=3000142341))
        bench.answer("product/get_model_list", _models((first, 15_000), (second, 16_000)))

        outcome = (await bench.connector.create_listings(ACCESS, [draft]))[Reference(KEY)]

    body = json.loads(init.calls.last.request.content)
    assert bench.clock.slept == [5]
    assert [
        one["variation_option_name"]
        for one in body["standardise_tier_variation"][0]["variation_option_list"]
    ] == ["Merah", "Biru"]
    assert body["model"][1] == {
        "tier_index": [1],
        "original_price": 16000,
        "seller_stock": [{"stock": 40}],
        "model_sku": second,
    }
    assert isinstance(outcome, ObservedListing)
    assert {one.reference for one in outcome.offers or ()} == {first, second}


async def test_choices_said_to_be_there_already_are_read_and_believed_only_if_they_are() -> None:
    draft = a_product("Merah", "Biru")
    first, second = (offer.reference for offer in draft.content.offers)
    for there, done in (([(first, 15_000), (second, 16_000)], True), ([(first, 15_000)], False)):
        async with shopee_bench() as bench:
            _created(bench, an_item(has_model=True), an_item(has_model=True, item_status="NORMAL"))
            bench.answer("product/unlist_item", fine())
            same = refused("product.error_param", "The level of tier-variation not change")
            bench.answer("product/init_tier_variation", same)
            bench.answer("product/get_model_list", _models(*there))

            if done:
                assert isinstance(await _outcome(bench, "Merah", "Biru"), ObservedListing)
            else:
                with pytest.raises(OutcomeUnknown):
                    await _outcome(bench, "Merah", "Biru")


async def test_what_fails_after_the_item_is_there_is_in_doubt_and_not_undone() -> None:
    async with shopee_bench() as bench:
        _created(bench, an_item())
        refusal = refused("error_tier_opt_val_too_long", "too long")
        bench.answer("product/init_tier_variation", refusal)

        with pytest.raises(OutcomeUnknown) as doubt:
            await _outcome(bench, "Merah", "Biru")

    assert doubt.value.reference == KEY
    assert "shopee.choices" in doubt.value.detail


async def test_an_item_with_our_sku_is_adopted_and_nothing_is_created() -> None:
    async with shopee_bench() as bench:
        bench.ready_to_create()
        bench.answer("product/get_item_list", LISTED)
        bench.answer("product/get_item_base_info", fine(item_list=[an_item()]))
        add = bench.answer("product/add_item", fine(item_id=1))

        with pytest.raises(OutcomeUnknown) as doubt:
            await bench.connector.create_listings(ACCESS, [a_product()])

    assert (doubt.value.advice, doubt.value.reference) == (advice.DUPLICATE, KEY)
    assert add.call_count == 0


@pytest.mark.parametrize("how", ["ask", "adopt", "ignore"])
async def test_what_the_merchant_lists_under_the_same_title_is_treated_as_set(how: str) -> None:
    async with shopee_bench(same_title=how) as bench:
        own = an_item(
            item_id=77, item_sku="", item_name="KERUPUK melarat, 250 g", item_status="NORMAL"
        )
        bench.ready_to_create()
        listed = [{"item_id": 77, "item_status": "NORMAL", "update_time": 1}]
        bench.answer("product/get_item_list", fine(item=listed, has_next_page=False))
        add = bench.answer("product/add_item", fine(item_id=3000142341))
        ours = fine(item_list=[an_item(item_status="NORMAL")])
        bench.answer("product/get_item_base_info", fine(item_list=[own]), ours)
        sku = bench.answer("product/update_item", fine())

        if how == "ignore":
            assert isinstance(await _outcome(bench), ObservedListing)
        else:
            error = Rejected if how == "ask" else OutcomeUnknown
            with pytest.raises(error):
                await bench.connector.create_listings(ACCESS, [a_product()])

    assert add.call_count == (how == "ignore")
    assert [json.loads(call.request.content) for call in sku.calls] == (
        [{"item_id": 77, "item_sku": KEY}] if how == "adopt" else []
    )


async def test_without_a_shipping_channel_no_item_is_sent_and_the_seller_is_told() -> None:
    async with shopee_bench() as bench:
        masked = {"logistics_channel_id": 8003, "enabled": True, "mask_channel_id": 5}
        off = {"logistics_channel_id": 8005, "enabled": False, "mask_channel_id": 0}
        bench.answer("logistics/get_channel_list", fine(logistics_channel_list=[masked, off]))

        with pytest.raises(ActionNeeded) as asked:
            await bench.connector.create_listings(ACCESS, [a_product()])

    assert (asked.value.advice, asked.value.look_again) == (advice.NO_SHIPPING, timedelta(hours=1))


@pytest.mark.parametrize("no_brand", [True, False])
async def test_a_mandatory_brand_is_met_by_nobrand_or_refused_as_set(no_brand: bool) -> None:
    async with shopee_bench(no_brand=no_brand) as bench:
        _created(bench, an_item(item_status="NORMAL"))
        brands = {**fine(brand_list=[]), "is_mandatory": True}
        asked = bench.answer("product/get_brand_list", brands)

        if no_brand:
            assert isinstance(await _outcome(bench), ObservedListing)
        else:
            with pytest.raises(Rejected) as refusal:
                await bench.connector.create_listings(ACCESS, [a_product()])
            assert refusal.value.advice is advice.BRAND

    assert asked.call_count == (not no_brand)


@pytest.mark.parametrize("name", ["category_id_list", "category_ids"])
async def test_attributes_are_asked_for_by_the_parameter_that_is_set(name: str) -> None:
    async with shopee_bench(attribute_parameter=name) as bench:
        _created(bench, an_item(item_status="NORMAL"))
        route = bench.answer("product/get_attribute_tree", recorded("attribute_tree"))

        await bench.connector.create_listings(ACCESS, [a_product()])

    assert route.calls.last.request.url.params[name] == "100734"


@pytest.mark.parametrize(
    ("form", "sent"),
    [("comma", ["1,2"]), ("repeated", ["1", "2"]), ("brackets", ["[1,2]"])],
)
async def test_ids_are_listed_in_the_form_that_is_set(form: str, sent: list[str]) -> None:
    async with shopee_bench(item_id_list=form) as bench:
        entries = [{"item_id": one, "item_status": "NORMAL"} for one in (2, 1)]
        bench.answer("product/get_item_list", fine(item=entries, has_next_page=False))
        items = [an_item(item_id=one) for one in (1, 2)]
        route = bench.answer("product/get_item_base_info", fine(item_list=items))

        await bench.connector.observe_listings(ACCESS, None)

    assert route.calls.last.request.url.params.get_list("item_id_list") == sent


@pytest.mark.parametrize("beside", [False, True])
async def test_a_flexible_barcode_is_read_in_both_places_and_sent_as_none(beside: bool) -> None:
    async with shopee_bench() as bench:
        add = _created(bench, an_item(item_status="NORMAL"))
        rule = {"gtin_validation_rule": "Flexible"}
        answer = {**fine(), "gtin_limit": rule} if beside else fine(gtin_limit=rule)
        bench.answer("product/get_item_limit", answer)

        await bench.connector.create_listings(ACCESS, [a_product()])

    assert json.loads(add.calls.last.request.content)["gtin_code"] == "00"


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

    assert [call.request.url.params["offset"] for call in listing.calls] == ["0", "7"]
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

        found = await bench.connector.find_listing(ACCESS, Reference(KEY))

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

        found = await bench.connector.find_listing(ACCESS, Reference(KEY))
        page = await bench.connector.observe_listings(ACCESS, None)

    assert found is not None
    assert found.state is state
    assert page.listings[0].state is ListingState.WITHDRAWN


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
        models = _models((first, 15_000), (second, 16_000))
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


async def test_categories_that_changed_are_noticed_and_one_tree_is_kept_for_all() -> None:
    async with shopee_bench() as bench:
        smaller = {"error": "", "response": {"category_list": []}}
        bench.answer("product/get_category", CATEGORIES, CATEGORIES, smaller)
        directory = bench.connector._directory
        await bench.connector.categories(ACCESS)
        await bench.connector.categories(ACCESS)
        kept = len(directory._trees)
        after = await bench.connector.categories(ACCESS)

    assert (kept, len(directory._trees), after) == (1, 1, ())


async def test_limits_and_channels_are_read_once_a_day_and_again_after_a_refusal() -> None:
    async with shopee_bench() as bench:
        _created(bench, an_item(item_status="NORMAL"))
        limits = bench.answer("product/get_item_limit", recorded("item_limit"))
        refusal = refused("error_invalid_logistic_info")
        bench.answer("product/add_item", fine(item_id=3000142341), refusal)
        counts = []
        for _ in range(3):
            with suppress(ActionNeeded):
                await bench.connector.create_listings(ACCESS, [a_product()])
            counts.append(limits.call_count)

    assert counts == [1, 1, 2]


async def test_an_answer_without_its_response_is_unreadable_and_no_empty_page() -> None:
    async with shopee_bench() as bench:
        bench.answer("product/get_item_list", {"error": ""})

        with pytest.raises(Unavailable):
            await bench.connector.observe_listings(ACCESS, None)


def _created(bench: ShopeeBench, *read_back: dict[str, object]) -> respx.Route:
    """An undisturbed add_item and what is read back after it."""
    bench.ready_to_create()
    bench.answer("product/get_item_base_info", *(fine(item_list=[one]) for one in read_back))
    return bench.answer("product/add_item", recorded("add_item"))


async def _outcome(bench: ShopeeBench, *names: str) -> object:
    answer = await bench.connector.create_listings(ACCESS, [a_product(*names)])
    return answer[Reference(KEY)]


def _models(*offers: tuple[str, int]) -> dict[str, object]:
    return fine(
        standardise_tier_variation=[
            {
                "variation_name": "Pilihan",
                "variation_option_list": [
                    {"variation_option_name": name} for name in ("Merah", "Biru")
                ],
            }
        ],
        # in another order than they were sent
        model=[
            {
                "model_id": 2000458802 + place,
                "tier_index": [place],
                "model_sku": sku,
                "price_info": [{"original_price": price}],
                "stock_info_v2": {"seller_stock": [{"stock": 40}]},
            }
            for place, (sku, price) in reversed([*enumerate(offers)])
        ],
    )

"""What a new item sends, and what is made of the answers on the way to a listing on sale."""

import json
from contextlib import suppress
from datetime import timedelta

import pytest
from tests.support.shopee_bench import (
    ACCESS,
    KEY,
    PHOTO,
    a_product,
    an_item,
    fine,
    recorded,
    refused,
    sent,
    shopee_bench,
    two_models,
)

from onboarder.connector.contract import Photo
from onboarder.connector.errors import (
    ActionNeeded,
    OutcomeUnknown,
    Rejected,
)
from onboarder.model.ids import PhotoHash, RemoteId
from onboarder.model.shop import ListingState, ObservedListing
from onboarder_shopee import advice

ITEM = RemoteId("3000142341")
JPEG = Photo(PhotoHash("a" * 64), "image/jpeg", b"\xff\xd8\xff\xe0 contoh \xff\xd9")
LISTED: dict[str, object] = fine(
    item=[{"item_id": 3000142341, "item_status": "UNLIST", "update_time": 1}], has_next_page=False
)


async def test_an_item_goes_up_off_sale_with_everything_that_practice_demands() -> None:
    async with shopee_bench() as bench:
        add = bench.created(an_item(item_status="NORMAL"))

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
        bench.created(an_item(), an_item(item_status="NORMAL"))
        publish = bench.answer("product/unlist_item", fine(success_list=[], failure_list=[]))

        outcome = await bench.create()

    assert json.loads(publish.calls.last.request.content) == {
        "item_list": [{"item_id": 3000142341, "unlist": False}]
    }
    assert isinstance(outcome, ObservedListing)
    assert (outcome.state, outcome.reference) == (ListingState.LIVE, KEY)
    assert outcome.offers is not None
    [offer] = outcome.offers
    wanted = a_product().content.offers[0]
    assert (offer.reference, offer.price, offer.stock) == (wanted.reference, 15_000, 40)


@pytest.mark.parametrize("publish", [True, False])
async def test_an_item_that_leaked_onto_sale_is_taken_off_unless_it_belongs_there(
    publish: bool,
) -> None:
    async with shopee_bench(publish=publish) as bench:
        bench.created(an_item(item_status="NORMAL"), an_item())
        moved = bench.answer("product/unlist_item", fine(success_list=[]))

        outcome = await bench.create()

    assert isinstance(outcome, ObservedListing)
    assert outcome.state is (ListingState.LIVE if publish else ListingState.WITHDRAWN)
    assert moved.call_count == (0 if publish else 1)


async def test_without_publishing_an_item_stays_off_sale_for_a_person() -> None:
    async with shopee_bench(publish=False) as bench:
        bench.created(an_item())

        outcome = await bench.create()

    assert isinstance(outcome, ObservedListing)
    assert outcome.state is ListingState.WITHDRAWN


async def test_an_item_that_could_not_be_put_on_sale_is_a_draft_of_ours() -> None:
    async with shopee_bench() as bench:
        bench.created(an_item())
        bench.answer("product/unlist_item", refused("error_unlist_item_failed"))

        outcome = await bench.create()

    assert isinstance(outcome, ObservedListing)
    assert outcome.state is ListingState.DRAFT


async def test_an_item_that_differs_from_what_was_sent_is_in_doubt() -> None:
    async with shopee_bench() as bench:
        bench.created(an_item(item_name="Kerupuk"))

        with pytest.raises(OutcomeUnknown) as doubt:
            await bench.connector.create_listings(ACCESS, [a_product()])

    assert doubt.value.advice is advice.NOT_APPLIED
    assert "title" in doubt.value.detail


async def test_choices_come_five_seconds_after_the_item_and_all_at_once() -> None:
    async with shopee_bench() as bench:
        draft = a_product("Merah", "Biru")
        first, second = (offer.reference for offer in draft.content.offers)
        bench.created(an_item(has_model=True), an_item(has_model=True, item_status="NORMAL"))
        bench.answer("product/unlist_item", fine())
        init = bench.answer("product/init_tier_variation", fine(item_id=3000142341))
        bench.answer("product/get_model_list", two_models((first, 15_000), (second, 16_000)))

        outcome = (await bench.connector.create_listings(ACCESS, [draft]))[KEY]

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
            bench.created(an_item(has_model=True), an_item(has_model=True, item_status="NORMAL"))
            bench.answer("product/unlist_item", fine())
            same = refused("product.error_param", "The level of tier-variation not change")
            bench.answer("product/init_tier_variation", same)
            bench.answer("product/get_model_list", two_models(*there))

            if done:
                assert isinstance(await bench.create("Merah", "Biru"), ObservedListing)
            else:
                with pytest.raises(OutcomeUnknown):
                    await bench.create("Merah", "Biru")


async def test_what_fails_after_the_item_is_there_is_in_doubt_and_not_undone() -> None:
    async with shopee_bench() as bench:
        bench.created(an_item())
        refusal = refused("error_tier_opt_val_too_long", "too long")
        bench.answer("product/init_tier_variation", refusal)

        with pytest.raises(OutcomeUnknown) as doubt:
            await bench.create("Merah", "Biru")

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
            assert isinstance(await bench.create(), ObservedListing)
        else:
            error = Rejected if how == "ask" else OutcomeUnknown
            with pytest.raises(error):
                await bench.connector.create_listings(ACCESS, [a_product()])

    assert add.call_count == (how == "ignore")
    assert [json.loads(one.content) for one in sent(sku)] == (
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
        bench.created(an_item(item_status="NORMAL"))
        brands = {**fine(brand_list=[]), "is_mandatory": True}
        asked = bench.answer("product/get_brand_list", brands)

        if no_brand:
            assert isinstance(await bench.create(), ObservedListing)
        else:
            with pytest.raises(Rejected) as refusal:
                await bench.connector.create_listings(ACCESS, [a_product()])
            assert refusal.value.advice is advice.BRAND

    assert asked.call_count == (not no_brand)


@pytest.mark.parametrize("name", ["category_id_list", "category_ids"])
async def test_attributes_are_asked_for_by_the_parameter_that_is_set(name: str) -> None:
    async with shopee_bench(attribute_parameter=name) as bench:
        bench.created(an_item(item_status="NORMAL"))
        route = bench.answer("product/get_attribute_tree", recorded("attribute_tree"))

        await bench.connector.create_listings(ACCESS, [a_product()])

    assert route.calls.last.request.url.params[name] == "100734"


@pytest.mark.parametrize("beside", [False, True])
async def test_a_flexible_barcode_is_read_in_both_places_and_sent_as_none(beside: bool) -> None:
    async with shopee_bench() as bench:
        add = bench.created(an_item(item_status="NORMAL"))
        rule = {"gtin_validation_rule": "Flexible"}
        answer = {**fine(), "gtin_limit": rule} if beside else fine(gtin_limit=rule)
        bench.answer("product/get_item_limit", answer)

        await bench.connector.create_listings(ACCESS, [a_product()])

    assert json.loads(add.calls.last.request.content)["gtin_code"] == "00"


async def test_limits_and_channels_are_read_once_a_day_and_again_after_a_refusal() -> None:
    async with shopee_bench() as bench:
        bench.created(an_item(item_status="NORMAL"))
        limits = bench.answer("product/get_item_limit", recorded("item_limit"))
        refusal = refused("error_invalid_logistic_info")
        bench.answer("product/add_item", fine(item_id=3000142341), refusal)
        counts = []
        for _ in range(3):
            with suppress(ActionNeeded):
                await bench.connector.create_listings(ACCESS, [a_product()])
            counts.append(limits.call_count)

    assert counts == [1, 1, 2]

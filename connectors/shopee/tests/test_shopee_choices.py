"""Choices of an item that is there: what an update sends, and what it leaves to a person."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from tests.support.shopee_bench import ACCESS, a_product, an_item, fine, shopee_bench

from onboarder.connector.errors import ActionNeeded, OutcomeUnknown
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingField
from onboarder_shopee import advice

ITEM = RemoteId("3000142341")
VARIANTS = frozenset({ListingField.VARIANTS})
Rows = Sequence[tuple[Reference | str, list[int]]]


@pytest.mark.parametrize("form", ["standardise_tier_variation", "tier_variation"])
async def test_a_new_option_beside_options_with_photos_waits_for_a_person(form: str) -> None:
    wanted = a_product("Merah", "Biru", "Hijau")
    first, second, _ = (offer.reference for offer in wanted.content.offers)
    shown = _models([["Merah", "Biru"]], [(first, [0]), (second, [1])], photos=True, form=form)
    async with shopee_bench() as bench:
        bench.ready_to_create()
        bench.answer("product/get_item_base_info", fine(item_list=[an_item(has_model=True)]))
        bench.answer("product/get_model_list", shown)
        change = bench.answer("product/update_tier_variation", fine())

        with pytest.raises(ActionNeeded) as asked:
            await bench.connector.update_listing(ACCESS, ITEM, wanted, VARIANTS)

    assert (asked.value.advice, asked.value.one_listing) == (advice.OPTION_PHOTOS, True)
    assert (asked.value.look_again, asked.value.detail) == (timedelta(hours=12), "Hijau")
    assert change.call_count == 0


async def test_a_renamed_option_keeps_its_photo() -> None:
    wanted = a_product("Merah tua", "Biru")
    first, second = (offer.reference for offer in wanted.content.offers)
    places = [(first, [0]), (second, [1])]
    async with shopee_bench() as bench:
        bench.ready_to_create()
        bench.answer("product/get_item_base_info", fine(item_list=[an_item(has_model=True)]))
        bench.answer("product/get_model_list", _models([["Merah", "Biru"]], places, photos=True))
        change = bench.answer("product/update_tier_variation", fine())

        await bench.connector.update_listing(ACCESS, ITEM, wanted, VARIANTS)

    [level] = json.loads(change.calls.last.request.content)["standardise_tier_variation"]
    photos = {o["variation_option_name"]: o["image_id"] for o in level["variation_option_list"]}
    assert photos == {"Merah tua": "img-Merah", "Biru": "img-Biru"}


@pytest.mark.parametrize("hole", [0, 1, 2, 3])
async def test_a_choice_that_was_deleted_there_comes_back_to_its_own_place(hole: int) -> None:
    wanted = a_product("Merah / M", "Merah / L", "Biru / M", "Biru / L")
    skus = [offer.reference for offer in wanted.content.offers]
    rows = [*zip(skus, ([0, 0], [0, 1], [1, 0], [1, 1]), strict=True)]
    lost, place = rows[hole]
    left = [row for row in rows if row[0] != lost]
    levels = [["Merah", "Biru"], ["M", "L"]]
    async with shopee_bench() as bench:
        bench.ready_to_create()
        bench.answer("product/get_item_base_info", fine(item_list=[an_item(has_model=True)]))
        bench.answer("product/get_model_list", _models(levels, left), _models(levels, rows))
        change = bench.answer("product/update_tier_variation", fine())
        add = bench.answer("product/add_model", fine())

        await bench.connector.update_listing(ACCESS, ITEM, wanted, VARIANTS)

    [model] = json.loads(add.calls.last.request.content)["model_list"]
    assert (model["model_sku"], model["tier_index"]) == (lost, place)
    assert change.call_count == 0


async def test_an_option_goes_with_its_last_model_and_a_new_one_comes_last() -> None:
    old, wanted = a_product("Merah", "Biru"), a_product("Biru", "Hijau")
    red, blue = (offer.reference for offer in old.content.offers)
    green = wanted.content.offers[1].reference
    shown = _models([["Putih", "Merah", "Biru"]], [(red, [1]), (blue, [2])])
    after = _models([["Putih", "Biru", "Hijau"]], [(blue, [1]), (green, [2])])
    async with shopee_bench() as bench:
        bench.ready_to_create()
        bench.answer("product/get_item_base_info", fine(item_list=[an_item(has_model=True)]))
        bench.answer("product/get_model_list", shown, after)
        change = bench.answer("product/update_tier_variation", fine())
        add = bench.answer("product/add_model", fine())

        await bench.connector.update_listing(ACCESS, ITEM, wanted, VARIANTS)

    body = json.loads(change.calls.last.request.content)
    [level] = body["standardise_tier_variation"]
    options = [one["variation_option_name"] for one in level["variation_option_list"]]
    assert options == ["Putih", "Biru", "Hijau"]
    assert body["model_list"] == [{"model_id": 101, "tier_index": [1]}]
    [model] = json.loads(add.calls.last.request.content)["model_list"]
    assert model["tier_index"] == [2]


@pytest.mark.parametrize("field", [ListingField.PRICE, ListingField.STOCK])
@pytest.mark.parametrize("unnamed", [1, 2])
async def test_a_price_or_stock_that_a_choice_without_our_sku_did_not_get_is_in_doubt(
    field: ListingField, unnamed: int
) -> None:
    wanted = a_product("Merah", "Biru")
    skus = [*(offer.reference for offer in wanted.content.offers[unnamed:]), "", ""]
    async with shopee_bench() as bench:
        bench.ready_to_create()
        bench.answer("product/get_item_base_info", fine(item_list=[an_item(has_model=True)]))
        shown = _models([["Biru", "Merah"]], [(skus[0], [0]), (skus[1], [1])])
        bench.answer("product/get_model_list", shown)
        bench.answer(f"product/update_{field}", fine())

        with pytest.raises(OutcomeUnknown) as doubt:
            await bench.connector.update_listing(ACCESS, ITEM, wanted, frozenset({field}))

    assert doubt.value.advice is advice.NOT_APPLIED


def _models(
    levels: Sequence[Sequence[str]],
    rows: Rows,
    *,
    photos: bool = False,
    form: str = "standardise_tier_variation",
) -> dict[str, object]:
    """What get_model_list answers: options of each level, SKU and place of each model."""
    tiers = [
        _tier(form, f"Pilihan {number}", names, photos=photos and number == 1)
        for number, names in enumerate(levels, 1)
    ]
    models = [
        {
            "model_id": 100 + number,
            "tier_index": place,
            "model_sku": sku,
            "price_info": [{"original_price": 15_000 + 1_000 * number}],
            "stock_info_v2": {"seller_stock": [{"stock": 40}]},
        }
        for number, (sku, place) in enumerate(rows)
    ]
    return fine(**{form: tiers}, model=models)


def _tier(form: str, name: str, options: Sequence[str], *, photos: bool) -> dict[str, object]:
    if form == "tier_variation":
        old = [{"option": one} | _old_photo(one, photos=photos) for one in options]
        return {"name": name, "option_list": old}
    new = [
        {"variation_option_name": one} | ({"image_id": f"img-{one}"} if photos else {})
        for one in options
    ]
    return {"variation_name": name, "variation_option_list": new}


def _old_photo(option: str, *, photos: bool) -> dict[str, object]:
    return {"image": {"image_id": f"img-{option}"}} if photos else {}

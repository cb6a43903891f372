"""Variations: when, how many, in which form, and in which order they come back."""

import pytest

from tests.marketplace.shopee.inside import Inside, at, inside, rows

INIT = "product/init_tier_variation"


def tier(name: str, *options: str, images: tuple[str, ...] = ()) -> dict[str, object]:
    return {
        "variation_id": 0,
        "variation_group_id": 0,
        "variation_name": name,
        "variation_option_list": [
            {
                "variation_option_id": 0,
                "variation_option_name": option,
                **({"image_id": images[place]} if place < len(images) else {}),
            }
            for place, option in enumerate(options)
        ],
    }


def model(*index: int, price: object = 15000, **more: object) -> dict[str, object]:
    return {
        "tier_index": [*index],
        "original_price": price,
        "seller_stock": [{"stock": 20}],
        "model_sku": f"OB-1-{'-'.join(map(str, index))}",
        **more,
    }


TASTES = tier("Rasa", "Original", "Pedas")
TWO = [model(0), model(1, price=16000)]


async def begin(
    here: Inside, tiers: list[dict[str, object]], models: list[dict[str, object]], **more: object
) -> dict[str, object]:
    number = await here.item()
    here.clock.advance(5)
    body = {"item_id": number, "standardise_tier_variation": tiers, "model": models, **more}
    return await here.shop.post(INIT, body)


async def begun(here: Inside) -> int:
    """An item with two models."""
    answer = await begin(here, [TASTES], TWO)
    assert answer["error"] == "", answer
    return int(str(at(answer, "response", "item_id")))


async def models_of(here: Inside, number: int) -> list[dict[str, object]]:
    answer = await here.shop.get("product/get_model_list", {"item_id": number})
    return rows(answer, "response", "model")


async def test_an_item_younger_than_five_seconds_is_not_found() -> None:
    async with inside() as here:
        number = await here.item()
        body = {"item_id": number, "standardise_tier_variation": [TASTES], "model": TWO}
        here.clock.advance(4)
        early = await here.shop.post(INIT, body)
        here.clock.advance(1)

        assert early["error"] == "product.error_item_not_found"
        assert (await here.shop.post(INIT, body))["error"] == ""


async def test_models_come_back_with_their_own_prices_and_the_item_without_any() -> None:
    async with inside() as here:
        number = await begun(here)
        found = {str(one["model_sku"]): one for one in await models_of(here, number)}
        [item] = await here.base(number)

        assert at(found["OB-1-1"], "price_info", 0, "original_price") == 16000
        assert at(found["OB-1-1"], "weight") == "0.3"
        assert item["has_model"] is True
        assert not {"price_info", "stock_info_v2"} & item.keys()


async def test_models_come_in_any_order() -> None:
    async with inside() as here:
        number = await begun(here)
        orders = {
            tuple(str(one["model_sku"]) for one in await models_of(here, number)) for _ in range(20)
        }

        assert len(orders) == 2


async def test_an_item_without_variants_has_an_empty_model_list() -> None:
    async with inside() as here:
        assert await models_of(here, await here.item()) == []


MANY = tuple(f"Pilihan {n}" for n in range(51))


@pytest.mark.parametrize(
    ("tiers", "models", "code"),
    [
        ([TASTES], [model(0)], "error_param"),
        ([TASTES], [model(0), model(0), model(1)], "error_model_duplicate_tier_variation_index"),
        ([TASTES], [model(0), model(1), model(2)], "error_param"),
        ([], [], "error_tier_var_too_many"),
        ([tier(n, "a") for n in "abc"], [model(0, 0, 0)], "error_tier_var_too_many"),
        ([tier("x" * 15, "a")], [model(0)], "error_tier_var_name_too_long"),
        ([tier("Rasa", "x" * 21)], [model(0)], "error_tier_opt_val_too_long"),
        ([tier("Rasa", "Asin", "Asin")], TWO, "error_model_duplicate_name"),
        ([tier("Rasa", *MANY)], [model(n) for n in range(51)], "error_model_count_over_limit"),
        ([TASTES], [model(0, price=1000), model(1, price=7001)], "error_price_out_of_range"),
        ([TASTES], [model(0), model(1, price=1500.5)], "error_invalid_price"),
        ([TASTES], [model(0), model(1, seller_stock=[])], "error_param"),
        ([TASTES], [model(0), model(1, normal_stock=3)], "error_param"),
        ([TASTES], [model(0), model(1, model_sku="x" * 101)], "error_param"),
        ([tier("Rasa", "Asin", "Manis", images=("id-tidak-ada",))], TWO, "error_param"),
        ([tier("Rasa", "Asin", images=("id-tidak-ada",))], [model(0)], "error_image_unavailable"),
    ],
)  # fmt: skip
async def test_variations_that_break_a_rule_are_refused_and_make_nothing(
    tiers: list[dict[str, object]], models: list[dict[str, object]], code: str
) -> None:
    async with inside() as here:
        answer = await begin(here, tiers, models)
        items = (await here.control("GET", "account"))["items"]

        assert answer["error"] == f"product.{code}"
        assert at(items, "OB-busiti-melarat250-1", 0, "models") == []


async def test_the_retired_tier_variation_field_is_refused() -> None:
    async with inside() as here:
        old = [{"name": "Rasa", "option_list": [{"option": "Original"}]}]
        answer = await begin(here, [TASTES], TWO, tier_variation=old)

        assert answer["error"] == "product.error_param"


async def test_two_levels_need_every_combination() -> None:
    async with inside() as here:
        tiers = [TASTES, tier("Ukuran", "250 g", "500 g")]
        all_four = [model(a, b) for a in (0, 1) for b in (0, 1)]

        assert (await begin(here, tiers, all_four[:3]))["error"] == "product.error_param"
        assert (await begin(here, tiers, all_four))["error"] == ""


async def test_beginning_again_with_the_same_depth_is_told_so() -> None:
    async with inside() as here:
        number = await begun(here)
        body = {"item_id": number, "standardise_tier_variation": [TASTES], "model": TWO}

        assert (await here.shop.post(INIT, body))["message"] == (
            "The level of tier-variation not change"
        )


async def test_an_update_of_the_tiers_keeps_named_models_and_deletes_the_others() -> None:
    async with inside() as here:
        number = await begun(here)
        ids = {str(one["model_sku"]): one["model_id"] for one in await models_of(here, number)}
        body = {
            "item_id": number,
            "standardise_tier_variation": [tier("Rasa", "Pedas", "Keju")],
            "model_list": [{"model_id": ids["OB-1-1"], "tier_index": [0]}],
        }
        await here.shop.post("product/update_tier_variation", body)
        more = {"item_id": number, "model_list": [model(1, price=17000)]}
        added = await here.shop.post("product/add_model", more)
        found = {str(one["model_id"]): one["tier_index"] for one in await models_of(here, number)}

        assert added["error"] == ""
        assert found[str(ids["OB-1-1"])] == [0]
        assert len(found) == 2


async def test_models_are_renamed_repriced_restocked_and_deleted_one_by_one() -> None:
    async with inside() as here:
        number = await begun(here)
        [one, other] = [entry["model_id"] for entry in await models_of(here, number)]
        rename = {"item_id": number, "model": [{"model_id": one, "model_sku": "OB-baru"}]}
        price = {"item_id": number, "price_list": [{"model_id": one, "original_price": 20000}]}
        stock = [{"model_id": one, "seller_stock": [{"stock": 3}]}]
        await here.shop.post("product/update_model", rename)
        await here.shop.post("product/update_price", price)
        await here.shop.post("product/update_stock", {"item_id": number, "stock_list": stock})
        await here.shop.post("product/delete_model", {"item_id": number, "model_id": other})
        last = await here.shop.post("product/delete_model", {"item_id": number, "model_id": one})
        [left] = await models_of(here, number)

        assert left["model_sku"] == "OB-baru"
        assert at(left, "price_info", 0, "current_price") == 20000
        assert at(left, "stock_info_v2", "seller_stock", 0, "stock") == 3
        assert last["message"] == "cannot delete the default model"


async def test_model_zero_is_not_the_item_once_it_has_models() -> None:
    async with inside() as here:
        number = await begun(here)
        body = {"item_id": number, "price_list": [{"model_id": 0, "original_price": 20000}]}
        answer = await here.shop.post("product/update_price", body)

        assert "not found" in str(at(answer, "response", "failure_list", 0, "failed_reason"))

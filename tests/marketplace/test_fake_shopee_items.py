"""add_item and what changes an item: what is accepted, what is echoed, what is refused with which code."""

from collections.abc import Mapping

import pytest

from tests.marketplace.shopee.dials import Dial, Fault
from tests.marketplace.shopee.inside import Inside, at, inside

ADD = "product/add_item"
CUSTOM = {"value_id": 0, "original_value_name": "8 Bulan"}


def chosen(attribute: int, *values: Mapping[str, object]) -> dict[str, object]:
    return {"attribute_id": attribute, "attribute_value_list": [*values]}


SHELF_LIFE = chosen(100643, {"value_id": 3300})


async def refused(here: Inside, **changes: object) -> object:
    answer = await here.shop.post(ADD, await here.body(**changes))
    return answer["error"]


async def test_an_item_is_echoed_under_other_names_and_stored_as_asked() -> None:
    async with inside() as here:
        answer = await here.shop.post(ADD, await here.body())
        echo = at(answer, "response")
        [item] = await here.base(int(str(at(echo, "item_id"))))

        assert at(echo, "price_info") == {"current_price": 15000, "original_price": 15000}
        assert at(echo, "images", "image_id_list") == at(item, "image", "image_id_list")
        assert (
            at(echo, "attributes", 0, "attribute_value_list", 0, "original_value_name") == "6 Bulan"
        )
        assert (at(item, "item_status"), at(item, "weight")) == ("UNLIST", "0.3")
        assert at(item, "price_info", 0, "original_price") == 15000
        assert at(item, "stock_info_v2", "seller_stock", 0, "stock") == 40


@pytest.mark.parametrize(
    "field",
    [
        "item_name",
        "description",
        "category_id",
        "image",
        "original_price",
        "weight",
        "logistic_info",
        "seller_stock",
    ],
)
async def test_a_required_field_may_not_be_left_out(field: str) -> None:
    async with inside() as here:
        answer = await here.shop.post(ADD, await here.body(**{field: None}))

        assert (answer["error"], answer["message"]) == (
            "product.error_param",
            f"{field}, value must Not Null",
        )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"original_price": "15000"}, "error_param"),
        ({"original_price": 15000.0}, "error_invalid_price"),
        ({"original_price": 98}, "error_price_exceed_min_limitt"),
        ({"original_price": 150000001}, "error_price_exceed_max_limitt"),
        ({"weight": "0.3"}, "error_param"),
        ({"weight": 0}, "error_param"),
        ({"weight": 300}, "error_invalid_logistic_info"),
        ({"category_id": "100734"}, "error_param"),
        ({"category_id": 100652}, "error_invalid_category"),
        ({"category_id": 1}, "error_invalid_category"),
        ({"item_name": "Ker"}, "error_item_name_is_too_short"),
        ({"item_name": "   "}, "error_item_name_empty"),
        ({"item_name": "K" * 256}, "error_name_length_limit"),
        ({"item_name": "Kerupuk\tudang"}, "error_title_character_forbidden"),
        ({"description": "pendek"}, "error_desc_length_min_limit"),
        ({"description": "x" * 3001}, "error_desc_length_min_limit"),
        ({"description": "Kerupuk " + "#enak " * 19}, "error_desc_hash_tag_over_limit"),
        ({"description": "<b>Kerupuk</b> melarat dari Cirebon"}, "error_param"),
        ({"item_sku": "x" * 101}, "error_param"),
        ({"image": {"image_id_list": []}}, "error_image_num_min"),
        ({"image": {"image_id_list": ["id-tidak-ada"]}}, "error_image_unavailable"),
        ({"logistic_info": []}, "error_invalid_logistic_info"),
        ({"logistic_info": [{"logistic_id": 80031, "enabled": True}]}, "error_invalid_logistic_info"),
        ({"logistic_info": [{"logistic_id": 8005, "enabled": True}]}, "error_invalid_logistic_info"),
        ({"logistic_info": [{"logistic_id": 8011, "enabled": True}]}, "error_invalid_logistic_info"),
        ({"logistic_info": [{"logistic_id": 8003, "enabled": False}]}, "error_invalid_logistic_info"),
        (
            {"logistic_info": [{"logistic_id": 8003, "enabled": True}, {"logistic_id": 80031, "enabled": True}]},
            "error_invalid_logistic_info",
        ),
        ({"dimension": None}, "error_invalid_logistic_info"),
        ({"dimension": {"package_length": 25, "package_width": 20}}, "error_param"),
        ({"dimension": dict.fromkeys(("package_length", "package_width", "package_height"), 0)}, "error_param"),
        ({"dimension": dict.fromkeys(("package_length", "package_width", "package_height"), 2.5)}, "error_param"),
        ({"seller_stock": []}, "error_param"),
        ({"seller_stock": [{"stock": -1}]}, "error_param"),
        ({"seller_stock": [{"stock": 1, "location_id": "IDZ"}]}, "error_busi"),
        ({"normal_stock": 40}, "error_param"),
        ({"item_status": "DRAFT"}, "error_param"),
        ({"condition": "new"}, "error_param"),
        ({"pre_order": {"is_pre_order": False, "days_to_ship": 3}}, "error_invalid_days_to_ship"),
        ({"pre_order": {"is_pre_order": True, "days_to_ship": 3}}, "error_param_dts_exceeds_max_limit"),
        ({"brand": None}, "error_less_required_brand"),
        ({"brand": {"brand_id": 0, "original_brand_name": "Siti"}}, "error_invalid_brand"),
        ({"brand": {"brand_id": 7, "original_brand_name": "x"}}, "error_incalid_brand"),
        ({"gtin_code": "12"}, "error_busi"),
        ({"attribute_list": None}, "error_less_required_attribute"),
        ({"attribute_list": [chosen(100643, {"value_id": 9})]}, "error_invalid_attribute_value"),
        ({"attribute_list": [chosen(100643, {"value_id": 0})]}, "error_value_name_required"),
        ({"attribute_list": [chosen(100643, {})]}, "error_param"),
        ({"attribute_list": [SHELF_LIFE, chosen(1, {"value_id": 0})]}, "error_invalid_category_attribute"),
        ({"attribute_list": [SHELF_LIFE, chosen(100644, {"value_id": 5})]}, "error_value_id_must_equal_zero"),
        (
            {"attribute_list": [SHELF_LIFE, chosen(100644, {"value_id": 0, "original_value_name": "250"})]},
            "error_busi_attribute_error",
        ),
        ({"attribute_list": [SHELF_LIFE, chosen(100647, {"value_id": 0, "original_value_name": "besok"})]},
         "error_invalid_attribute_value"),
        ({"attribute_list": [SHELF_LIFE, chosen(100645, {"value_id": 3310})]}, "error_less_required_attribute"),
        ({"attribute_list": [SHELF_LIFE, chosen(100646, CUSTOM)]}, "error_invalid_category_attribute"),
        ({"attribute_list": [SHELF_LIFE, chosen(100648, *[{"value_id": n} for n in (3320, 3321, 3322)])]},
         "error_invalid_attribute_value"),
        ({"attribute_list": [SHELF_LIFE, chosen(100648, CUSTOM)]}, "error_invalid_attribute_value"),
    ],
)  # fmt: skip
async def test_what_breaks_a_rule_is_refused_with_its_code_and_makes_nothing(
    changes: dict[str, object], code: str
) -> None:
    async with inside() as here:
        assert await refused(here, **changes) == f"product.{code}"
        assert (await here.control("GET", "account"))["creates"] == 0


async def test_a_refused_item_leaves_nothing_behind_not_even_its_id() -> None:
    async with inside() as here:
        first = await here.item()
        await refused(here, item_name="Ker")

        assert await here.item() == first + 1


async def test_values_of_every_kind_are_accepted_in_their_documented_form() -> None:
    async with inside() as here:
        await here.item(
            attribute_list=[
                chosen(100643, CUSTOM),
                chosen(100644, {"value_id": 0, "original_value_name": "250", "value_unit": "g"}),
                chosen(100645, {"value_id": 3310}),
                chosen(100646, {"value_id": 0, "original_value_name": "P-IRT 123"}),
                chosen(100647, {"value_id": 0, "original_value_name": "1800000000"}),
                chosen(100648, {"value_id": 3320}, {"value_id": 3321}),
            ]
        )


async def test_error_prefixes_are_a_rule() -> None:
    async with inside(error_prefixes=False) as here:
        assert await refused(here, original_price=1) == "error_price_exceed_min_limitt"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"channels": "none"}, "product.error_invalid_logistic_info"),
        ({"channels": "masked"}, "product.error_invalid_logistic_info"),
        ({"holiday": True}, "product.error_holiday_on_add_item"),
        ({"penalty": True}, "product.error_seller_under_penalty"),
        ({"item_count_max": 0}, "product.error_reach_shop_item_limit"),
        ({"status": "BANNED"}, "shop_banned"),
        ({"status": "FROZEN"}, "product.error_busi_invalid_shop_status"),
    ],
)
async def test_a_shop_in_a_bad_state_adds_nothing(state: dict[str, object], code: str) -> None:
    async with inside() as here:
        body = await here.body()
        await here.control("PATCH", "shops/14701711", state)

        assert (await here.shop.post(ADD, body))["error"] == code


async def test_two_items_may_have_one_sku_unless_the_rule_says_otherwise() -> None:
    async with inside() as here:
        first, second = await here.item(), await here.item()
        doubles = (await here.control("GET", "account"))["duplicates"]
        await here.rules(refuse_same_sku=True)

        assert first != second
        assert doubles == ["OB-busiti-melarat250-1"]
        assert await refused(here) == "product.error_repeated_mtsku"


async def test_an_unlisted_item_may_be_stored_as_normal_behind_its_echo() -> None:
    async with inside() as here:
        await here.dial(Dial(fault=Fault.UNLIST_LEAK, route="*/add_item"))
        answer = await here.shop.post(ADD, await here.body())
        [item] = await here.base(int(str(at(answer, "response", "item_id"))))

        assert (at(answer, "response", "item_status"), item["item_status"]) == ("UNLIST", "NORMAL")


async def test_an_update_merges_fields_replaces_lists_and_checks_the_whole_again() -> None:
    async with inside() as here:
        number = await here.item()
        update = {"item_id": number, "item_name": "Kerupuk Melarat Baru", "item_sku": ""}
        await here.shop.post("product/update_item", update)
        [item] = await here.base(number)
        await here.control("PATCH", "categories/100734", {"open": False})
        untouched = await here.shop.post("product/update_item", update)

        assert (item["item_name"], item["item_sku"]) == ("Kerupuk Melarat Baru", "")
        assert item["description"] != ""
        assert untouched["error"] == "product.error_invalid_category"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"original_price": 1000}, "error_param"),
        ({"seller_stock": [{"stock": 1}]}, "error_param"),
        ({"item_status": "NORMAL"}, "error_set_normal_unlisted_item"),
        ({"item_id": 5}, "error_item_not_found"),
    ],
)
async def test_an_update_does_not_do_what_has_its_own_call(
    change: dict[str, object], code: str
) -> None:
    async with inside() as here:
        body = {"item_id": await here.item(), **change}

        assert (await here.shop.post("product/update_item", body))["error"] == f"product.{code}"


async def test_another_shops_item_is_not_touched() -> None:
    async with inside() as here:
        number = await here.item()
        other = await here.another_shop(shop_name="Toko Kedua")
        answer = await other.post("product/delete_item", {"item_id": number})

        assert answer["error"] == "product.error_item_not_belong_shop"


async def publish(here: Inside, number: int, *, unlist: bool = False) -> dict[str, object]:
    body = {"item_list": [{"item_id": number, "unlist": unlist}]}
    return await here.shop.post("product/unlist_item", body)


@pytest.mark.parametrize(
    ("rules", "status"), [({}, "NORMAL"), ({"review_seconds": None}, "REVIEWING")]
)
async def test_a_published_item_is_normal_or_in_review(
    rules: dict[str, object], status: str
) -> None:
    async with inside(rules) as here:
        number = await here.item()
        answer = await publish(here, number)

        assert at(answer, "response", "success_list") == [{"item_id": number, "unlist": False}]
        assert (await here.base(number))[0]["item_status"] == status


async def test_a_review_ends_by_itself() -> None:
    async with inside(review_seconds=600) as here:
        number = await here.item()
        await publish(here, number)
        here.clock.advance(601)

        assert (await here.base(number))[0]["item_status"] == "NORMAL"


async def test_an_item_that_is_banned_or_reviewed_cannot_be_listed_or_unlisted() -> None:
    async with inside() as here:
        number = await here.item(item_name="Uang palsu mainan")
        await publish(here, number)
        answer = await publish(here, number, unlist=True)

        assert (await here.base(number))[0]["item_status"] == "BANNED"
        assert at(answer, "response", "success_list") == []
        assert "banned" in str(at(answer, "response", "failure_list", 0, "failed_reason"))


async def test_a_deleted_item_can_be_read_for_ninety_days_and_its_answer_has_no_response() -> None:
    async with inside() as here:
        number = await here.item()
        answer = await here.shop.post("product/delete_item", {"item_id": number})
        [item] = await here.base(number)
        await here.control("POST", "clock", {"advance_seconds": 91 * 86_400})
        here.shop = await here.connected(14701711)

        assert "response" not in answer
        assert item["item_status"] == "SELLER_DELETE"
        assert await here.base(number) == []


async def test_prices_and_stock_are_set_absolutely_and_partial_failures_carry_an_error() -> None:
    async with inside() as here:
        number = await here.item()
        prices = [{"model_id": 0, "original_price": 17000}, {"model_id": 9, "original_price": 1}]
        partly = await here.shop.post(
            "product/update_price", {"item_id": number, "price_list": prices}
        )
        stocks = [{"seller_stock": [{"stock": 12}]}]
        whole = await here.shop.post(
            "product/update_stock", {"item_id": number, "stock_list": stocks}
        )
        [item] = await here.base(number)

        assert partly["error"] == "product.error_update_price_fail"
        assert at(partly, "response", "failure_list", 0, "model_id") == 9
        assert whole["error"] == ""
        assert at(item, "price_info", 0, "current_price") == 17000
        assert at(item, "stock_info_v2", "seller_stock", 0, "stock") == 12


async def test_stock_does_not_go_below_what_is_reserved() -> None:
    async with inside() as here:
        number = await here.item()
        await here.control("PATCH", f"items/{number}", {"reserved": 5})
        stocks = [{"model_id": 0, "seller_stock": [{"stock": 4}]}]
        answer = await here.shop.post(
            "product/update_stock", {"item_id": number, "stock_list": stocks}
        )

        assert "reserved" in str(at(answer, "response", "failure_list", 0, "failed_reason"))


async def test_a_promotion_locks_price_name_and_removal() -> None:
    async with inside() as here:
        number = await here.item()
        await here.control("POST", f"items/{number}/promote")
        prices = {"item_id": number, "price_list": [{"original_price": 9000}]}
        rename = {"item_id": number, "item_name": "Kerupuk baru"}
        answers = [
            await here.shop.post("product/update_price", prices),
            await here.shop.post("product/update_item", rename),
            await here.shop.post("product/delete_item", {"item_id": number}),
        ]

        assert all(str(answer["error"]).endswith("_in_promotion") for answer in answers)


async def test_a_success_may_be_not_applied() -> None:
    async with inside() as here:
        number = await here.item()
        await here.dial(Dial(fault=Fault.NOT_APPLIED, route="*/update_stock"))
        stocks = [{"model_id": 0, "seller_stock": [{"stock": 1}]}]
        answer = await here.shop.post(
            "product/update_stock", {"item_id": number, "stock_list": stocks}
        )
        [item] = await here.base(number)

        assert answer["error"] == ""
        assert at(item, "stock_info_v2", "seller_stock", 0, "stock") == 40

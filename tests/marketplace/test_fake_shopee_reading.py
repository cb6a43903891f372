"""What can be read: shapes with their oddities, pages, the lagging index, the shop and the catalogue."""

import pytest

from tests.marketplace.shopee.caller import Query
from tests.marketplace.shopee.dials import Dial, Fault
from tests.marketplace.shopee.inside import Inside, at, inside, rows
from tests.marketplace.shopee.launch import DICT

LIST = "product/get_item_list"
STATUSES = ["NORMAL", "UNLIST", "REVIEWING", "BANNED"]
EVERY: Query = {"offset": 0, "page_size": 100, "item_status": STATUSES}


async def listed(here: Inside, **changes: str | int) -> dict[str, object]:
    answer = await here.shop.get(LIST, {**EVERY, **changes})
    assert answer["error"] == "", answer
    return DICT.validate_python(answer["response"])


async def own_items(here: Inside, number: int) -> None:
    for place in range(number):
        await here.control("POST", "shops/14701711/items", {"sku": f"OWN-{place}"})


async def found(here: Inside, sku: str) -> object:
    answer = await here.shop.get("product/search_item", {"page_size": 50, "item_sku": sku})
    return at(answer, "response", "item_id_list")


async def test_an_empty_page_has_no_item_at_all() -> None:
    async with inside() as here:
        assert await listed(here) == {"total_count": 0, "has_next_page": False, "next_offset": 0}


@pytest.mark.parametrize("stride", [1, 3])
async def test_pages_follow_next_offset(stride: int) -> None:
    async with inside(offset_stride=stride) as here:
        await own_items(here, 5)
        seen: list[object] = []
        page = await listed(here, page_size=2)
        while page["has_next_page"]:
            seen += [entry["item_id"] for entry in _items(page)]
            page = await listed(here, page_size=2, offset=int(str(page["next_offset"])))
        seen += [entry["item_id"] for entry in _items(page)]

        assert len(set(map(str, seen))) == len(seen) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"page_size": 101},
        {"item_status": "LIVE"},
        {"update_time_from": 1},
        {"update_time_from": 5, "update_time_to": 5},
        {"offset": 50_001},
        {"offset": "-1"},
    ],
)
async def test_a_list_call_that_is_not_as_documented_is_refused(
    change: dict[str, str | int],
) -> None:
    async with inside() as here:
        assert (await here.shop.get(LIST, {**EVERY, **change}))["error"] == "product.error_param"


async def test_a_list_can_be_narrowed_to_a_time_and_a_status() -> None:
    async with inside() as here:
        number = await here.item()
        now = int(here.clock.seconds())
        here.clock.advance(100)
        await own_items(here, 1)
        early = await listed(here, update_time_from=now - 10, update_time_to=now + 10)
        unlisted = await listed(here, item_status="UNLIST")

        assert [entry["item_id"] for entry in _items(early)] == [number]
        assert [entry["item_id"] for entry in _items(unlisted)] == [number]


async def test_the_old_word_for_deleted_finds_both_kinds() -> None:
    async with inside() as here:
        for act in ("delete", "shopee_delete"):
            number = await here.item()
            await here.control("POST", f"items/{number}/{act}")
        page = await listed(here, item_status="DELETED")

        assert {entry["item_status"] for entry in _items(page)} == {
            "SELLER_DELETE",
            "SHOPEE_DELETE",
        }


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [
        ("any", [True, True, True]),
        ("comma", [True, False, False]),
        ("repeated", [False, True, False]),
    ],
)
async def test_ids_come_in_the_forms_that_the_rules_allow(rule: str, accepted: list[bool]) -> None:
    async with inside(item_ids=rule) as here:
        one, two = await here.item(), await here.item()
        forms: list[str | list[str]] = [f"{one},{two}", [str(one), str(two)], f"[{one},{two}]"]
        answers = [
            await here.shop.get("product/get_item_base_info", {"item_id_list": ids})
            for ids in forms
        ]

        assert [answer["error"] == "" for answer in answers] == accepted


async def test_an_unknown_id_and_another_shops_id_are_simply_missing() -> None:
    async with inside() as here:
        number = await here.item()
        mine, here.shop = here.shop, await here.another_shop(shop_name="Toko Kedua")
        foreign = await here.base(number)
        here.shop = mine

        assert foreign == []
        assert len(await here.base(number, 7)) == 1


async def test_more_than_fifty_ids_are_refused() -> None:
    async with inside() as here:
        ids = ",".join(map(str, range(51)))
        answer = await here.shop.get("product/get_item_base_info", {"item_id_list": ids})

        assert answer["error"] == "product.error_param"


async def test_the_search_finds_what_contains_the_sku_once_the_index_knows_it() -> None:
    async with inside() as here:
        number = await here.item()
        at_once = await found(here, "OB-busiti-melarat250-1")
        here.clock.advance(5)

        assert at_once == []
        assert await found(here, "melarat250") == [number]
        assert await found(here, "melarat999") == []


async def test_a_host_may_refuse_to_search_by_sku_alone() -> None:
    async with inside(search_by_sku=False) as here:
        answer = await here.shop.get("product/search_item", {"page_size": 50, "item_sku": "OB"})

        assert answer["message"] == "must set one of [item_name,attribute_status]"


async def test_a_new_item_may_be_seen_late_in_list_and_search() -> None:
    async with inside() as here:
        await here.dial(Dial(fault=Fault.DELAYED_VISIBILITY, route="*/add_item", seconds=60))
        await here.item()
        here.clock.advance(59)
        early = (await listed(here))["total_count"], await found(here, "OB-busiti")
        here.clock.advance(1)

        assert early == (0, [])
        assert (await listed(here))["total_count"] == 1


async def test_violations_are_told_with_reasons_and_without_an_error_key() -> None:
    async with inside() as here:
        number = await here.item()
        reason = {"violation_type": "Spam", "violation_reason": "Judul berulang"}
        await here.control("POST", f"items/{number}/ban", {"violations": [reason]})
        answer = await here.shop.get("product/get_item_violation_info", {"item_id_list": number})
        issues = await here.shop.get(
            "account_health/get_listings_with_issues", {"page_no": 1, "page_size": 10}
        )
        detail = at(answer, "response", "item_list", 0, "item_status_details", 0)

        assert "error" not in answer
        assert at(detail, "violation_reason") == "Judul berulang"
        assert at(issues, "response", "listing_list", 0) == {"item_id": number, "reason": 3}


async def test_values_that_no_documentation_knows_can_be_planted() -> None:
    async with inside() as here:
        number = await here.item()
        await here.control("PATCH", f"items/{number}", {"status": "PENDING_QC"})
        await here.control("PATCH", "shops/14701711", {"status": "ON_VACATION"})
        info = await here.shop.get("shop/get_shop_info")

        assert (await here.base(number))[0]["item_status"] == "PENDING_QC"
        assert info["status"] == "ON_VACATION"


async def test_the_diagnosis_names_what_is_missing() -> None:
    async with inside() as here:
        body = {"item_id_list": [await here.item(), 9]}
        path = "product/get_item_content_diagnosis_result"
        answer = await here.shop.post(path, body)
        tasks = at(answer, "response", "success_item_list", 0, "unfinished_task")

        assert at(tasks, 0, "issue_type") == 1
        assert at(answer, "response", "failure_item_list", 0, "item_id") == 9


async def test_shop_info_is_flat_and_small_shops_have_no_warehouses() -> None:
    async with inside() as here:
        info = await here.shop.get("shop/get_shop_info")
        warehouse = await here.shop.get("shop/get_warehouse_detail", {"warehouse_type": 1})

        assert (info["region"], info["is_cb"], "response" in info) == ("ID", False, False)
        assert warehouse["error"] == "warehouse.error_not_in_whitelist"


async def test_a_profile_is_written_with_an_empty_answer_and_a_name_once_in_thirty_days() -> None:
    async with inside() as here:
        path = "shop/update_profile"
        first = await here.shop.post(path, {"shop_name": "Kerupuk Siti", "description": "Asli"})
        again = await here.shop.post(path, {"shop_name": "Kerupuk Siti Dua"})
        logo = await here.shop.post(path, {"shop_logo": "https://contoh.example/a.jpg"})
        long = await here.shop.post(path, {"description": "x" * 501})
        profile = await here.shop.get("shop/get_profile")

        assert first["response"] == {}
        assert {one["error"] for one in (again, logo, long)} == {"shop.error_data_check"}
        assert at(profile, "response", "shop_name") == "Kerupuk Siti"


async def test_channels_are_usable_masked_or_off_and_their_rules_are_an_object() -> None:
    async with inside() as here:
        answer = await here.shop.get("logistics/get_channel_list")
        channels = rows(answer, "response", "logistics_channel_list")
        kinds = {(one["enabled"], one["mask_channel_id"] == 0) for one in channels}
        await here.befall("no_shipping")
        none = await here.shop.get("logistics/get_channel_list")

        assert kinds == {(True, True), (True, False), (False, True)}
        assert at(answer, "response", "channel_relation_rules") == {}
        assert at(none, "response", "logistics_channel_list") == []


async def test_categories_have_display_names_in_the_language_and_can_be_withdrawn() -> None:
    async with inside() as here:
        path = "product/get_category"
        indonesian = await here.shop.get(path, {"language": "id"})
        english = await here.shop.get(path)
        await here.control("PATCH", "categories/100734", {"open": False})
        later = await here.shop.get(path)
        [names, less] = [rows(one, "response", "category_list") for one in (indonesian, later)]
        first = names[0]

        assert first["display_category_name"] == "Makanan & Minuman"
        assert at(english, "response", "category_list", 0, "display_category_name") == (
            "Food & Beverages"
        )
        assert "category_name" not in first
        assert len(names) - len(less) == 1


async def test_the_attribute_tree_has_mandatory_and_child_attributes() -> None:
    async with inside() as here:
        query = {"category_id_list": "100734,100741", "language": "id"}
        answer = await here.shop.get("product/get_attribute_tree", query)
        tree = at(answer, "response", "list", 0, "attribute_tree")
        child = at(tree, 2, "attribute_value_list", 0, "child_attribute_list", 0)

        assert (at(tree, 0, "name"), at(tree, 0, "mandatory")) == ("Masa Penyimpanan", True)
        assert at(child, "attribute_id") == 100646


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("product/get_attribute_tree", {"category_ids": 100734}),
        ("product/get_attribute_tree", {"category_id_list": ",".join(["100734"] * 21)}),
        ("product/get_brand_list", {"category_id": 100734, "status": 1, "offset": 0}),
        ("product/get_category", {"language": "jv"}),
        ("product/category_recommend", {}),
        ("product/get_item_violation_info", {}),
    ],
)
async def test_a_question_without_what_it_needs_is_refused(
    path: str, query: dict[str, str | int]
) -> None:
    async with inside() as here:
        assert str((await here.shop.get(path, query))["error"]).endswith("error_param")


async def test_brands_limits_recommendations_and_values_answer_for_a_leaf() -> None:
    async with inside() as here:
        brands = {"category_id": 100734, "status": 1, "offset": 0, "page_size": 100}
        answer = await here.shop.get("product/get_brand_list", brands)
        limits = await here.shop.get("product/get_item_limit", {"category_id": 100745})
        advice = await here.shop.get(
            "product/category_recommend", {"item_name": "keripik singkong"}
        )
        values = {"attribute_id": 100649, "value_name": "indo", "cursor": 0, "limit": 10}
        listed_values = await here.shop.post("product/search_attribute_value_list", values)
        no_leaf = await here.shop.get("product/get_item_limit", {"category_id": 100652})

        assert at(answer, "response", "is_mandatory") is True
        assert at(limits, "response", "dimension_limit", "dimension_mandatory") is True
        assert at(advice, "response", "category_id", 0) == 100734
        assert at(listed_values, "response", "value_list", 0, "value_id") == 3330
        assert no_leaf["error"] == "product.error_invalid_category"


async def test_an_unrouted_path_is_a_404() -> None:
    async with inside() as here:
        answer = await here.raw.get("/api/v2/product/get_everything")

        assert (answer.status_code, answer.json()["error"]) == (404, "error_not_found")


def _items(page: dict[str, object]) -> list[dict[str, object]]:
    return rows(page, "item") if "item" in page else []

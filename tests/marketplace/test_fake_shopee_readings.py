"""Where sources disagree, the fake can do what either of them says."""

from collections.abc import Awaitable, Callable

import pytest

from tests.marketplace.shopee.inside import Inside, a_jpeg, at, inside
from tests.marketplace.shopee.launch import DICT
from tests.marketplace.shopee.rules import Reading

See = Callable[[Inside], Awaitable[object]]


async def flag(here: Inside) -> object:
    query = {"category_id_list": 100734}
    answer = await here.shop.get("product/get_attribute_tree", query)
    first = DICT.validate_python(at(answer, "response", "list", 0, "attribute_tree", 0))
    return [name for name in first if "mandatory" in name]


async def parameter(here: Inside) -> object:
    answer = await here.shop.get("product/get_attribute_tree", {"category_ids": 100734})
    return answer["error"]


async def brand_page(here: Inside) -> object:
    query = {"category_id": 100734, "status": 1, "offset": 0, "page_size": 10}
    answer = await here.shop.get("product/get_brand_list", query)
    return "has_next_page" in DICT.validate_python(answer["response"]), "is_mandatory" in answer


async def gtin(here: Inside) -> object:
    answer = await here.shop.get("product/get_item_limit")
    return "gtin_limit" in DICT.validate_python(answer["response"]), "gtin_limit" in answer


async def channel_rules(here: Inside) -> object:
    answer = await here.shop.get("logistics/get_channel_list")
    return at(answer, "response", "channel_relation_rules")


async def deboost(here: Inside) -> object:
    return (await here.base(await here.item()))[0]["deboost"]


async def violations(here: Inside) -> object:
    query = {"item_id_list": await here.item()}
    return "error" in await here.shop.get("product/get_item_violation_info", query)


async def profile(here: Inside) -> object:
    answer = await here.shop.post("shop/update_profile", {"shop_name": "x"})
    return answer["error"]


async def lost(here: Inside) -> object:
    return (await here.app.get("push/get_lost_push_message"))["error"]


async def field(here: Inside) -> object:
    return [(await here.app.upload(a_jpeg(), name=name))["error"] for name in ("image", "file")]


async def push(here: Inside) -> object:
    await here.rules(push_url="http://127.0.0.1:9/")
    await here.control("POST", f"items/{await here.item()}/ban")
    pushes = (await here.raw.get("/_control/pushes")).json()
    data = DICT.validate_python(at(pushes, 0, "body", "data"))
    return at(pushes, 0, "body", "code"), "deboost_details" in data


EACH: list[tuple[Reading, See, object, object]] = [
    (Reading.IS_MANDATORY, flag, ["mandatory"], ["is_mandatory"]),
    (Reading.CATEGORY_IDS, parameter, "product.error_param", ""),
    (Reading.BRAND_BESIDE, brand_page, (True, False), (False, True)),
    (Reading.GTIN_BESIDE, gtin, (True, False), (False, True)),
    (Reading.CHANNEL_RULES_LIST, channel_rules, {}, []),
    (Reading.DEBOOST_BOOLEAN, deboost, "false", False),
    (Reading.VIOLATIONS_WITH_ERROR, violations, False, True),
    (Reading.PROFILE_DATA, profile, "shop.error_data_check", "shop.data_data_check"),
    (Reading.DASH, lost, "", "-"),
    (Reading.FILE, field, ["", "error_param"], ["error_param", ""]),
    (Reading.PUSH_6, push, (16, True), (6, True)),
    (Reading.DEBOOSTED_DETAILS, push, (16, True), (16, False)),
]


@pytest.mark.parametrize(("reading", "see", "usual", "other"), EACH)
async def test_either_reading_can_be_had(
    reading: Reading, see: See, usual: object, other: object
) -> None:
    async with inside() as here:
        assert await see(here) == usual
    async with inside(other_readings=[reading]) as here:
        assert await see(here) == other


def test_every_reading_is_tried() -> None:
    assert {reading for reading, *_ in EACH} == {*Reading}

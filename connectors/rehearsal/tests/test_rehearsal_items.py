"""Items at the marketplace's own counter: create, batch, find, change, hide, page, images, review."""

import pytest
from tests.support.practice import JPEG, Practice, item_body, practice, raw_seller

from onboarder_rehearsal.server import Rules


async def created(here: Practice, headers: dict[str, str], key: str) -> str:
    """The number of a new item."""
    answer = await here.raw.post("/v1/items", headers=headers, json=item_body(key))
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["item"]["item_no"]
    return number


async def keys_on(here: Practice, headers: dict[str, str], **params: str) -> list[str]:
    answer = await here.raw.get("/v1/items", headers=headers, params=params)
    return [item["external_key"] for item in answer.json()["items"]]


async def test_two_creates_with_one_reference_make_two_listings() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await created(here, headers, "knm-1-a")
        await created(here, headers, "knm-1-a")
        account = await here.account()

    assert account["duplicate_listings"] == ["knm-1-a"]
    assert account["creates"] == {"stores": 1, "listings": 2}


@pytest.mark.parametrize(
    ("state", "status", "kind"),
    [
        ("refuse", 403, "seller_turned_down"),
        ("suspend", 403, "seller_frozen"),
        ("close", 403, "seller_left"),
    ],
)
async def test_a_store_that_may_not_list_is_refused(state: str, status: int, kind: str) -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.control("POST", f"stores/knm-1/{state}", {"reason": "contoh"})
        answer = await here.raw.post("/v1/items", headers=headers, json=item_body())

        assert (answer.status_code, answer.json()["fault"]["kind"]) == (status, kind)
        assert (await here.creates())[1] == 0


async def test_listing_before_the_store_is_open_depends_on_a_rule() -> None:
    async with practice(rules=Rules(store_review_seconds=None)) as here:
        headers = await raw_seller(here)
        early = await here.raw.post("/v1/items", headers=headers, json=item_body())
        await here.control("PATCH", "rules", {"list_before_open": True})
        allowed = await here.raw.post("/v1/items", headers=headers, json=item_body())

    assert early.json()["fault"]["kind"] == "seller_in_screening"
    assert allowed.status_code == 201


async def test_a_store_without_a_pickup_place_may_not_list() -> None:
    async with practice() as here:
        headers = await raw_seller(here, pickup=False)
        answer = await here.raw.post("/v1/items", headers=headers, json=item_body())

    assert (answer.status_code, answer.json()["fault"]["kind"]) == (409, "pickup_missing")


@pytest.mark.parametrize(
    ("change", "spot"),
    [
        ({"headline": "ab"}, "headline"),
        ({"headline": "x" * 121}, "headline"),
        ({"blurb": "x" * 3001}, "blurb"),
        ({"mass_kg": "0"}, "mass_kg"),
        ({"mass_kg": None}, "mass_kg"),
        ({"images": [f"IMG{n}" for n in range(10)]}, "images"),
        ({"images": ["IMG1-unknown"]}, "images.0"),
        ({"category": "9999"}, "category"),
        ({"category": "1000"}, "category"),
        ({"choices": []}, "choices"),
        ({"choices": [{"sku": "a", "amount_sen": 0, "on_hand": 1}]}, "choices.0.amount_sen"),
        ({"choices": [{"sku": "a", "amount_sen": 99_00, "on_hand": 1}]}, "choices.0.amount_sen"),
        ({"choices": [{"sku": "a", "amount_sen": 10_050, "on_hand": 1}]}, "choices.0.amount_sen"),
        ({"choices": [{"sku": "a", "amount_sen": 10_000, "on_hand": -1}]}, "choices.0.on_hand"),
        ({"choices": [{"sku": "a", "amount_sen": 10_000, "on_hand": 1}] * 2}, "choices"),
        ({"surprise": 1}, "surprise"),
    ],
)
async def test_content_that_breaks_a_limit_is_refused_by_field(
    change: dict[str, object], spot: str
) -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        answer = await here.raw.post("/v1/items", headers=headers, json=item_body() | change)

        assert answer.status_code == 422
        assert [one["at"] for one in answer.json()["fault"]["spots"]] == [spot]
        assert (await here.creates())[1] == 0


async def test_a_batch_is_judged_item_by_item() -> None:
    good, bad, other = item_body("knm-1-a"), item_body("knm-1-b", headline=""), item_body("knm-1-c")
    async with practice() as here:
        headers = await raw_seller(here)
        body = {"items": [good, bad, other]}
        answer = await here.raw.post("/v1/items/batch", headers=headers, json=body)

        results = answer.json()["results"]
        assert [result["external_key"] for result in results] == ["knm-1-a", "knm-1-b", "knm-1-c"]
        assert [result["status"] for result in results] == ["created", "refused", "created"]
        assert results[1]["fault"]["spots"][0]["at"] == "headline"
        assert (await here.creates())[1] == 2


async def test_a_batch_of_more_than_ten_is_refused_whole() -> None:
    body = {"items": [item_body(f"knm-1-{n}") for n in range(11)]}
    async with practice() as here:
        headers = await raw_seller(here)
        answer = await here.raw.post("/v1/items/batch", headers=headers, json=body)

        assert answer.json()["fault"]["kind"] == "batch_too_large"
        assert (await here.creates())[1] == 0


async def test_search_finds_exactly_the_reference_in_the_own_store() -> None:
    async with practice() as here:
        headers, others = await raw_seller(here, "knm-1"), await raw_seller(here, "knm-2")
        for key in ("knm-1-a", "knm-1-ab"):
            await created(here, headers, key)

        assert await keys_on(here, headers, external_key="knm-1-a") == ["knm-1-a"]
        assert await keys_on(here, headers, external_key="KNM-1-A") == []
        assert await keys_on(here, others, external_key="knm-1-a") == []


async def test_pages_neither_skip_nor_repeat_while_items_come_and_go() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        for n in range(6):
            await created(here, headers, f"knm-1-{n}")
        first = await here.raw.get("/v1/items", headers=headers, params={"limit": "3"})
        await here.control("DELETE", "listings/knm-1-0")
        await created(here, headers, "knm-1-6")
        rest = await keys_on(here, headers, limit="3", after=first.json()["next"])
        last = await keys_on(here, headers, limit="3", after="I6")

    assert [item["external_key"] for item in first.json()["items"]] == [
        "knm-1-0",
        "knm-1-1",
        "knm-1-2",
    ]
    assert rest == ["knm-1-3", "knm-1-4", "knm-1-5"]
    assert last == ["knm-1-6"]


@pytest.mark.parametrize("params", [{"limit": "0"}, {"limit": "many"}, {"after": "nonsense"}])
async def test_a_page_that_makes_no_sense_is_refused(params: dict[str, str]) -> None:
    async with practice() as here:
        answer = await here.raw.get("/v1/items", headers=await raw_seller(here), params=params)

    assert answer.status_code in {404, 422}


async def test_a_change_leaves_the_fields_it_does_not_name_alone() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        number = await created(here, headers, "knm-1-a")
        before = (await here.raw.get(f"/v1/items/{number}", headers=headers)).json()["item"]
        here.clock.advance(5)
        body = {"headline": "Judul baru"}
        after = (await here.raw.patch(f"/v1/items/{number}", headers=headers, json=body)).json()

    changed = {name for name, value in after["item"].items() if value != before[name]}
    assert changed == {"headline", "touched_at"}


async def test_price_and_stock_change_on_their_own_and_only_for_choices_that_exist() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        number = await created(here, headers, "knm-1-a")
        shelf = {"choices": [{"sku": "knm-1-a-x", "amount_sen": 990_000}]}
        changed = await here.raw.put(f"/v1/items/{number}/shelf", headers=headers, json=shelf)
        stranger = {"choices": [{"sku": "other", "on_hand": 1}]}
        refused = await here.raw.put(f"/v1/items/{number}/shelf", headers=headers, json=stranger)

    [choice] = changed.json()["item"]["choices"]
    assert (choice["amount_sen"], choice["on_hand"]) == (990_000, 10)
    assert refused.json()["fault"]["kind"] == "choice_unknown"


@pytest.mark.parametrize("number", ["I1", "I99", "nonsense"])
async def test_an_item_of_another_store_is_not_there(number: str) -> None:
    async with practice() as here:
        await created(here, await raw_seller(here, "knm-1"), "knm-1-a")
        others = await raw_seller(here, "knm-2")
        answer = await here.raw.get(f"/v1/items/{number}", headers=others)

    assert (answer.status_code, answer.json()["fault"]["kind"]) == (404, "item_unknown")


async def test_hiding_and_showing_can_be_repeated() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        number = await created(here, headers, "knm-1-a")
        phases = [
            (await here.raw.post(f"/v1/items/{number}/{way}", headers=headers)).json()["item"][
                "phase"
            ]
            for way in ("hide", "hide", "show", "show")
        ]

    assert phases == ["hidden", "hidden", "selling", "selling"]


async def test_review_turns_a_banned_word_down_and_accepts_the_mended_text() -> None:
    body = item_body(headline="Kerupuk rokok ilegal")
    async with practice(rules=Rules(listing_review_seconds=10)) as here:
        headers = await raw_seller(here)
        first = (await here.raw.post("/v1/items", headers=headers, json=body)).json()["item"]
        here.clock.advance(10)
        judged = (await here.raw.get("/v1/items/I1", headers=headers)).json()["item"]
        mended = {"headline": "Kerupuk"}
        again = (await here.raw.patch("/v1/items/I1", headers=headers, json=mended)).json()["item"]
        here.clock.advance(10)
        accepted = (await here.raw.get("/v1/items/I1", headers=headers)).json()["item"]

    assert (first["phase"], judged["phase"]) == ("screening", "turned_down")
    assert "rokok ilegal" in judged["note"]
    assert (again["phase"], accepted["phase"], accepted["note"]) == ("screening", "selling", None)


async def test_a_banned_word_inside_a_longer_word_is_no_banned_word() -> None:
    body = item_body(headline="Antinarkobaan")
    async with practice() as here:
        answer = await here.raw.post("/v1/items", headers=await raw_seller(here), json=body)

    assert answer.json()["item"]["phase"] == "selling"


async def test_a_withdrawn_category_takes_no_items_until_it_is_opened_again() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.control("PATCH", "categories/1010", {"open": False})
        refused = await here.raw.post("/v1/items", headers=headers, json=item_body())
        tree = (await here.raw.get("/v1/taxonomy", headers=headers)).json()["taxonomy"]
        await here.control("PATCH", "categories/1010", {"open": True})
        accepted = await here.raw.post("/v1/items", headers=headers, json=item_body())

    assert refused.json()["fault"]["kind"] == "category_closed"
    assert [leaf["open"] for leaf in tree[0]["children"]][:2] == [False, True]
    assert accepted.status_code == 201


async def test_an_image_uploaded_twice_is_one_image_and_can_be_looked_at() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        files = {"file": ("a.jpg", JPEG, "image/jpeg")}
        first = (await here.raw.post("/v1/images", headers=headers, files=files)).json()
        second = (await here.raw.post("/v1/images", headers=headers, files=files)).json()
        shown = await here.raw.get(first["url"])
        account = await here.account()

    assert first == second
    assert (shown.content, shown.headers["content-type"]) == (JPEG, "image/jpeg")
    assert account["photos"] == 1


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"<html>", "image_unreadable"), (JPEG + bytes(2_000_000), "image_too_large")],
)
async def test_what_is_no_fitting_image_is_refused(content: bytes, kind: str) -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        files = {"file": ("a.jpg", content, "image/jpeg")}
        answer = await here.raw.post("/v1/images", headers=headers, files=files)

    assert (answer.status_code, answer.json()["fault"]["kind"]) == (422, kind)


async def test_an_upload_that_is_no_form_is_refused() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        plain = await here.raw.post("/v1/images", headers=headers, content=JPEG)
        files = {"other": ("a.jpg", JPEG, "image/jpeg")}
        misnamed = await here.raw.post("/v1/images", headers=headers, files=files)

    assert {answer.json()["fault"]["kind"] for answer in (plain, misnamed)} == {"form_unreadable"}


async def test_the_image_of_another_store_cannot_be_used() -> None:
    async with practice() as here:
        headers, others = await raw_seller(here, "knm-1"), await raw_seller(here, "knm-2")
        files = {"file": ("a.jpg", JPEG, "image/jpeg")}
        image = (await here.raw.post("/v1/images", headers=headers, files=files)).json()["image_id"]
        body = item_body(images=[image])
        answer = await here.raw.post("/v1/items", headers=others, json=body)

    assert answer.json()["fault"]["kind"] == "image_unknown"

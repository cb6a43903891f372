"""A merchant's goods: added once, kept within what is believed, on their way to the shops at once."""

import asyncio

import httpx
import pytest
from sqlalchemy import func, select

from onboarder.records.tables import product
from tests.support.signed_in import Service, ulid, with_key
from tests.support.stall import KERUPUK, MERCHANTS, SITI, Stall, a_photo, kerupuk

GOODS = f"{MERCHANTS}/{SITI}/goods"
GOOD = f"{GOODS}/{KERUPUK}"


async def rows(service: Service) -> int:
    async with service.town.database.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(product)) or 0)


async def edited(stall: Stall, **changes: object) -> httpx.Response:
    phone = stall.service.canvasser
    match = {"If-Match": (await phone.get(GOOD)).json()["etag"]}
    return await phone.patch(GOOD, json=changes, headers=match)


async def test_a_good_is_added_once_however_often_it_is_sent(stall: Stall) -> None:
    await stall.register()

    phone = stall.service.canvasser
    first = await phone.post(GOODS, json=kerupuk(), headers=with_key(1))
    again = await phone.post(GOODS, json=kerupuk(), headers=with_key(1))
    at_once = await asyncio.gather(*(stall.add() for _ in range(4)))

    assert first.status_code == 201
    assert first.json()["id"] == KERUPUK
    assert {one.text for one in (again, *at_once)} == {first.text}
    assert await rows(stall.service) == 1


async def test_a_good_added_or_changed_goes_to_the_merchants_shops(stall: Stall) -> None:
    await stall.ready()
    await stall.open()
    await stall.service.town.run_until_quiet()

    await stall.add(id=ulid(9), name="Rengginang contoh")
    await edited(stall, price=15_000)
    await stall.service.town.run_until_quiet()

    account = await stall.service.town.account()
    shown = (await stall.service.canvasser.get(GOOD)).json()
    assert account.states() == ["live", "live"]
    assert account.listing(shown["reference"])["price"] == 15_000
    assert shown["listings"] == [{"marketplace": "rehearsal", "state": "live", "reason": None}]
    assert [lane for _, lane in stall.service.bell.rung[-2:]] == ["stall", "stall"]


async def test_a_good_taken_off_sale_is_withdrawn_and_an_edit_brings_it_back(stall: Stall) -> None:
    await stall.ready()
    await stall.open()
    await stall.service.town.run_until_quiet()

    gone = [await stall.service.canvasser.delete(GOOD) for _ in range(2)]
    await stall.service.town.run_until_quiet()
    withdrawn = (await stall.service.town.account()).states()
    back = await edited(stall, stock=5)

    assert [one.status_code for one in gone] == [200, 200]
    assert withdrawn == ["withdrawn"]
    assert (back.json()["active"], back.json()["stock"]) == (True, 5)


async def test_variants_have_prices_of_their_own(stall: Stall) -> None:
    await stall.register()
    sizes = [{"name": "S", "price": 9000, "stock": 1}, {"name": "L", "price": 12_000, "stock": 2}]

    made = (await stall.add(variants=sizes)).json()
    kept = await edited(stall, name="Kerupuk contoh lain")

    assert (made["variants"], made["price"], made["stock"]) == (sizes, 9000, 3)
    assert kept.json()["variants"] == sizes


async def test_the_kind_of_goods_follows_from_the_name_where_nobody_says_it(stall: Stall) -> None:
    await stall.register()

    known = await stall.add(category=None)
    unknown = await stall.add(id=ulid(9), name="Barang aneh", category=None)

    assert known.json()["category"] == "food-crackers"
    assert unknown.json()["errors"] == [
        {"field": "category", "code": "category_unknown", "title": "jenis barang tidak dikenal"}
    ]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"price": -1}, "price", "price_bounds"),
        ({"price": 10**12}, "price", "price_bounds"),
        ({"price": 0}, "price", "price_bounds"),
        ({"price": 10**15}, "price", "field_too_large"),
        ({"price": 12_500.5}, "price", "field_invalid"),
        ({"price": "12500"}, "price", "field_invalid"),
        ({"stock": -1}, "stock", "stock_unclear"),
        ({"stock": 10**9}, "stock", "stock_unclear"),
        ({"weight_grams": 0}, "weight_grams", "weight_bounds"),
        ({"weight_grams": 10**9}, "weight_grams", "weight_bounds"),
        ({"name": "🌶️🌶️"}, "name", "name_unclear"),
        ({"name": "x" * 10_000}, "name", "field_too_long"),
        ({"description": "x" * 10_000}, "description", "field_too_long"),
        ({"category": "made-up"}, "category", "category_unknown"),
        ({"category": "x\x00"}, "category", "field_invalid"),
        ({"photos": [ulid(404)]}, "photos", "photo_missing"),
        ({"photos": ["../../etc/passwd"]}, "photos.0", "field_invalid"),
        ({"variants": [{"name": "S", "price": 1, "stock": 1}]}, "variants.0.price", "price_bounds"),
        (
            {"variants": [{"name": "", "price": 900, "stock": 1}]},
            "variants.0.name",
            "variant_missing",
        ),
        (
            {"variants": [{"name": one, "price": 900, "stock": 1} for one in ("M", " m ")]},
            "variants.1.name",
            "variant_twice",
        ),
        (
            {"variants": [{"name": f"v{n}", "price": 900, "stock": 1} for n in range(51)]},
            "variants",
            "field_too_long",
        ),
    ],
)
async def test_nonsense_is_refused_and_named(
    stall: Stall, changes: dict[str, object], field: str, code: str
) -> None:
    await stall.register()

    answer = await stall.add(**changes)

    assert answer.status_code == 422
    assert {"field": field, "code": code}.items() <= answer.json()["errors"][0].items()
    assert await rows(stall.service) == 0


async def test_thirty_variants_are_kept_and_said_to_be_too_many_for_a_marketplace(
    stall: Stall,
) -> None:
    await stall.ready()
    many = [{"name": f"ukuran {n}", "price": 900, "stock": 1} for n in range(30)]

    await stall.add(id=ulid(9), variants=many)
    verdict = await stall.service.canvasser.get(f"{MERCHANTS}/{SITI}/readiness")

    [rehearsal] = verdict.json()
    assert [(one["code"], one["subject"]) for one in rehearsal["missing"]] == [
        ("variants", ulid(9))
    ]
    assert rehearsal["ready"]


async def test_of_two_edits_at_once_one_is_refused(stall: Stall) -> None:
    await stall.register()
    match = {"If-Match": (await stall.add()).json()["etag"]}

    phone = stall.service.canvasser
    edits = [phone.patch(GOOD, json={"price": 9000 + n}, headers=match) for n in range(4)]
    answers = await asyncio.gather(*edits)

    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]


async def test_photos_are_finished_uploads_of_ones_own(stall: Stall) -> None:
    await stall.register()
    photo = a_photo()
    await stall.announce(photo)
    early = await stall.add(photos=[ulid(50)])
    await stall.send(photo, 0)

    made = await stall.add(photos=[ulid(50), ulid(50)])
    [kept] = made.json()["photos"]
    same = await edited(stall, photos=[kept])
    none = await edited(stall, photos=[])
    foreign = await stall.service.coordinator.post(
        GOODS, json=kerupuk(id=ulid(9), photos=[ulid(50)]), headers=stall.key()
    )

    assert early.json()["code"] == "photo_missing"
    assert stall.service.premises.kit.photos.path(kept).is_file()  # type: ignore[attr-defined]  # the real store
    assert (same.json()["photos"], none.json()["photos"]) == ([kept], [])
    assert foreign.json()["code"] == "photo_missing"


async def test_others_see_nothing_of_a_merchants_goods(stall: Stall) -> None:
    await stall.register()
    reference = (await stall.add()).json()["reference"]

    stranger = stall.service.stranger
    for good in (KERUPUK, reference, ulid(404)):
        path = f"{GOODS}/{good}"
        answers = [
            await stranger.get(path),
            await stranger.patch(path, json={"price": 1000}, headers={"If-Match": "*"}),
            await stranger.delete(path),
            await stranger.post(GOODS, json=kerupuk(id=ulid(9)), headers=stall.key()),
        ]
        assert [one.status_code for one in answers] == [404] * 4
    assert (await stall.service.canvasser.get(f"{GOODS}/{reference}")).status_code == 200


async def test_a_good_is_not_found_under_another_merchant(stall: Stall) -> None:
    await stall.register()
    reference = (await stall.add()).json()["reference"]
    await stall.register(id=ulid(9), name="Budi Contoh", stall="7", phone=None)

    other = f"{MERCHANTS}/{ulid(9)}/goods"
    found = [await stall.service.canvasser.get(f"{other}/{one}") for one in (KERUPUK, reference)]

    assert [one.status_code for one in found] == [404, 404]

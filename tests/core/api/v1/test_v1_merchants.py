"""Merchants registered at the stall: once each, seen by whoever may, edited by one at a time."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from onboarder.model.ids import MarketCode, merchant_id
from onboarder.records.tables import canvasser, merchant
from tests.support.signed_in import Service, ulid, with_key
from tests.support.stall import MERCHANTS, PNG, SITI, TODAY, Stall, siti
from tests.support.town import PROGRAMME, a_merchant


async def rows(service: Service) -> int:
    async with service.town.database.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(merchant)) or 0)


async def test_a_merchant_is_registered_as_imports_would_write_it(stall: Stall) -> None:
    answer = await stall.register()

    made = answer.json()
    assert answer.status_code == 201
    assert made["id"] == merchant_id(PROGRAMME.code, MarketCode("KNM"), SITI)
    assert (made["field_id"], made["registered_by"]) == (SITI, "C01")
    assert (made["phone"], made["block"], made["stall"]) == ("+6281234567890", "B", "12")
    async with stall.service.town.database.read() as tx:
        assert await tx.scalar(select(merchant.c.stall)) == "Blok B / Los 12"


async def test_the_same_registration_again_gives_the_same_merchant(stall: Stall) -> None:
    """An answer lost after the commit, with the key and without it (an app that forgot), and what is there stays."""
    first = await stall.service.canvasser.post(MERCHANTS, json=siti(), headers=with_key(1))
    again = await stall.service.canvasser.post(MERCHANTS, json=siti(), headers=with_key(1))
    forgotten = await stall.register(name="Nama Lain")

    assert first.json() == again.json() == forgotten.json()
    assert [one.status_code for one in (first, again, forgotten)] == [201, 201, 201]
    assert await rows(stall.service) == 1


async def test_two_devices_at_once_register_one_merchant(stall: Stall) -> None:
    answers = await asyncio.gather(*(stall.register() for _ in range(5)))

    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1
    assert await rows(stall.service) == 1


async def test_one_id_never_stands_for_two_merchants_in_two_markets(stall: Stall) -> None:
    await stall.register()

    other = await stall.register(stall.service.coordinator, market="PGI")

    assert other.json()["market"] == "KNM"
    assert await rows(stall.service) == 1


async def test_somebody_who_seems_to_be_there_already_is_asked_about(stall: Stall) -> None:
    known = replace(a_merchant(1), name="Siti Contoh", stall="Blok B / Los 12", phone=None)
    await stall.service.town.keep([known], [])

    asked = await stall.register(phone=None)
    another = await stall.register(phone=None, same_person_ok=True)

    assert (asked.status_code, asked.json()["code"]) == (409, "likely_same")
    assert asked.json()["merchants"] == [{"id": known.id, "stall": "Blok B / Los 12"}]
    assert another.status_code == 201


async def test_what_several_merchants_share_is_warned_of_imported_ones_too(stall: Stall) -> None:
    imported = replace(a_merchant(1), phone="+6281234567890", email="toko@contoh.id")
    await stall.service.town.keep([imported], [])
    shared = {"email": "TOKO@contoh.id", "device": "imei 35-2099"}
    await stall.register(
        id=ulid(9), name="Budi Contoh", stall="99", phone=None, device="imei 352099"
    )

    first = await stall.register(**shared)

    warned = {one["code"]: one["title"] for one in first.json()["warnings"]}
    assert set(warned) == {"phone_shared", "email_shared"}
    assert "1 pedagang lain" in warned["phone_shared"]
    async with stall.service.town.database.read() as tx:
        kept = (await tx.execute(select(merchant.c.device))).scalars().all()
    assert not any(str(one)[:2] == "35" or "imei" in str(one) for one in kept)


async def test_the_same_device_behind_two_merchants_is_warned_of(stall: Stall) -> None:
    await stall.register(device="IMEI 352099")
    second = await stall.register(
        id=ulid(9), name="Budi Contoh", stall="99", phone=None, device="imei 352099"
    )

    assert [one["code"] for one in second.json()["warnings"]] == ["device_shared"]


async def test_who_is_invented_for_practice_stands_apart(stall: Stall) -> None:
    """Neither asked about nor warned of beside real merchants."""
    await stall.register()

    twin = await stall.register(id=ulid(9), practice=True)
    real = await stall.register(id=ulid(10), name="Budi Contoh", stall="99", phone=None)

    assert (twin.status_code, twin.json()["practice"], twin.json()["warnings"]) == (201, True, [])
    assert (real.status_code, real.json()["practice"]) == (201, False)
    assert (await stall.shown())["warnings"] == []


async def test_an_edit_needs_the_version_it_was_made_from(stall: Stall) -> None:
    made = await stall.register()
    path, phone = f"{MERCHANTS}/{SITI}", stall.service.canvasser
    match = {"If-Match": made.headers["etag"]}

    without = await phone.patch(path, json={"name": "A"})
    first = await phone.patch(path, json={"name": "Siti Baru"}, headers=match)
    second = await phone.patch(path, json={"name": "Siti Lain"}, headers=match)

    assert [one.status_code for one in (without, first, second)] == [428, 200, 412]
    assert (await stall.shown())["name"] == "Siti Baru"
    assert first.headers["etag"] != made.headers["etag"]


async def test_an_edit_whose_answer_was_lost_is_known_by_its_key(stall: Stall) -> None:
    """What stands there is written otherwise than the phone wrote it: only the key tells that it is the phone's own."""
    match = {"If-Match": (await stall.register()).headers["etag"]}
    path, body = f"{MERCHANTS}/{SITI}", {"phone": "0813 9999 8888"}
    first = await stall.service.canvasser.patch(path, json=body, headers=match | with_key(7))

    again = await stall.service.canvasser.patch(path, json=body, headers=match | with_key(7))
    other = await stall.service.canvasser.patch(
        path, json={"phone": None}, headers=match | with_key(7)
    )
    foreign = await stall.service.canvasser.patch(path, json=body, headers=match | with_key(8))

    assert (again.status_code, again.content) == (200, first.content)
    assert [other.status_code, foreign.status_code] == [422, 412]


async def test_of_two_edits_at_once_one_is_refused(stall: Stall) -> None:
    match = {"If-Match": (await stall.register()).headers["etag"]}

    edits = [
        stall.service.canvasser.patch(
            f"{MERCHANTS}/{SITI}", json={"goods": f"terasi {number}"}, headers=match
        )
        for number in range(4)
    ]
    answers = await asyncio.gather(*edits)

    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]


async def test_an_edit_of_one_field_leaves_the_others_alone(stall: Stall) -> None:
    imported = replace(a_merchant(1), stall="dekat pintu / lantai 2", email="a@contoh.id")
    await stall.service.town.keep([imported], [])
    path, phone = f"{MERCHANTS}/{imported.id}", stall.service.canvasser
    match = {"If-Match": (await phone.get(path)).headers["etag"]}

    edited = await phone.patch(path, json={"phone": None}, headers=match)

    assert edited.status_code == 200
    async with stall.service.town.database.read() as tx:
        row = (await tx.execute(select(merchant))).mappings().one()
    assert (row["phone"], row["stall"], row["email"]) == (None, imported.stall, imported.email)
    assert row["registered_by"] == "import"
    assert row["trained_by"] == imported.trained_by


async def test_an_edit_wakes_the_merchants_stores_before_the_night(stall: Stall) -> None:
    await stall.ready()
    await stall.open()
    await stall.service.town.run_until_quiet()
    stall.service.bell.rung.clear()
    path, phone = f"{MERCHANTS}/{SITI}", stall.service.canvasser
    match = {"If-Match": (await phone.get(path)).headers["etag"]}

    await phone.patch(path, json={"shop_name": "Warung Baru"}, headers=match)

    [store] = await stall.service.town.due()
    assert stall.service.bell.rung == [(store, "stall")]


async def test_training_is_a_day_and_a_canvasser_and_not_to_come(stall: Stall) -> None:
    await stall.register()
    path = f"{MERCHANTS}/{SITI}/training"

    trained = await stall.train()
    again = await stall.service.coordinator.put(path, json={"on": TODAY})
    future = await stall.service.canvasser.put(path, json={"on": "2026-11-24"})
    ages = await stall.service.canvasser.put(path, json={"on": "2019-01-01"})

    assert trained.json()["trained_on"] == again.json()["trained_on"] == TODAY
    assert [one.json()["errors"][0]["code"] for one in (future, ages)] == ["date_bounds"] * 2
    async with stall.service.town.database.read() as tx:
        assert await tx.scalar(select(merchant.c.trained_by)) == "c01"
        assert await tx.scalar(select(canvasser.c.id)) == "c01"


async def test_others_see_nothing_of_a_merchant(stall: Stall) -> None:
    made = (await stall.register()).json()
    stranger = stall.service.stranger
    body = {"kind": "nik", "box": stall.box(b"3274010101900001")}

    for key in (SITI, made["id"], ulid(404)):
        path = f"{MERCHANTS}/{key}"
        answers = [
            await stranger.get(path),
            await stranger.patch(path, json={"name": "x"}, headers={"If-Match": "*"}),
            await stranger.put(f"{path}/training", json={"on": TODAY}),
            await stranger.put(f"{path}/identity", json=body),
            await stranger.get(f"{path}/readiness"),
            await stranger.post(f"{path}/stores", json={"marketplaces": ["rehearsal"]}),
        ]
        assert [one.status_code for one in answers] == [404] * 6
        assert len({one.json()["code"] for one in answers}) == 1
    taken = await stall.register(stranger, market="PGI")
    assert taken.status_code == 404
    assert (await stranger.get(MERCHANTS)).json()["items"] == []
    assert (await stranger.get(MERCHANTS, params={"market": "KNM"})).status_code == 404
    assert (await stall.service.coordinator.get(f"{MERCHANTS}/{SITI}")).status_code == 200


async def test_nobody_registers_into_a_foreign_market(stall: Stall) -> None:
    assert (await stall.register(market="PGI")).status_code == 404
    assert (await stall.register(market="XXX")).status_code == 422
    assert await rows(stall.service) == 0


async def test_a_list_goes_page_by_page_and_says_no_phone(stall: Stall) -> None:
    await stall.service.town.settle(5)

    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        query: dict[str, str | int] = {"limit": 2, "cursor": cursor, "q": "contoh"}
        page = (await stall.service.canvasser.get(MERCHANTS, params=query)).json()
        assert "phone" not in str(page)
        assert "+62811" not in str(page)
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert seen == sorted({a_merchant(number).id for number in range(5)})
    found = await stall.service.canvasser.get(MERCHANTS, params={"q": "A/3"})
    assert [one["stall"] for one in found.json()["items"]] == ["A/3"]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"name": "😀😀😀"}, {"name_unclear"}),
        ({"name": "x" * 10_000}, {"field_too_long"}),
        ({"name": ""}, {"field_too_short"}),
        ({"name": "a\x00b"}, {"field_invalid"}),
        ({"phone": "0812 / 0813 4567 8901"}, {"phone_several"}),
        ({"phone": "+1 202 555 0100"}, {"phone_unclear"}),
        ({"email": "bukan email", "phone": "x"}, {"email_unclear", "phone_unclear"}),
        ({"id": "1"}, {"field_invalid"}),
        ({"market": "K\x00"}, {"field_invalid"}),
        ({"admin": True}, {"field_unknown"}),
        ({"stall": "9" * 46}, {"field_too_long"}),
    ],
)
async def test_nonsense_is_refused_field_by_field_and_never_repeated(
    stall: Stall, changes: dict[str, object], codes: set[str]
) -> None:
    answer = await stall.register(**changes)

    assert answer.status_code == 422
    assert {one["code"] for one in answer.json()["errors"]} == codes
    assert not any(str(one) in answer.text for one in changes.values() if len(str(one)) > 5)
    assert await rows(stall.service) == 0


async def test_a_name_in_any_script_with_an_emoji_comes_back_as_written(stall: Stall) -> None:
    made = await stall.register(name="Ibu Siti 🌶️ 王", shop_name=None)

    assert made.json()["name"] == "Ibu Siti 🌶️ 王"


async def test_an_identity_number_goes_into_the_vault_and_is_never_shown(stall: Stall) -> None:
    await stall.register()
    path, phone = f"{MERCHANTS}/{SITI}/identity", stall.service.canvasser
    nik = b"3274010101900001"

    kept = await phone.put(path, json={"kind": "nik", "box": stall.box(nik)})
    again = await phone.put(path, json={"kind": "nik", "box": stall.box(nik)})

    shown = await phone.get(f"{MERCHANTS}/{SITI}")
    assert (kept.status_code, again.status_code) == (204, 204)
    assert shown.json()["identities"] == ["nik"]
    assert nik.decode() not in shown.text


@pytest.mark.parametrize(
    ("plain", "bound", "code"),
    [
        (b"3274010101900001", ulid(8), "box_spoilt"),
        (b"327401010190000", SITI, "nik_unclear"),
        (b"32740101019000011", SITI, "nik_unclear"),
        (b"0000000000000000", SITI, "nik_unclear"),
        (PNG, SITI, "nik_unclear"),
    ],
)
async def test_a_box_for_another_merchant_or_without_a_number_is_refused(
    stall: Stall, plain: bytes, bound: str, code: str
) -> None:
    await stall.register()
    body = {"kind": "nik", "box": stall.box(plain, bound=bound)}

    answer = await stall.service.canvasser.put(f"{MERCHANTS}/{SITI}/identity", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert (await stall.shown())["identities"] == []


async def test_a_box_sealed_to_a_key_of_yesterday_says_so(stall: Stall) -> None:
    await stall.register()
    box = stall.box(b"3274010101900001") | {"key_id": "0" * 16}

    answer = await stall.service.canvasser.put(
        f"{MERCHANTS}/{SITI}/identity", json={"kind": "nik", "box": box}
    )

    assert answer.json()["code"] == "box_key_unknown"

"""What merchants agree to and take back: on record for ever, and the work stops with their word."""

import asyncio
import hashlib

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from onboarder.converge.loop import PassEnd
from onboarder.converge.orders import open_stores
from onboarder.model.consents import Purpose
from onboarder.model.ids import StoreId
from onboarder.people.places import Place
from onboarder.records import consents as records
from onboarder.records import field
from onboarder.records.field_tables import consent_given
from tests.support.signed_in import Service, ulid, with_key
from tests.support.stall import MERCHANTS, PNG, SITI, Stall
from tests.support.town import REHEARSAL, a_merchant

CONSENTS = f"{MERCHANTS}/{SITI}/consents"


async def rows(service: Service) -> int:
    async with service.town.database.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(consent_given)) or 0)


async def an_open_shop(stall: Stall) -> StoreId:
    await stall.ready()
    await stall.add(id=ulid(9), name="Rengginang contoh")
    [store] = (await stall.open()).json()["accepted"]
    await stall.service.town.run_until_quiet()
    return StoreId(store["id"])


async def test_an_answer_is_kept_once_with_the_very_words(stall: Stall) -> None:
    await stall.register()
    body = {
        "id": ulid(70),
        "purpose": "data",
        "text_version": "1",
        "given": True,
        "read_aloud": True,
        "at": "2026-11-23T01:00:00Z",
    }
    phone = stall.service.canvasser

    first = await phone.post(CONSENTS, json=body, headers=with_key(1))
    again = await phone.post(CONSENTS, json=body, headers=with_key(1))
    at_once = await asyncio.gather(
        *(phone.post(CONSENTS, json=body, headers=stall.key()) for _ in range(4))
    )

    assert first.status_code == 201
    assert {one.text for one in (again, *at_once)} == {first.text}
    assert await rows(stall.service) == 1
    [text] = [
        one
        for one in (await phone.get("/api/v1/consent-texts")).json()["items"]
        if one["purpose"] == "data"
    ]
    found = stall.service.premises.kit.texts.find(Purpose.DATA, "1", None, "")
    assert found is not None
    assert found.id.text == text["text"]
    assert first.json()["text_digest"] == found.digest
    assert len(first.json()["text_digest"]) == len(hashlib.sha256().hexdigest())


async def test_every_purpose_has_a_text_in_both_languages_with_what_the_law_asks_for(
    stall: Stall,
) -> None:
    phone = stall.service.canvasser
    shown = {
        lang: (await phone.get("/api/v1/consent-texts", params={"lang": lang})).json()["items"]
        for lang in ("id", "en")
    }

    assert [one["purpose"] for one in shown["id"]] == ["data", "marketplace", "photos", "contact"]
    assert [one["marketplace"] for one in shown["id"]] == [None, "rehearsal", None, None]
    for word in (
        "Dasar pengolahan",
        "Untuk apa",
        "Berapa lama",
        "Hak Anda",
        "Mencabut persetujuan",
    ):
        assert all(word in one["text"] for one in shown["id"])
    assert all("Taking it back" in one["text"] for one in shown["en"])
    assert not any("{" in one["text"] + one["summary"] for one in shown["id"] + shown["en"])


@pytest.mark.parametrize(
    "statement", [update(consent_given).values(given=True), delete(consent_given)]
)
async def test_no_consent_is_ever_changed_or_removed(stall: Stall, statement: object) -> None:
    await stall.register()
    await stall.consent("data", given=False)

    with pytest.raises(DBAPIError, match="appended only"):
        async with stall.service.town.database.write() as tx:
            await tx.execute(statement)  # type: ignore[call-overload]  # either kind
    assert await rows(stall.service) == 1


async def test_an_id_of_another_merchants_consent_is_refused(stall: Stall) -> None:
    await stall.register()
    await stall.register(id=ulid(9), name="Budi Contoh", stall="7", phone=None)
    await stall.consent("data", id=ulid(70))

    other = await stall.consent("data", ulid(9), id=ulid(70))

    assert (other.status_code, other.json()["code"]) == (409, "id_taken")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text_version": "99"}, "text_unknown"),
        ({"marketplace": "rehearsal"}, "text_unknown"),
        ({"purpose": "marketplace"}, "text_unknown"),
        ({"purpose": "marketplace", "marketplace": "elsewhere"}, "marketplace_unknown"),
        ({"purpose": "everything"}, "field_invalid"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "field_invalid"),
        ({"at": "2026-11-23T01:00:00"}, "field_invalid"),
        ({"given": "maybe"}, "field_invalid"),
    ],
)
async def test_an_answer_to_no_text_of_ours_is_refused(
    stall: Stall, changes: dict[str, object], code: str
) -> None:
    await stall.register()

    answer = await stall.consent("data", **changes)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert await rows(stall.service) == 0


async def test_a_signature_lies_in_the_vault_under_the_merchants_own_key(stall: Stall) -> None:
    made = (await stall.register()).json()
    signed = await stall.consent("data", id=ulid(70), signature=stall.box(PNG))
    foreign = await stall.consent("data", signature=stall.box(PNG, bound=ulid(8)))
    no_picture = await stall.consent("data", signature=stall.box(b"MZ"))

    assert signed.json()["signed"]
    assert [one.json()["errors"][0]["code"] for one in (foreign, no_picture)] == [
        "box_spoilt",
        "signature_unclear",
    ]
    town = stall.service.town
    async with town.database.read() as tx:
        kept = await records.find(tx, ulid(70))
    assert kept is not None
    assert kept.signature is not None
    place = Place(made["id"], "consent_given", "signature", ulid(70))
    assert (
        (await town.around.vault.open(place, kept.signature)).get_secret_value().startswith("iVBOR")
    )
    await town.keys.forget(made["id"])
    with pytest.raises(Exception, match="not in the key store"):
        await town.around.vault.open(place, kept.signature)


async def test_no_shop_without_a_word_from_whom_we_met_in_the_field(stall: Stall) -> None:
    await stall.register()
    await stall.train()
    await stall.add()

    refused = (await stall.open()).json()
    await stall.consent("data")
    half = (await stall.open()).json()
    await stall.consent("marketplace")
    accepted = (await stall.open()).json()

    assert [one["code"] for one in refused["refused"]] == ["consent_data"]
    assert [one["code"] for one in half["refused"]] == ["consent_marketplace"]
    assert (len(accepted["accepted"]), accepted["refused"]) == (1, [])


async def test_the_gate_of_consents_stands_at_every_door(stall: Stall) -> None:
    """The command line and the office order through the same use case."""
    await stall.register()
    await stall.train()
    town = stall.service.town
    imported = a_merchant(1)
    await town.keep([imported], [])
    async with town.database.read() as tx:
        entry = await field.entry(tx, SITI)
    assert entry is not None

    receipt = await open_stores(
        town.database,
        stall.service.bell,
        [entry.merchant, imported],
        [REHEARSAL],
        by="ani",
        clock=town.clock,
    )

    assert receipt.accepted == (f"{imported.id}@rehearsal",)
    assert [(owner, why.code) for owner, why in receipt.refused] == [
        (entry.merchant.id, "gate.consent_data")
    ]


@pytest.mark.parametrize("purpose", ["data", "marketplace"])
async def test_taking_back_stops_all_work_for_the_shop(stall: Stall, purpose: str) -> None:
    store = await an_open_shop(stall)
    await stall.add(id=ulid(10), name="Terasi contoh", category="food-crackers")
    town = stall.service.town
    before = await town.writes()

    await stall.consent(purpose, given=False)
    await town.run_until_quiet()

    work = (await stall.service.canvasser.get("/api/v1/work")).json()
    [task] = await town.tasks()
    assert await town.writes() == before
    assert [(one["stage"], one["who"]) for one in work["stores"]] == [("stopped", "coordinator")]
    assert (task.code, task.who, task.store_id) == ("consent.withdrawn", "coordinator", store)
    assert (await stall.open()).json()["accepted"] == []


async def test_a_pass_under_way_writes_nothing_more_once_the_word_is_taken_back(
    stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stall.ready()
    [store] = (await stall.open()).json()["accepted"]
    town = stall.service.town
    connector = type(town.around.marketplaces[REHEARSAL].connector)
    original = connector.open_store

    async def taken_back(self: object, content: object) -> object:
        await stall.consent("marketplace", given=False)
        return await original(self, content)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(connector, "open_store", taken_back)
    assert await town.pass_over(StoreId(store["id"])) is PassEnd.LOST
    await town.run_until_quiet()

    assert (await town.account()).states() == []


async def test_the_task_is_done_once_the_office_says_so(stall: Stall) -> None:
    await an_open_shop(stall)
    await stall.consent("marketplace", given=False)
    town = stall.service.town
    await town.answer("done")
    await town.run_until_quiet()

    assert await town.tasks() == []


async def test_given_again_the_shop_goes_on_where_it_was(stall: Stall) -> None:
    await an_open_shop(stall)
    town = stall.service.town
    await stall.consent("marketplace", given=False)
    await stall.add(id=ulid(10), name="Kerupuk kulit contoh")
    await town.run_until_quiet()

    town.clock.now = town.clock.now.replace(hour=5)
    await stall.consent("marketplace")
    await town.run_until_quiet()

    account = await town.account()
    assert account.states() == ["live", "live", "live"]
    assert account.creates == {"stores": 1, "listings": 3}
    assert await town.tasks() == []


async def test_an_answer_that_is_about_nothing_else_leaves_the_shop_alone(stall: Stall) -> None:
    await an_open_shop(stall)

    await stall.consent("photos", given=False)
    await stall.consent("contact", given=False)

    assert await stall.service.town.tasks() == []


async def test_personal_links_end_with_the_consent(stall: Stall) -> None:
    stall.ask_permission()
    await stall.ready()
    [store] = [one["id"] for one in (await stall.open()).json()["accepted"]]
    await stall.service.town.run_until_quiet()
    path = f"/api/v1/stores/{store}/link"
    phone = stall.service.canvasser
    link = (await phone.get(path)).json()["url"]

    await stall.consent("marketplace", given=False)

    refused = await phone.get(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "link_refused")
    followed = await stall.service.anybody.post(link.removeprefix("https://pelatihan.example"))
    assert followed.status_code == 410


async def test_others_record_nothing_for_a_merchant(stall: Stall) -> None:
    made = (await stall.register()).json()
    body = {
        "id": ulid(70),
        "purpose": "data",
        "text_version": "1",
        "given": False,
        "read_aloud": True,
    }
    body |= {"at": "2026-11-23T01:00:00Z"}

    for key in (SITI, made["id"], ulid(404)):
        answer = await stall.service.stranger.post(
            f"{MERCHANTS}/{key}/consents", json=body, headers=stall.key()
        )
        assert answer.status_code == 404
    assert await rows(stall.service) == 0

"""“Buka toko”, what is under way, what waits for whom, and the owner's link."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from onboarder.connector.errors import Advice
from onboarder.model.people import Actor
from onboarder.model.work import Lane
from onboarder.people.roles import Role
from onboarder.records import stores, tasks
from tests.support.signed_in import OWN, Service, ulid, with_key
from tests.support.stall import MERCHANTS, SITI, Stall
from tests.support.town import REHEARSAL

WORK = "/api/v1/work"
QUESTION = Advice("drift.price_changed", Actor.CANVASSER, "Harga berubah.", "The price changed.")


async def under_way(stall: Stall, **query: str) -> dict[str, list[dict[str, object]]]:
    answer = await stall.service.canvasser.get(WORK, params=query)
    found: dict[str, list[dict[str, object]]] = answer.raise_for_status().json()
    return found


async def asked(service: Service, subject: str, advice: Advice = QUESTION, *choices: str) -> int:
    """A task of the only store's."""
    async with service.town.database.write() as tx:
        [one] = await stores.records(tx)
        await tasks.ask(
            tx,
            where=one.id,
            owner=one.merchant_id,
            subject=subject or one.id,
            advice=advice,
            now=service.town.clock(),
            choices=choices,
        )
        return max(found.id for found in await tasks.open_of(tx, one.id))


async def test_a_shop_ordered_at_the_stall_opens_and_is_watched_without_reloading(
    stall: Stall,
) -> None:
    await stall.ready()

    ordered = await stall.open()
    again = await stall.open()
    first = await stall.service.canvasser.get(WORK)
    await stall.service.town.run_until_quiet()
    etag = {"If-None-Match": first.headers["etag"]}
    later = await stall.service.canvasser.get(WORK, headers=etag)
    stall.service.pass_by(timedelta(seconds=3))
    unchanged = await stall.service.canvasser.get(
        WORK, headers={"If-None-Match": later.headers["etag"]}
    )

    [accepted] = ordered.json()["accepted"]
    assert (ordered.status_code, accepted["stage"]) == (202, "draft")
    assert [one["id"] for one in again.json()["accepted"]] == [accepted["id"]]
    assert [one["stage"] for one in first.json()["stores"]] == ["draft"]
    assert [(one["stage"], one["done"], one["total"]) for one in later.json()["stores"]] == [
        ("open", 1, 1)
    ]
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (accepted["id"], Lane.STALL) in stall.service.bell.rung
    assert (await stall.service.town.account()).creates == {"stores": 1, "listings": 1}


async def test_an_order_that_is_sent_again_under_its_key_gets_the_same_answer(stall: Stall) -> None:
    await stall.ready()
    path, phone = f"{MERCHANTS}/{SITI}/stores", stall.service.canvasser
    body, key = {"marketplaces": ["rehearsal"]}, with_key(7)

    first, again = [await phone.post(path, json=body, headers=key) for _ in range(2)]
    other = await phone.post(path, json=body | {"practice": True}, headers=key)

    assert first.json()["accepted"]
    assert (again.status_code, again.json()) == (202, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_a_refused_order_says_the_first_thing_that_is_missing(stall: Stall) -> None:
    await stall.register()

    answers = [(await stall.open(marketplaces=["rehearsal", "nowhere"])).json()]
    await stall.train()
    for purpose in ("data", "marketplace"):
        await stall.consent(purpose)
    answers.append((await stall.open()).json())

    refused = [[(one["marketplace"], one["code"]) for one in said["refused"]] for said in answers]
    assert refused == [
        [("rehearsal", "training"), ("nowhere", "marketplace_unknown")],
        [("rehearsal", "goods")],
    ]
    assert "Tambahkan paling sedikit satu barang" in answers[1]["refused"][0]["next"]
    assert await stall.service.town.due() == []


async def test_practice_opens_shops_on_practice_marketplaces_alone(stall: Stall) -> None:
    await stall.ready()
    connector = stall.service.town.around.marketplaces[REHEARSAL].connector

    practised = await stall.open(practice=True)
    vars(connector)["manifest"] = replace(connector.manifest, practice=False)
    refused = await stall.open(practice=True)

    assert len(practised.json()["accepted"]) == 1
    assert [one["code"] for one in refused.json()["refused"]] == ["practice_only"]


async def test_who_was_invented_for_practice_gets_no_real_shop(stall: Stall) -> None:
    await stall.register(practice=True)
    connector = stall.service.town.around.marketplaces[REHEARSAL].connector
    vars(connector)["manifest"] = replace(connector.manifest, practice=False)

    refused = await stall.open()

    assert [one["code"] for one in refused.json()["refused"]] == ["practice_merchant"]
    assert refused.json()["accepted"] == []


async def test_readiness_counts_minutes_and_names_who_acts(stall: Stall) -> None:
    await stall.register()
    path = f"{MERCHANTS}/{SITI}/readiness"

    missing = (await stall.service.canvasser.get(path)).json()[0]
    english = (await stall.service.canvasser.get(path, params={"lang": "en"})).json()[0]
    rules = (await stall.service.canvasser.get("/api/v1/rules")).json()

    codes = ["training", "consent_data", "consent_marketplace", "goods"]
    assert [one["code"] for one in missing["missing"]] == codes
    assert [one["who"] for one in missing["missing"]] == [
        "canvasser",
        "merchant",
        "merchant",
        "canvasser",
    ]
    assert (missing["ready"], missing["minutes"]) == (False, 8)
    assert english["missing"][3]["title"] == "Add at least one product"
    known = {one["code"]: one for one in rules["marketplaces"][0]["needs"]}
    for one in missing["missing"]:
        assert known[one["code"]]["minutes"] == one["minutes"]


async def test_the_rules_come_from_the_manifest_and_change_their_version(stall: Stall) -> None:
    phone = stall.service.canvasser
    first = await phone.get("/api/v1/rules")
    same = await phone.get("/api/v1/rules", headers={"If-None-Match": first.headers["etag"]})
    stall.ask_permission()
    other = (await phone.get("/api/v1/rules")).json()

    [rehearsal] = first.json()["marketplaces"]
    assert (rehearsal["name"], rehearsal["practice"]) == ("rehearsal", True)
    assert (rehearsal["opened_by"], rehearsal["limits"]["variants_max"]) == ("api", 20)
    assert rehearsal["categories"] == ["food-crackers"]
    assert same.status_code == 304
    assert other["version"] != first.json()["version"]
    assert other["marketplaces"][0]["opened_by"] == "owner"
    assert other["marketplaces"][0]["steps"][0]["minutes"] == 20


async def test_a_shop_that_waits_for_its_owner_shows_the_link(stall: Stall) -> None:
    stall.ask_permission()
    await stall.ready()
    [store] = (await stall.open()).json()["accepted"]
    await stall.service.town.run_until_quiet()
    path = f"/api/v1/stores/{store['id']}/link"

    link = await stall.service.canvasser.get(path)
    again = await stall.service.canvasser.get(path)
    foreign = await stall.service.stranger.get(path)

    work = await under_way(stall)
    assert [one["stage"] for one in work["stores"]] == ["consent"]
    assert "kode QR" in str(work["stores"][0]["sentence"])
    assert "onboarder " not in json.dumps(work)
    assert link.json() == again.json()
    assert link.json()["url"].startswith("https://pelatihan.example/k/")
    assert link.json()["qr"].startswith("<svg")
    assert "Siti" not in link.json()["whatsapp_url"]
    assert foreign.status_code == 404


async def test_a_shop_opened_by_us_has_no_link(stall: Stall) -> None:
    await stall.ready()
    [store] = (await stall.open()).json()["accepted"]

    answer = await stall.service.canvasser.get(f"/api/v1/stores/{store['id']}/link")

    assert (answer.status_code, answer.json()["code"]) == (409, "link_not_needed")


async def test_tasks_come_first_that_let_most_go_on(stall: Stall) -> None:
    await stall.ready()
    await stall.add(id=ulid(9), name="Rengginang contoh")
    await stall.open()
    one_listing = await asked(stall.service, "knm-x@rehearsal")
    stall.service.pass_by(timedelta(minutes=1))
    whole_store = await asked(stall.service, "")
    office = await asked(
        stall.service, "", Advice("parked", Actor.OPERATOR, "Dihentikan.", "Parked.")
    )

    mine = await under_way(stall)
    everybody = (await stall.service.coordinator.get(WORK)).json()

    assert [(one["id"], one["blocks"]) for one in mine["tasks"]] == [
        (whole_store, 3),
        (one_listing, 1),
    ]
    assert office in {one["id"] for one in everybody["tasks"]}


async def test_an_answer_closes_a_task_once_and_wakes_its_shop(stall: Stall) -> None:
    await stall.ready()
    await stall.open()
    number = await asked(stall.service, "")
    path = f"/api/v1/tasks/{number}/answer"
    phone = stall.service.canvasser

    wrong = await phone.post(path, json={"answer": "maybe"})
    foreign = await stall.service.stranger.post(path, json={"answer": "done"})
    missing = await phone.post("/api/v1/tasks/4040/answer", json={"answer": "done"})
    answers = [await phone.post(path, json={"answer": "done"}) for _ in range(2)]
    otherwise = await stall.service.coordinator.post(path, json={"answer": "keep"})

    assert wrong.json()["errors"][0]["code"] == "answer_unknown"
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert [one.status_code for one in answers] == [204, 204]
    assert otherwise.json()["code"] == "task_closed"
    assert stall.service.bell.rung[-1][1] == Lane.STALL


async def test_a_canvasser_does_not_answer_for_the_office(stall: Stall) -> None:
    await stall.ready()
    await stall.open()
    number = await asked(stall.service, "", Advice("parked", Actor.OPERATOR, "Dihentikan.", "P."))
    path = f"/api/v1/tasks/{number}/answer"

    refused = await stall.service.canvasser.post(path, json={"answer": "done"})
    taken = await stall.service.coordinator.post(path, json={"answer": "done"})

    assert (refused.status_code, refused.json()["code"]) == (403, "task_of_others")
    assert taken.status_code == 204


async def test_one_shop_tells_its_whole_history_and_no_secret(stall: Stall) -> None:
    await stall.ready()
    [store] = (await stall.open()).json()["accepted"]
    await stall.service.town.run_until_quiet()
    path = f"/api/v1/stores/{store['id']}"

    shown = await stall.service.canvasser.get(path)

    calls = [one["call"] for one in shown.json()["history"] if one["call"]]
    assert calls == ["open_store", "complete_store", "create_listing"]
    assert {"C01", "system"} <= {one["who"] for one in shown.json()["history"]}
    for secret in ("Siti", "6281234567890", "token", "v2."):
        assert secret not in shown.text
    for where in (path, "/api/v1/stores/knm-00000000@rehearsal"):
        assert (await stall.service.stranger.get(where)).status_code == 404


@pytest.mark.parametrize("who", ["stranger", "viewer", "operator", "anybody"])
async def test_nobody_else_sees_what_is_under_way(stall: Stall, who: str) -> None:
    await stall.ready()
    await stall.open()

    answer = await getattr(stall.service, who).get(WORK)

    assert answer.status_code in {200, 401, 403}
    assert "knm-" not in answer.text


async def test_a_colleagues_merchants_can_be_looked_at_but_are_not_my_work(stall: Stall) -> None:
    await stall.ready()
    await stall.open()
    colleague = await stall.service.employ("C03", Role.CANVASSER, OWN)

    work = await colleague.get(WORK)
    shown = await colleague.get(f"{MERCHANTS}/{SITI}")

    assert work.json()["stores"] == []
    assert len(shown.json()["stores"]) == 1

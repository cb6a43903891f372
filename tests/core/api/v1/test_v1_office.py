"""Standing, stuck, plans and nights over the API: the same use cases as the desk."""

import base64
from datetime import timedelta

from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.signed_in import Service, ulid, with_key

PLAN = {"id": ulid(7), "market": "KNM", "marketplaces": ["rehearsal"]}


async def test_standing_counts_and_says_when_it_cannot_tell(service: Service) -> None:
    await service.town.open_shops(2)

    seen = (await service.coordinator.get("/api/v1/standing")).json()

    assert {one["step"]: one["count"] for one in seen["funnel"]}["live"] == 2
    assert seen["forecast"]["prospect"] == "too_few_days"
    assert "terlalu sedikit" in seen["forecast"]["sentence"]
    assert seen["practice"] is True


async def test_a_viewer_sees_figures_and_nobody(service: Service) -> None:
    [store] = await service.town.open_shops(1)
    await service.town.night()
    work = await service.town.work_of(store)

    seen = await service.viewer.get("/api/v1/standing")
    nights = (await service.viewer.get("/api/v1/nights")).json()["items"]
    one = await service.viewer.get(f"/api/v1/nights/{nights[0]['run']}")

    assert seen.json()["by_canvasser"] == []
    assert one.json()["drifts"] == []
    assert (await service.viewer.get("/api/v1/stuck")).status_code == 403
    for answer in (seen, one):
        assert work.merchant.name not in answer.text
        assert str(work.merchant.trained_by) not in answer.text


async def test_tables_are_given_away_as_files(service: Service) -> None:
    workbook = await service.coordinator.get("/api/v1/standing.xlsx")
    text = await service.viewer.get("/api/v1/standing.csv", params={"lang": "en"})

    assert workbook.content.startswith(b"PK")
    assert text.text.startswith("\ufeffDay;Registered")


async def test_a_cause_is_mended_for_all_its_shops(service: Service) -> None:
    town = service.town
    await town.dial(Dial(fault=Fault.UNAVAILABLE, probability=1))
    await town.order(await town.settle(2))
    await town.work_what_is_due()
    [cause] = (await service.coordinator.get("/api/v1/stuck")).json()["items"]

    address = f"/api/v1/stuck/{cause['cause']}/repair"
    done = await service.coordinator.post(address, json={})

    assert (cause["shops"], cause["repair"]) == (2, "redrive")
    assert done.json() == {"done": 2, "left": 0}
    assert len(await town.due()) == 2


async def test_a_plan_is_approved_and_run_exactly(service: Service) -> None:
    await service.town.settle(2, products=1)
    made = await service.coordinator.post("/api/v1/plans", json=PLAN, headers=with_key(1))
    address = f"/api/v1/plans/{PLAN['id']}"

    early = await service.coordinator.post(f"{address}/run")
    await service.coordinator.post(f"{address}/approval", json={"digest": made.json()["digest"]})
    ended = await service.coordinator.post(f"{address}/run")

    assert (made.status_code, made.json()["stores"], made.json()["products"]) == (201, 2, 2)
    assert (early.status_code, early.json()["code"]) == (409, "not_approved")
    assert ended.json()["state"] == "ordered"
    assert len(await service.town.due()) == 2


async def test_a_plan_that_no_longer_fits_is_stopped_with_what_differs(service: Service) -> None:
    await service.town.settle(1)
    made = await service.coordinator.post("/api/v1/plans", json=PLAN, headers=with_key(1))
    address = f"/api/v1/plans/{PLAN['id']}"
    await service.coordinator.post(f"{address}/approval", json={"digest": made.json()["digest"]})
    await service.town.settle(2)

    stopped = await service.coordinator.post(f"{address}/run")

    assert (stopped.status_code, stopped.json()["code"]) == (409, "plan_changed")
    assert [one["change"] for one in stopped.json()["differences"]] == ["store_added"]
    assert await service.town.due() == []


async def test_only_coordinators_draw_up_approve_and_run(service: Service) -> None:
    for who in (service.canvasser, service.viewer, service.operator):
        answer = await who.post("/api/v1/plans", json=PLAN, headers=with_key(1))
        assert answer.status_code == 403


async def test_a_plan_names_its_merchants_in_one_way(service: Service) -> None:
    for wrong in ({"market": None}, {"merchants": ["knm-1"]}, {"market": "XXX"}):
        answer = await service.coordinator.post(
            "/api/v1/plans", json=PLAN | wrong, headers=with_key(1)
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "nothing_chosen")


async def test_nights_and_plans_come_in_pages(service: Service) -> None:
    await service.town.settle(1)
    for number in range(3):
        sent = PLAN | {"id": ulid(20 + number)}
        await service.coordinator.post("/api/v1/plans", json=sent, headers=with_key(number))
        service.pass_by(timedelta(seconds=number))
        await service.town.night()

    for path, name in (("plans", "id"), ("nights", "run")):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            params: dict[str, str | int] = {"limit": 2, "cursor": cursor}
            page = (await service.coordinator.get(f"/api/v1/{path}", params=params)).json()
            seen += [one[name] for one in page["items"]]
            cursor = page["next"]
        assert len(seen) == len(set(seen)) == 3


async def test_a_register_is_brought_in_answered_and_saved(service: Service) -> None:
    text = (
        "No Reg;Nama Pedagang;No HP;Pasar;Blok/Los;Tgl Pelatihan;Canvasser\n"
        "R-001;Siti Umpama;081234567801;Pasar Kanoman;A/1;12/11/2026;c07\n"
        "R-002;Budi Umpama;0812;Pasar Kanoman;A/2;13/11/2026;c07\n"
    )
    content = base64.b64encode(text.encode()).decode()
    sent = {"id": ulid(31), "files": [{"name": "pedagang.csv", "content": content}]}
    address = f"/api/v1/imports/{sent['id']}"

    made = await service.coordinator.post("/api/v1/imports", json=sent, headers=with_key(31))
    [asked] = made.json()["asked"]
    place = {name: asked[name] for name in ("file", "sheet", "row")}
    fixed = {"answers": [place | {"cells": {"No HP": "081234567802"}}]}
    answered = await service.coordinator.post(f"{address}/answers", json=fixed)
    saved = await service.coordinator.post(f"{address}/save")

    assert (made.status_code, made.json()["new_merchants"]) == (201, 1)
    assert asked["findings"][0]["code"] == "phone_unclear"
    assert (answered.json()["asked"], answered.json()["new_merchants"]) == ([], 2)
    assert (saved.json()["state"], saved.json()["new_merchants"]) == ("saved", 0)


async def test_a_file_that_cannot_be_read_says_why(service: Service) -> None:
    content = base64.b64encode(b"no workbook").decode()
    sent = {"id": ulid(32), "files": [{"name": "daftar.xlsx", "content": content}]}

    answer = await service.coordinator.post("/api/v1/imports", json=sent, headers=with_key(32))

    assert (answer.status_code, answer.json()["code"]) == (422, "file_refused")
    assert "daftar.xlsx" in answer.json()["reason"]

"""The people that somebody looks after, and their phones."""

import pytest
from pydantic import SecretStr

from onboarder.access.sessions import IDLE
from onboarder.api.v1.door import COOKIE
from tests.support.signed_in import Service, with_key

PEOPLE = "/api/v1/people"
BUDI = {"id": "C07", "name": "Budi", "role": "canvasser", "markets": ["KNM"]}


async def test_a_coordinator_adds_a_canvasser_and_enrols_the_phone(service: Service) -> None:
    added = await service.coordinator.post(PEOPLE, json=BUDI, headers=with_key(1))
    invited = await service.coordinator.post(f"{PEOPLE}/C07/enrolments")
    link, token = invited.json()["link"], invited.json()["link"].rpartition("=")[2]
    phone = await service.client()
    body = {"token": token, "pin": "274951", "device": "Redmi"}
    me = await phone.post("/api/v1/session/enrolment", json=body)

    assert added.status_code == 201
    assert added.json() | {"created_at": ""} == {**BUDI, "disabled": False, "created_at": ""}
    assert link.startswith("https://pelatihan.example/app/#masuk=")
    assert invited.json()["qr"].startswith("<svg")
    assert me.json()["id"] == "C07"


async def test_a_lost_phone_is_refused_on_its_next_request(service: Service) -> None:
    [device] = (await service.coordinator.get(f"{PEOPLE}/C01/devices")).json()["items"]
    assert (await service.canvasser.get("/api/v1/session")).status_code == 200

    lost = await service.coordinator.delete(f"/api/v1/devices/{device['id']}")

    assert lost.status_code == 204
    assert (await service.canvasser.get("/api/v1/session")).status_code == 401
    assert (await service.coordinator.get(f"{PEOPLE}/C01/devices")).json()["items"] == []


async def test_devices_say_when_they_were_seen_and_no_secret(service: Service) -> None:
    answer = await service.coordinator.get(f"{PEOPLE}/C01/devices")

    now = service.town.clock()
    assert answer.json()["items"] == [
        {
            "id": "hp-c01",
            "title": "HP contoh",
            "created_at": now.isoformat().replace("+00:00", "Z"),
            "seen_at": now.isoformat().replace("+00:00", "Z"),
            "expires_at": (now + IDLE).isoformat().replace("+00:00", "Z"),
        }
    ]


async def test_whoever_is_disabled_is_out_at_once_and_can_come_back(service: Service) -> None:
    budi = await service.coordinator.get(f"{PEOPLE}/C01")
    match = {"If-Match": budi.headers["etag"]}

    off = await service.coordinator.patch(f"{PEOPLE}/C01", json={"disabled": True}, headers=match)
    refused = await service.coordinator.post(f"{PEOPLE}/C01/enrolments")

    assert off.json()["disabled"] is True
    assert (await service.canvasser.get("/api/v1/session")).status_code == 401
    assert refused.json()["code"] == "person_disabled"
    match = {"If-Match": off.headers["etag"]}
    on = await service.coordinator.patch(f"{PEOPLE}/C01", json={"disabled": False}, headers=match)
    assert on.json()["disabled"] is False
    assert (await service.coordinator.post(f"{PEOPLE}/C01/enrolments")).status_code == 201


async def test_an_edit_names_the_version_it_was_made_from(service: Service) -> None:
    seen = (await service.coordinator.get(f"{PEOPLE}/C01")).headers["etag"]
    change = {"name": "Nama baru", "markets": ["PGI"]}

    without = await service.coordinator.patch(f"{PEOPLE}/C01", json=change)
    first = await service.coordinator.patch(
        f"{PEOPLE}/C01", json=change, headers={"If-Match": seen}
    )
    second = await service.coordinator.patch(
        f"{PEOPLE}/C01", json={"name": "Lain"}, headers={"If-Match": seen}
    )

    assert (without.status_code, without.json()["code"]) == (428, "etag_missing")
    assert (first.status_code, first.json()["name"]) == (200, "Nama baru")
    assert (second.status_code, second.json()["code"]) == (412, "changed_meanwhile")
    me = (await service.canvasser.get("/api/v1/session")).json()
    assert [one["code"] for one in me["markets"]] == ["PGI"]


async def test_people_come_in_pages(service: Service) -> None:
    for number in range(5):
        body = {**BUDI, "id": f"K{number}"}
        await service.coordinator.post(PEOPLE, json=body, headers=with_key(number))
    found, cursor = list[str](), ""
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await service.coordinator.get(PEOPLE, params=query)).json()
        found += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["items"]) == 3

    assert found == ["C01", "C02", "K0", "K1", "K2", "K3", "K4", "wali"]


@pytest.mark.parametrize("cursor", ["%%%", "x", "/w==", "AAAA", "é"])
async def test_a_cursor_that_is_none_is_told_so(service: Service, cursor: str) -> None:
    refused = await service.coordinator.get(PEOPLE, params={"cursor": cursor})

    assert (refused.status_code, refused.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"id": "c01"}, 409, "person_exists", "id"),
        ({"markets": ["XXX"]}, 422, "market_unknown", "markets"),
        ({"markets": []}, 422, "market_missing", "markets"),
        ({"id": "dua kata"}, 422, "invalid", "id"),
        ({"name": ""}, 422, "invalid", "name"),
        ({"name": "a\x00b"}, 422, "invalid", "name"),
        ({"umur": 3}, 422, "invalid", "umur"),
        ({"role": "operator"}, 403, "not_allowed", None),
        ({"role": "coordinator"}, 403, "not_allowed", None),
    ],
)
async def test_what_does_not_fit_is_told_by_field(
    service: Service, change: dict[str, object], status: int, code: str, field: str | None
) -> None:
    answer = await service.coordinator.post(PEOPLE, json=BUDI | change, headers=with_key(1))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [one["field"] for one in answer.json()["errors"]] == ([field] if field else [])


async def test_an_operator_makes_coordinators_who_get_no_phone(service: Service) -> None:
    body = {"id": "rini", "name": "Rini", "role": "coordinator"}

    added = await service.operator.post(PEOPLE, json=body, headers=with_key(1))
    phone = await service.operator.post(f"{PEOPLE}/rini/enrolments")
    hidden = await service.coordinator.get(f"{PEOPLE}/rini")

    assert added.status_code == 201
    assert (phone.status_code, phone.json()["code"]) == (409, "no_phone")
    assert hidden.status_code == 404


async def test_one_s_own_devices_are_one_s_own_to_see_and_end(service: Service) -> None:
    own = await service.canvasser.get(f"{PEOPLE}/C01/devices")
    of_others = await service.canvasser.get(f"{PEOPLE}/C02/devices")
    of_nobody = await service.canvasser.get(f"{PEOPLE}/C99/devices")
    end_other = await service.canvasser.delete("/api/v1/devices/hp-c02")
    end_own = await service.canvasser.delete("/api/v1/devices/hp-c01")

    assert [one["id"] for one in own.json()["items"]] == ["hp-c01"]
    assert (of_others.status_code, of_others.content) == (404, of_nobody.content)
    assert (end_other.status_code, end_own.status_code) == (404, 204)
    assert (await service.stranger.get("/api/v1/session")).status_code == 200


async def test_a_made_up_cookie_opens_nothing(service: Service) -> None:
    for token in ("x", "é" * 10, "a" * 3000):
        browser = await service.client(SecretStr("x"))
        cookie = [(b"Cookie", f"{COOKIE}={token}".encode())]
        answer = await browser.get("/api/v1/session", headers=cookie)
        assert answer.status_code == 401

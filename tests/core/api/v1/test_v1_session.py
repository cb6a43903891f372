"""Signing in and out, and who is signed in."""

import asyncio
from dataclasses import asdict
from datetime import timedelta

import httpx
from pydantic import SecretStr
from pyotp.totp import TOTP

from onboarder.access.enrolling import TRIES, invite
from onboarder.access.sessions import IDLE, LONGEST, PIN_AGAIN
from onboarder.access.signing_in import set_up
from onboarder.api.v1.door import COOKIE
from tests.support.phone import sealed
from tests.support.signed_in import Service

SESSION = "/api/v1/session"
PIN = "274951"
PASSWORD = "empat kata yang acak"
GUESS = {"password": "x", "code": "000000"}


async def enrolled(service: Service, phone: httpx.AsyncClient) -> httpx.Response:
    """The phone scans a QR code for C01."""
    token = (await invite(service.premises.entrance, "C01", by="ani")).token.get_secret_value()
    return await phone.post(
        f"{SESSION}/enrolment", json={"token": token, "pin": PIN, "device": "HP baru"}
    )


async def test_a_canvasser_is_told_who_they_are_and_where_they_work(service: Service) -> None:
    me = await service.canvasser.get(SESSION, params={"practice": True})

    assert me.status_code == 200
    key = me.json()["sealing_key"]
    assert len(key["spki"]) > 100
    assert me.json() | {"now": "", "sealing_key": None} == {
        "id": "C01",
        "name": "Nama C01",
        "role": "canvasser",
        "programme": {"code": "contoh", "name": "Program Contoh", "city": "Cirebon"},
        "markets": [{"code": "KNM", "name": "Pasar Kanoman"}],
        "pin_needed": False,
        "sealing_key": None,
        "now": "",
        "practice": True,
        "lang": "id",
    }


async def test_nobody_signed_in_is_a_problem_with_its_next_step(service: Service) -> None:
    refused = await service.anybody.get(SESSION)

    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json() == {
        "type": "about:blank",
        "title": "Anda belum masuk",
        "status": 401,
        "detail": "not signed in, or signed out meanwhile",
        "code": "sign_in",
        "next": "Minta kode QR dari koordinator lalu pindai dengan HP ini.",
        "errors": [],
    }


async def test_a_phone_is_enrolled_and_gets_a_cookie_that_only_we_are_sent(
    service: Service,
) -> None:
    phone = await service.client()

    me = await enrolled(service, phone)

    assert (me.status_code, me.json()["id"]) == (201, "C01")
    cookie = me.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    said = {one.strip().lower() for one in cookie.split(";")[1:]}
    assert said == {"httponly", "max-age=2592000", "path=/", "samesite=lax", "secure"}
    assert COOKIE == "__Host-onboarder"
    assert (await phone.get(SESSION)).status_code == 200


async def test_a_qr_code_that_was_used_says_what_to_do(service: Service) -> None:
    token = (await invite(service.premises.entrance, "C01", by="ani")).token.get_secret_value()
    body = {"token": token, "pin": PIN, "device": "HP"}
    phones = [await service.client() for _ in range(3)]

    answers = await asyncio.gather(*(one.post(f"{SESSION}/enrolment", json=body) for one in phones))

    assert sorted(one.status_code for one in answers) == [201, 410, 410]
    refused = next(one for one in answers if one.status_code == 410)
    assert refused.json()["code"] == "token_unknown"
    assert "QR baru" in refused.json()["next"]


async def test_a_phone_that_is_enrolled_again_has_one_session(service: Service) -> None:
    phone = await service.client()
    await enrolled(service, phone)
    first = phone.cookies[COOKIE]
    await enrolled(service, phone)

    with_the_first = await service.client(SecretStr(first))
    assert (await with_the_first.get(SESSION)).status_code == 401
    assert (await phone.get(SESSION)).status_code == 200


async def test_after_a_working_day_only_the_pin_opens_what_is_inside(service: Service) -> None:
    phone = await service.client()
    await enrolled(service, phone)
    service.pass_by(PIN_AGAIN)

    assert (await phone.get(SESSION)).json()["pin_needed"] is True
    shut = await phone.get("/api/v1/people/C01/devices")
    assert (shut.status_code, shut.json()["code"]) == (401, "pin_needed")
    assert (await phone.post(f"{SESSION}/pin", json={"pin": PIN})).status_code == 204
    assert (await phone.get("/api/v1/people/C01/devices")).status_code == 200


async def test_pins_are_counted_and_the_fifth_wrong_one_signs_the_phone_out(
    service: Service,
) -> None:
    phone = await service.client()
    await enrolled(service, phone)

    answers = [await phone.post(f"{SESSION}/pin", json={"pin": "905172"}) for _ in range(TRIES)]
    said = [(one.status_code, one.json()["code"], one.json().get("left")) for one in answers]

    assert said[:4] == [(403, "pin_wrong", left) for left in (4, 3, 2, 1)]
    assert said[4] == (401, "enrol_again", None)
    assert "Sisa 3 kali" in answers[1].json()["next"]
    assert (await phone.get(SESSION)).json()["code"] == "sign_in"


async def test_the_office_signs_in_with_password_and_code(service: Service) -> None:
    authenticator = await an_authenticator(service)
    browser = await service.client()

    me = await sign_in(service, browser, authenticator)

    assert (me.status_code, me.json()["role"]) == (200, "coordinator")
    assert [one["code"] for one in me.json()["markets"]] == ["KNM", "PGI"]
    assert (await browser.get("/api/v1/people")).status_code == 200


async def test_guessing_is_answered_alike_and_then_told_to_wait(service: Service) -> None:
    await an_authenticator(service)
    browser = await service.client()
    answers = list[tuple[int, bytes]]()
    for account in ("ani", "siapa"):
        body = GUESS | {"account": account}
        for _ in range(6):
            answer = await browser.post(f"{SESSION}/password", json=body)
            answers.append((answer.status_code, answer.content))
    last = await browser.post(f"{SESSION}/password", json={**GUESS, "account": "ani"})

    assert [status for status, _ in answers[:6]] == [401] * 5 + [429]
    assert answers[:6] == answers[6:]
    assert last.headers["retry-after"] == "60"
    assert "1 menit" in last.json()["next"]


async def test_signing_out_ends_the_session_and_clears_the_browser(service: Service) -> None:
    phone = await service.client()
    await enrolled(service, phone)
    token = phone.cookies[COOKIE]

    left = await phone.delete(SESSION)

    assert left.status_code == 204
    assert left.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert COOKIE not in phone.cookies
    assert (await (await service.client(SecretStr(token))).get(SESSION)).status_code == 401


async def test_a_session_falls_asleep_when_nobody_uses_it(service: Service) -> None:
    service.pass_by(IDLE)

    assert (await service.canvasser.get(SESSION)).status_code == 401


async def test_a_session_in_use_ends_all_the_same_in_the_end(service: Service) -> None:
    alive = list[int]()
    for _ in range(5):
        service.pass_by(LONGEST / 5)
        alive.append((await service.canvasser.get(SESSION)).status_code)

    assert alive == [200, 200, 200, 200, 401]


async def test_a_phone_gets_the_key_back_that_it_sealed_and_nobody_else_does(
    service: Service,
) -> None:
    assert service.premises.boxes is not None
    box = sealed(service.premises.boxes.public(), b"k" * 32, bound="phone:C01")
    body = {"box": asdict(box)}

    mine = await service.canvasser.post(f"{SESSION}/data_key", json=body)
    theirs = await service.stranger.post(f"{SESSION}/data_key", json=body)

    assert mine.json() == {"key": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}
    assert (theirs.status_code, theirs.json()["code"]) == (422, "box_unreadable")


async def test_the_api_describes_itself(service: Service) -> None:
    described = (await service.anybody.get("/api/v1/openapi.json")).json()

    assert described["openapi"] == "3.1.0"
    assert "/api/v1/session" in described["paths"]
    assert not [path for path in described["paths"] if not path.startswith("/api/v1/")]


async def an_authenticator(service: Service) -> TOTP:
    made = await set_up(service.premises.entrance, "ani", SecretStr(PASSWORD), by="test")
    return TOTP(made.secret.get_secret_value())


async def sign_in(
    service: Service, browser: httpx.AsyncClient, authenticator: TOTP
) -> httpx.Response:
    code = authenticator.at(service.town.clock())
    service.pass_by(timedelta(seconds=1))
    body = {"account": "ani", "password": PASSWORD, "code": code}
    return await browser.post(f"{SESSION}/password", json=body)

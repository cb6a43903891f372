"""Who is signed in."""

from onboarder.access.sessions import IDLE, LONGEST, PIN_AGAIN
from tests.support.signed_in import Service

SESSION = "/api/v1/session"


async def test_a_canvasser_is_told_who_they_are_and_where_they_work(service: Service) -> None:
    me = await service.canvasser.get(SESSION)

    assert me.status_code == 200
    assert len(me.json()["sealing_key"].pop("spki")) > 100
    assert me.json() | {"now": "", "sealing_key": None} == {
        "id": "C01",
        "name": "Nama C01",
        "role": "canvasser",
        "programme": {"code": "contoh", "name": "Program Contoh", "city": "Cirebon"},
        "markets": [{"code": "KNM", "name": "Pasar Kanoman"}],
        "pin_needed": False,
        "sealing_key": None,
        "now": "",
        "practice": False,
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


async def test_after_a_working_day_the_pin_is_needed(service: Service) -> None:
    service.pass_by(PIN_AGAIN)

    assert (await service.canvasser.get(SESSION)).json()["pin_needed"] is True


async def test_a_session_falls_asleep_when_nobody_uses_it(service: Service) -> None:
    service.pass_by(IDLE)

    assert (await service.canvasser.get(SESSION)).status_code == 401


async def test_a_session_in_use_ends_all_the_same_in_the_end(service: Service) -> None:
    alive = list[int]()
    for _ in range(5):
        service.pass_by(LONGEST / 5)
        alive.append((await service.canvasser.get(SESSION)).status_code)

    assert alive == [200, 200, 200, 200, 401]


async def test_the_api_describes_itself(service: Service) -> None:
    described = (await service.anybody.get("/api/v1/openapi.json")).json()

    assert described["openapi"] == "3.1.0"
    assert "/api/v1/session" in described["paths"]
    assert not [path for path in described["paths"] if not path.startswith("/api/v1/")]

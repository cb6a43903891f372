"""What machines ask: messages in, health and figures out."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from onboarder.api.app import create_app
from onboarder.api.figures import Figures
from onboarder.api.machines import LARGEST_MESSAGE
from onboarder.api.premises import Premises
from onboarder.connector.manifest import Quotas
from onboarder.connector.webhook import Delivery
from onboarder.converge.failures import unusable
from onboarder.problems import ConfigProblem
from onboarder.records import presence
from onboarder.records.database import RecordsBusy
from onboarder.records.quotas import RecordedDays
from tests.core.api.conftest import TOKEN, House
from tests.support.consenting import PUBLIC, message
from tests.support.town import REHEARSAL

HOOK = "/webhooks/rehearsal"
PROBLEM = "application/problem+json"


async def deliver(house: House, delivery: Delivery) -> httpx.Response:
    return await house.knock.post(
        HOOK, content=delivery.body, headers=dict(delivery.headers.items())
    )


async def test_a_genuine_message_is_answered_with_nothing_and_wakes_its_store(
    house: House,
) -> None:
    store = await house.fair.draft()
    shop = await house.fair.open_shop(store)

    answer = await deliver(house, message("e1", shop))

    assert (answer.status_code, answer.content) == (200, b"")
    assert store in await house.fair.town.due()


async def test_the_bytes_are_verified_as_they_came(house: House) -> None:
    genuine = message("e1", "1")
    spaced = replace(genuine, body=json.dumps(json.loads(genuine.body), indent=1).encode())

    assert (await deliver(house, genuine)).status_code == 200
    refused = await deliver(house, spaced)

    assert refused.status_code == 401
    assert refused.headers["content-type"] == PROBLEM


async def test_too_large_a_message_is_dropped_before_it_is_whole(house: House) -> None:
    sent = list[int]()

    async def endless() -> AsyncGenerator[bytes]:
        for _ in range(1000):
            sent.append(1)
            yield b"x" * 65_536

    answer = await house.knock.post(HOOK, content=endless())

    assert answer.status_code == 413
    assert LARGEST_MESSAGE < 65_536 * 1000


async def test_a_message_that_cannot_be_checked_just_now_is_to_be_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> bool:
        raise unusable(ConfigProblem("the secret may be read by others", hint="chmod 600"))

    [connector] = house.fair.town.around.marketplaces[REHEARSAL].connectors
    monkeypatch.setattr(connector, "genuine", unreadable)

    assert (await deliver(house, message("e1", "1"))).status_code == 503


async def test_a_message_that_cannot_be_stored_is_not_called_taken(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object, **__: object) -> bool:
        raise RecordsBusy("disk")

    monkeypatch.setattr("onboarder.records.inbox.keep", busy)

    assert (await deliver(house, message("e1", "1"))).status_code == 503


@pytest.mark.parametrize("path", ["/webhooks/nowhere", "/nothing", "/docs", "/openapi.json", "/"])
async def test_there_are_no_other_doors(house: House, path: str) -> None:
    answer = await house.knock.post(path, content=b"{}")

    assert answer.status_code == 404
    assert answer.json()["title"] == "Not Found"
    assert answer.headers["content-type"] == PROBLEM


async def test_it_says_that_it_lives(house: House) -> None:
    assert (await house.knock.get("/livez")).json() == {"alive": True}


async def test_readiness_names_database_redis_and_workers(house: House) -> None:
    town = house.fair.town
    async with town.database.write() as tx:
        await presence.seen(tx, "w1", started_at=town.clock(), now=town.clock())

    ready = await house.knock.get("/readyz")

    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "database": "ok", "redis": "ok", "workers": 1}


async def test_without_redis_consents_are_still_taken(house: House) -> None:
    async def silent() -> str | None:
        return "ConnectionError"

    ready = await ask(replace(house.premises, redis_silence=silent), "/readyz")

    assert ready.status_code == 200
    assert ready.json()["redis"] == "ConnectionError"


async def test_without_a_database_it_is_not_ready(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> str | None:
        raise OperationalError("select", {}, Exception("host=secret"))

    monkeypatch.setattr("onboarder.records.health.current", away)

    ready = await house.knock.get("/readyz")

    assert ready.status_code == 503
    assert ready.json()["database"] == "OperationalError"


async def test_figures_count_and_name_nobody(house: House) -> None:
    store = await house.fair.draft()
    await house.fair.authorise(store, await house.fair.sign_up("ani"))
    await house.knock.get("/callback/rehearsal", params={"state": "x"})
    await house.knock.get("/callback/made-up-name", params={"state": "x"})
    await deliver(house, message("e1"))

    figures = (await house.knock.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})).text

    assert 'onboarder_consents_total{marketplace="rehearsal",outcome="unknown"} 1.0' in figures
    assert 'onboarder_webhooks_total{marketplace="rehearsal",receipt="taken"} 1.0' in figures
    assert 'onboarder_stores{marketplace="rehearsal",state="open"} 1.0' in figures
    assert 'onboarder_http_answers_total{route="/callback/{marketplace}",status="400"}' in figures
    assert "made-up-name" not in figures
    assert store.partition("@")[0] not in figures


async def test_figures_tell_how_much_of_each_app_s_quotas_is_used(house: House) -> None:
    store = await house.fair.draft()
    await house.fair.authorise(store, await house.fair.sign_up("ani"))
    around = house.premises.around
    [place] = around.marketplaces.values()
    limits = Quotas(calls_a_day=200, stores_per_app=4)
    day = limits.day(around.clock())
    await RecordedDays(around.database).take("rehearsal.second", day, 50, 200)
    shared = replace(place, quotas=limits, apps={"second": place.connector})

    figures = await Figures().text(replace(around, marketplaces={place.name: shared}))

    told = [line for line in figures.decode().splitlines() if line.startswith("onboarder_quota")]
    assert told == [
        'onboarder_quota_used_ratio{app="rehearsal",quota="calls_a_day"} 0.0',
        'onboarder_quota_used_ratio{app="rehearsal.second",quota="calls_a_day"} 0.25',
        'onboarder_quota_used_ratio{app="rehearsal",quota="stores_per_app"} 0.25',
        'onboarder_quota_used_ratio{app="rehearsal.second",quota="stores_per_app"} 0.0',
    ]


@pytest.mark.parametrize("given", ["", "Bearer wrong", TOKEN])
async def test_figures_are_for_who_has_the_token(house: House, given: str) -> None:
    answer = await house.knock.get("/metrics", headers={"Authorization": given})

    assert answer.status_code == 404


async def test_without_a_token_on_record_there_are_no_figures(house: House) -> None:
    answer = await ask(replace(house.premises, metrics_token=None), "/metrics")

    assert answer.status_code == 404


async def ask(made: Premises, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(made))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as knock:
        return await knock.get(path)

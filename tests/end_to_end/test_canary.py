"""A canary merchant through every flow and every error: nobody who may not know her hears of her.

She may stand in the records, on the canvasser's screens (tables and dossier on stdout, the workbook of verdicts), and on
the marketplace. Everything else is listened to: logs, Redis, figures, HTTP responses.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy import select, update

from onboarder.api.app import create_app
from onboarder.api.premises import premises
from onboarder.application import Application, open_application
from onboarder.connector.advice import UNAVAILABLE
from onboarder.connector.errors import (
    ActionNeeded,
    CredentialsExpired,
    FieldFault,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
    Unsupported,
)
from onboarder.converge.loop import converge
from onboarder.converge.renewal import opened
from onboarder.converge.surroundings import Surroundings
from onboarder.model.ids import RemoteId, StoreId
from onboarder.model.work import Lane
from onboarder.queue import installed_queue
from onboarder.records import stores, tables
from onboarder.redis_server import connect
from onboarder.settings import Settings
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server.dials import Fault
from onboarder_workers.process import at_work
from tests.core.cli.office import Office, a_marketplace, an_office
from tests.end_to_end.canary import (
    EMAIL,
    GOODS,
    NAME,
    PHONE,
    REGISTER,
    Listener,
    ignoring,
    listening,
)
from tests.support.consenting import IDENTITY, PUBLIC, Installed, install, message
from tests.support.crew import eventually
from tests.support.practice import store_content
from tests.support.town import REHEARSAL

METRICS_TOKEN = "kenari-metrics-token"
CODE = "kode-kenari-{}"


class Strict(BaseModel):
    """A model whose refusals quote what they were given."""

    price: int


def foreign_errors(secret: str) -> list[Exception]:
    """Errors of other people's code, each with the secret in its text."""
    request = httpx.Request("GET", f"https://pasar.example/?access_token={secret}")
    refused = httpx.HTTPStatusError(
        f"Client error for url {request.url}", request=request, response=httpx.Response(500)
    )
    with pytest.raises(ValidationError) as quoted:
        Strict.model_validate({"price": f"HP {secret}"})
    return [
        refused,
        quoted.value,
        KeyError(secret),
        RuntimeError(f"no stock for {secret}"),
        ExceptionGroup(secret, [ValueError(secret)]),
    ]


OUR_ERRORS = [
    Unavailable(UNAVAILABLE),
    RateLimited(UNAVAILABLE, retry_after=timedelta(0), scope="app"),
    ActionNeeded(IDENTITY, look_again=timedelta(0)),
    Rejected(UNAVAILABLE, fields=(FieldFault("title", f"{NAME} is not allowed"),)),
    Unsupported(UNAVAILABLE),
    Gone(UNAVAILABLE),
    OutcomeUnknown(UNAVAILABLE),
    CredentialsExpired(UNAVAILABLE),
]


@dataclass
class Stage:
    """An installation in this process, with a marketplace that answers, and everybody's ears open."""

    app: Application
    around: Surroundings
    knock: httpx.AsyncClient
    listener: Listener
    redis_url: str

    @property
    def connector(self) -> Installed:
        found = self.around.marketplaces[REHEARSAL].connector
        assert isinstance(found, Installed)
        return found

    async def store(self) -> StoreId:
        """The canary's."""
        async with self.app.database.read() as tx:
            query = select(tables.store.c.id).join(tables.merchant)
            return StoreId(await tx.scalar(query.where(tables.merchant.c.name == NAME)) or "")

    async def pass_over(self, store: StoreId) -> None:
        async with self.app.database.write() as tx:
            await stores.wake(tx, [store], lane=Lane.STALL, now=self.app.clock(), look=True)
        await ignoring(converge(self.around, store, owner="canary"))

    async def follow(self, link: str) -> str:
        """The state of a new visit. Its address may be told to the browser and to nobody else."""
        answer = await self.knock.post(link)
        self.listener.hear_answer("responses", answer, address=False)
        state = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["state"]
        self.listener.secrets |= {state, link.rpartition("/")[2]}
        return state

    async def come_back(self, state: str, code: str, **more: str) -> int:
        self.listener.secrets |= {code, *more.values()}
        answer = await self.knock.get(
            f"/callback/{REHEARSAL}", params={"state": state, "code": code, **more}
        )
        self.listener.hear_answer("responses", answer)
        return answer.status_code

    async def learn_credentials(self, store: StoreId) -> None:
        async with self.app.database.read() as tx:
            work = await stores.load(tx, store)
        if work.credentials is not None:
            held = await opened(self.around.vault, work.store, work.credentials)
            secret: Mapping[str, str] = json.loads(held.credentials.secret.get_secret_value())
            self.listener.secrets |= set(secret.values())


def test_a_canary_is_heard_nowhere(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    redis_url: str,
) -> None:
    for shared in (Installed.codes, Installed.withdrawn, Installed.unproven, Installed.troubles):
        shared.clear()
    install(monkeypatch)
    monkeypatch.setenv("ONBOARDER_PUBLIC_URL", PUBLIC)
    monkeypatch.setenv("ONBOARDER_REDIS_URL", redis_url)
    with a_marketplace() as (address, _):
        office = an_office(tmp_path, address, capsys, monkeypatch)
        link = at_the_desk(office)
        with listening(monkeypatch) as listener:
            # Told by the canvasser's screen alone.
            listener.secrets.add(link.rpartition("/")[2])
            dials = [{"fault": one, "times": 1, "route": "/v1/items*"} for one in WIRE_FAULTS]
            httpx.post(f"{address}/_control/dials", json=dials, trust_env=False).raise_for_status()
            asyncio.run(on_stage(office.settings, link, listener, redis_url))
        at_night(office)
        journal = "".join(one.read_text() for one in (tmp_path / "data").rglob("*.log"))

    listener.hear("journal", journal)
    assert len(listener.secrets) > 15
    told = listener.log.getvalue()
    assert [event for event in EVENTS if event not in told] == []
    assert "cli.crashed" in journal
    assert {"responses", "figures", "redis", "journal"} <= listener.heard.keys()
    assert listener.hits() == {}, [listener.excerpt(one) for one in listener.hits().get("log", ())]


EVENTS = (
    *("consent.followed", "consent.arrived", "consent.not_given", "consent.lost", "http.failed"),
    *("pass.held", "pass.failed", "marketplace.called", "marketplace.unreadable"),
    *("webhook.taken", "webhook.unreadable", "store.unreadable", "worker.started"),
)
"""What must have happened, so that silence says something."""
WIRE_FAULTS = [Fault.TRUNCATED, Fault.INVALID_JSON, Fault.HTML, Fault.ERROR_AFTER, Fault.LIMITED]


def at_the_desk(office: Office) -> str:
    """Register in, stores ordered; what commands write to their log is read at the end. Returns the personal link."""
    files = (office.write("pedagang.csv", REGISTER), office.write("barang.csv", GOODS))
    office.run("import", *map(str, files))
    office.run("import", str(office.write("rusak.csv", f"Nama\n{NAME};{PHONE}\n")))
    office.run("plan", "--all-trained")
    store, *_ = [str(one) for one in office.order() if one]
    office.try_once()
    for line in (("status",), ("tasks",), ("doctor",), ("draft", store), ("marketplaces",)):
        office.run(*line)
    office.run("status", NAME)
    office.run("open", PHONE)
    with pytest.MonkeyPatch.context() as patch:
        broken = RuntimeError(f"{NAME} {PHONE} {EMAIL}")
        patch.setattr("onboarder.cli.standing.status", _raiser(broken))
        office.run("status")
    return str(office.said("consent", _hers(office))["link"])


def _hers(office: Office) -> str:
    stores = [str(one) for one in office.order()]
    return next(one for one in stores if office.said("draft", one)["owner"] == NAME)


def at_night(office: Office) -> None:
    office.run("reconcile")


async def on_stage(settings: Settings, link: str, listener: Listener, redis_url: str) -> None:
    async with a_stage(settings, listener, redis_url) as stage:
        store, path = await stage.store(), urlsplit(link).path
        await consents(stage, store, path)
        await errors(stage, store)
        await messages(stage, store)
        await doors(stage)
        await work(stage, settings, store)
        figures = await stage.knock.get(
            "/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}
        )
        listener.hear_answer("figures", figures)
        assert "onboarder_consents_total" in figures.text
    listener.secrets.add(METRICS_TOKEN)


@asynccontextmanager
async def a_stage(settings: Settings, listener: Listener, redis_url: str) -> AsyncGenerator[Stage]:
    settings = settings.model_copy(update={"redis_url": SecretStr(redis_url)})
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_application(settings))
        redis = await stack.enter_async_context(connect(settings))
        around = await stack.enter_async_context(app.surroundings(redis))
        bell = await stack.enter_async_context(installed_queue().doorbell(settings))
        made = premises(
            around,
            bell,
            public_url=PUBLIC,
            state_span=timedelta(minutes=60),
            redis_silence=_answers,
            metrics_token=SecretStr(METRICS_TOKEN),
        )
        transport = httpx.ASGITransport(create_app(made), raise_app_exceptions=False)
        knock = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url=PUBLIC)
        )
        yield Stage(app, around, knock, listener, redis_url)


async def consents(stage: Stage, store: StoreId, link: str) -> None:
    """Every end that a callback can have, the good one last."""
    listener, connector = stage.listener, stage.connector
    listener.hear_answer("responses", await stage.knock.get(link))
    content = replace(store_content("kenari", "Toko K"), owner_name=NAME, phone=PHONE, email=EMAIL)
    shop = (await RehearsalConnector.open_store(connector, content)).store.remote_id
    state = await stage.follow(link)
    answer = await stage.knock.get(f"/callback/{REHEARSAL}", params={"state": state})
    listener.hear_answer("responses", answer)
    await stage.come_back(state, CODE.format("replayed"))
    await stage.come_back("state-kenari-foreign", CODE.format("foreign"), error=NAME)
    await stage.come_back(await stage.follow(link), CODE.format("used"))
    for number, error in enumerate([*OUR_ERRORS, *foreign_errors(CODE.format("quoted"))]):
        connector.troubles[:] = [error, error]  # type: ignore[list-item]  # foreign ones as well
        await stage.come_back(await stage.follow(link), CODE.format(f"trouble-{number}"))
        connector.troubles.clear()
    Installed.codes[CODE.format("good")] = shop
    assert await stage.come_back(await stage.follow(link), CODE.format("good")) == 200
    await stage.learn_credentials(store)
    assert listener.hear_redis(stage.redis_url) > 0


async def errors(stage: Stage, store: StoreId) -> None:
    """Every class of error from the marketplace, and other people's errors that quote what they saw."""
    connector = vars(stage.connector)
    for door in ("observe_store", "create_listings", "upload_photo", "observe_listings"):
        for error in (*OUR_ERRORS, *foreign_errors(NAME), *foreign_errors(PHONE)):
            connector[door] = _raiser(error)
            await stage.pass_over(store)
            await _give_back(stage, store)
            del connector[door]
    await stage.pass_over(store)  # the wire's faults come now
    await stage.pass_over(store)
    await stage.learn_credentials(store)


async def messages(stage: Stage, store: StoreId) -> None:
    genuine = message("kenari-1", RemoteId("S1"))
    for body, headers in (
        (genuine.body, dict(genuine.headers)),
        (json.dumps({"nama": NAME, "hp": PHONE}).encode(), {"x-signature": EMAIL}),
        (b"\xff" + NAME.encode(), {}),
    ):
        answer = await stage.knock.post(f"/webhooks/{REHEARSAL}", content=body, headers=headers)
        stage.listener.hear_answer("responses", answer)
    vars(stage.connector)["read_events"] = _quoting
    answer = await stage.knock.post(
        f"/webhooks/{REHEARSAL}", content=genuine.body, headers=dict(genuine.headers)
    )
    stage.listener.hear_answer("responses", answer)
    del vars(stage.connector)["read_events"]
    assert store


async def doors(stage: Stage) -> None:
    """Doors that are not there, asked for with her words."""
    for path in (
        f"/k/{PHONE}",
        f"/{NAME}",
        f"/callback/{NAME}?code={PHONE}&state={EMAIL}",
        f"/webhooks/{NAME}",
        "/livez",
        "/readyz",
    ):
        stage.listener.hear_answer("responses", await stage.knock.get(path))


async def work(stage: Stage, settings: Settings, store: StoreId) -> None:
    """A worker with arq: rings with arguments, a record that cannot be read, a store that ends parked."""
    async with stage.app.database.write() as tx:
        spoilt = [{"name": NAME, "price": PHONE}]
        hers = tables.product.c.merchant_id == store.partition("@")[0]
        await tx.execute(update(tables.product).where(hers).values(variants=spoilt))
        await stores.wake(tx, [store], lane=Lane.STALL, now=stage.app.clock(), look=True)
        await tx.execute(update(tables.store).values(attempts=4))
    settings = settings.model_copy(update={"redis_url": SecretStr(stage.redis_url)})
    async with installed_queue().doorbell(settings) as bell:
        await bell.ring([(store, Lane.STALL)])
    assert stage.listener.hear_redis(stage.redis_url) > 0
    async with at_work(settings, tuple(Lane)):
        await eventually(lambda: _parked(stage))
        stage.listener.hear_redis(stage.redis_url)
    stage.listener.hear_redis(stage.redis_url)


async def _parked(stage: Stage) -> bool:
    async with stage.app.database.read() as tx:
        codes = (await tx.execute(select(tables.task.c.code))).scalars().all()
    return any(one.startswith("parked") for one in codes)


async def _give_back(stage: Stage, store: StoreId) -> None:
    """After a lost consent: as if it had not been lost."""
    async with stage.app.database.write() as tx:
        theirs = tables.credential.c.store_id == store
        await tx.execute(update(tables.credential).where(theirs).values(lost_at=None))
        values = {"attempts": 0, "starts": 0, "state": "open"}
        await tx.execute(update(tables.store).where(tables.store.c.id == store).values(values))


async def _answers() -> str | None:
    return None


def _quoting(delivery: object) -> tuple[()]:
    raise ValueError(f"{NAME} {delivery}")


def _raiser(error: Exception) -> object:
    async def fail(*_: object, **__: object) -> None:
        raise error

    return fail

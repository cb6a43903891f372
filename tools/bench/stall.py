"""A stall and an office at real processes, with a canvasser and a coordinator signed in at `onboarder serve`."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from tests.faults.crowd import allow
from tests.servers.process import free_port
from tests.support.crew import Crew, a_crew
from tests.support.town import PROGRAMME, REHEARSAL

from onboarder.demo.back_office import BackOffice
from onboarder.demo.sign_ins import COORDINATOR, SignIns, make_sign_ins, phone_link
from onboarder.demo.stage import Stage
from onboarder.model.people import Merchant
from onboarder.people.sealed_box import BoxKeys
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from tools.bench.watched import LAGGED

PRODUCTION = {
    "lease_seconds": 60,
    "call_deadline_seconds": 20,
    "sweep_seconds": 2,
    "look_again_seconds": (60, 300, 900, 3600),
}
"""A crew's settings are shortened for tests; here they are the defaults again."""
PIN = "482913"


@dataclass(frozen=True, slots=True)
class Stall:
    """Both clients are signed in."""

    crew: Crew
    canvasser: httpx.AsyncClient
    office: httpx.AsyncClient

    async def order(self, person: Merchant) -> None:
        """As the phone does for “Buka toko”."""
        body = {"marketplaces": [REHEARSAL]}
        answer = await self.canvasser.post(f"/merchants/{person.id}/stores", json=body)
        if not answer.raise_for_status().json()["accepted"]:
            raise RuntimeError(answer.text)


@asynccontextmanager
async def a_stall(
    folder: Path, database_url: str, redis_url: str, *, per_second: float, workers: int
) -> AsyncGenerator[Stall]:
    """So many workers share so many calls a second."""
    await migrate(database_url)
    port = free_port()
    served = {"serve_port": port, "public_url": f"http://127.0.0.1:{port}"}
    changes = {**PRODUCTION, **served, "programme": PROGRAMME.code}
    async with a_crew(folder, database_url, redis_url, **changes) as crew:
        _name_the_programme(crew.settings.config_dir / "programmes")
        await staffed(crew, per_second, workers)
        BoxKeys(crew.settings.keys_dir).create()
        stage = _stage(folder, crew, port)
        try:
            signs = make_sign_ins(stage, "en")
            stage.start_service()
            async with _client(stage) as canvasser, _client(stage) as office:
                await _enrol(canvasser, stage)
                await _sign_in(office, signs)
                yield Stall(crew, canvasser, office)
        finally:
            stage.stop()


async def staffed(crew: Crew, per_second: float, workers: int) -> None:
    """So many workers, in place of those there are, share so many calls a second."""
    crew.dismiss()
    allow(crew, per_second)
    await hire(crew, workers)


async def hire(crew: Crew, workers: int) -> None:
    """So many workers whose loops' lag is watched."""
    for number in range(workers):
        crew.start("-m", "tools.bench.watched")
        await crew.hired(number + 1)


def lag_of(crew: Crew) -> float:
    """The worst loop's lag of all workers there were, in milliseconds. Those still there are stopped."""
    crew.dismiss()
    return max(float(str(one["p99"])) for one in crew.events(LAGGED))


async def migrate(url: str) -> None:
    database = Database(url)
    await upgrade(database)
    await database.aclose()


def _name_the_programme(folder: Path) -> None:
    """The sample merchants' programme: the city's with another code."""
    text = (folder / "cirebon.toml").read_text(encoding="utf-8")
    named = text.replace('code = "cirebon"', f'code = "{PROGRAMME.code}"')
    (folder / f"{PROGRAMME.code}.toml").write_text(named, encoding="utf-8")


def _stage(folder: Path, crew: Crew, port: int) -> Stage:
    """The demonstration's way to run commands and the service, with the crew's settings."""
    office = BackOffice(str(crew.marketplace.base_url))
    return Stage(folder, crew.marketplace.base_url.port or 0, port, office, dict(crew.environment))


def _client(stage: Stage) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{stage.address}/api/v1",
        headers={"X-Onboarder": "1"},
        trust_env=False,
        timeout=60,
    )


async def _enrol(client: httpx.AsyncClient, stage: Stage) -> None:
    token = phone_link(stage).get_secret_value().rpartition("=")[2]
    await _enter(client, "enrolment", {"token": token, "pin": PIN, "device": "bench"})


async def _sign_in(client: httpx.AsyncClient, signs: SignIns) -> None:
    password, code = signs.password.get_secret_value(), signs.code(datetime.now(UTC))
    body = {"account": COORDINATOR, "password": password, "code": code}
    await _enter(client, "password", body)


async def _enter(client: httpx.AsyncClient, way: str, body: Mapping[str, str]) -> None:
    """The session's cookie is only for https; here it goes by hand."""
    answer = (await client.post(f"/session/{way}", json=body)).raise_for_status()
    client.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]

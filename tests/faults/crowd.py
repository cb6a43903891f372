"""Several worker processes on one budget in a Redis of their own, and what the marketplace's own log says of them."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from pydantic import BaseModel

from onboarder.model.ids import MarketplaceName
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder.redis_server import EmbeddedServer
from onboarder_rehearsal.server.dials import Dial
from tests.support.crew import LOOPBACK, Crew, a_crew, configure
from tests.support.town import REHEARSAL

PAGE = 10_000


class Call(BaseModel):
    """One row of the marketplace's log; `at` is its clock when the call was served."""

    no: int
    at: float
    method: str
    route: str
    store: str | None
    outcome: int
    dial: str | None


@asynccontextmanager
async def a_crowd(
    folder: Path, *, per_second: float, workers: int, records: Path | None = None, **changes: object
) -> AsyncGenerator[Crew]:
    """A crew with so many workers hired, whose calls share so many a second.

    `records` is where the database file is to be; `changes` are settings.
    """
    server = EmbeddedServer(folder / "redis")
    server.start()
    url = f"sqlite+aiosqlite:///{records or folder / 'onboarder.db'}"
    database = Database(url)
    await upgrade(database)
    await database.aclose()
    try:
        async with a_crew(folder, url, f"unix://{server.socket}", **changes) as crew:
            allow(crew, per_second)
            for number in range(workers):  # one by one: to start takes the whole of a processor
                crew.start_worker()
                await crew.hired(number + 1)
            yield crew
    finally:
        server.stop()


def allow(
    crew: Crew, per_second: float, host: str = LOOPBACK, *, name: MarketplaceName = REHEARSAL
) -> None:
    """The rate that workers started from now on keep to, and the address at which they find the marketplace."""
    address = str(crew.marketplaces[name].base_url).rstrip("/").replace(LOOPBACK, host)
    configure(crew.settings.config_dir, name, address, per_second=per_second)


def strike(marketplace: httpx.Client, *dials: Dial) -> None:
    """Take all dials away and set these."""
    marketplace.delete("/_control/dials").raise_for_status()
    body = [one.model_dump(mode="json", exclude_none=True) for one in dials]
    marketplace.post("/_control/dials", json=body).raise_for_status()


def calls(marketplace: httpx.Client, after: int = 0) -> list[Call]:
    """The log from that call on, without what the marketplace carried out late by itself."""
    return [one for one in _pages(marketplace, after) if one.dial != "late_commit.done"]


async def worked_off(crew: Crew, patience: float = 600) -> float:
    """Wait until nothing is due any more; returns the seconds that took."""
    began = time.monotonic()
    await crew.done(patience)
    return time.monotonic() - began


def _pages(marketplace: httpx.Client, after: int) -> Iterator[Call]:
    while True:
        query = {"after": after, "limit": PAGE}
        answer = marketplace.get("/_control/log", params=query).raise_for_status()
        page = [Call.model_validate(one) for one in answer.json()]
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].no

"""One listing put up the plain way: intent, commit, call, outcome, commit."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import Column, DateTime, MetaData, String, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

AT_ONCE = 200
AS_IT_IS = httpx.Limits(max_connections=100, max_keepalive_connections=20)
"""What httpx 0.28 takes if nothing is said."""
ROOMY = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
CONNECTIONS = 20
"""To the database: jobs wait for one only as long as a commit takes."""
WRITES = Table(
    "writes",
    MetaData(),
    Column("reference", String(64), primary_key=True),
    Column("intended_at", DateTime(timezone=True), nullable=False),
    Column("known_at", DateTime(timezone=True)),
    Column("remote_id", String(64)),
)
Item = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are, handed to a worker process in its environment."""

    database: str
    marketplace: str
    redis: str
    number: int
    """Listings to put up."""
    report: str
    """The file in which the worker says what it used for them: seconds of CPU."""
    keeps_all: bool
    """Whether httpx keeps a connection for every call at once, or 20 of 100 at most, as it does if nothing is said."""

    @classmethod
    def read(cls) -> "Places":
        return cls(**json.loads(os.environ["BENCH_PLACES"]))


class Plain:
    """What a worker process holds: stock httpx, SQLAlchemy Core, a pool."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._done = 0
        self._cpu = time.process_time()
        self._client = httpx.AsyncClient(
            base_url=places.marketplace,
            headers={"Authorization": "Bearer S1"},
            limits=ROOMY if places.keeps_all else AS_IT_IS,
            timeout=60,
        )
        self._engine = engine(places)

    async def put_up(self, item: Item) -> None:
        """Create one listing at the marketplace."""
        reference = str(item["external_key"])
        async with self._engine.begin() as tx:
            await tx.execute(insert(WRITES).values(reference=reference, intended_at=_now()))
        answer = await self._client.post("/v1/items", json=item)
        remote_id = answer.raise_for_status().json()["item"]["item_no"]
        async with self._engine.begin() as tx:
            known = update(WRITES).where(WRITES.c.reference == reference)
            await tx.execute(known.values(known_at=_now(), remote_id=remote_id))
        self._tell()

    async def aclose(self) -> None:
        await self._client.aclose()
        await self._engine.dispose()

    def _tell(self) -> None:
        self._done += 1
        if self._done == self._places.number:
            used = time.process_time() - self._cpu
            Path(self._places.report).write_text(str(used), encoding="utf-8")


def engine(places: Places) -> AsyncEngine:
    return create_async_engine(places.database, pool_size=CONNECTIONS, max_overflow=0)


async def prepare(places: Places) -> None:
    """Make the table."""
    database = engine(places)
    async with database.begin() as tx:
        await tx.run_sync(WRITES.metadata.create_all)
    await database.dispose()


async def known(places: Places) -> int:
    """Writes whose outcome is on record."""
    database = engine(places)
    async with database.connect() as tx:
        found = await tx.scalar(select(func.count(WRITES.c.known_at)))
    await database.dispose()
    return found or 0


def item(number: int) -> dict[str, object]:
    """A listing as onboarder itself would send it."""
    return {
        "external_key": f"{number:064x}",
        "headline": f"Terasi udang asli Cirebon {number}",
        "blurb": "Terasi udang rebon dari Pasar Kanoman, dibungkus daun, tahan lama tanpa pengawet.",
        "category": "1010",
        "mass_kg": "0.250",
        "images": [str(number)],
        "choices": [{"sku": f"{number:032x}", "label": "", "amount_sen": 1_250_000, "on_hand": 20}],
    }


def _now() -> datetime:
    return datetime.now(UTC)

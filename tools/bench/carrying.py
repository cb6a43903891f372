"""A slow marketplace, the work ordered from it, and one or two of our processes that carry it there."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel
from tests.core.converge.samples import NOW
from tests.servers.process import free_port
from tests.support.town import PROGRAMME, REHEARSAL, a_merchant, a_product

from onboarder.model.ids import PhotoHash
from onboarder.model.work import Lane
from onboarder.records import register, stores
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from tools.bench.market import ROOT

AT_ONCE = 200
LISTINGS = 25
"""Per store, each with a call of its own."""
PHOTO = PhotoHash("0" * 64)
"""One for all listings of a store, so that it is uploaded once."""


class Told(BaseModel):
    """What the slow marketplace says of the writes it took."""

    writes: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Carried:
    """One run: writes a second, milliseconds of CPU per write in all processes, the worst loop's lag in milliseconds."""

    per_second: float
    cpu: float
    lag: float


def carried(url: str, number: int, workers: int) -> Carried:
    """So many processes fill so many stores, on the database at `url`. RuntimeError if any write is missing."""
    asyncio.run(_order(url, number))
    with slow_market() as market:
        command = [sys.executable, "-m", "tools.bench.writing", url, market, str(AT_ONCE)]
        began = [
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for _ in range(workers)
        ]
        found = [json.loads(one.communicate()[0]) for one in began]
        written = told(market)
    if written.writes != number * (LISTINGS + 2):
        raise RuntimeError(f"{written.writes} writes for {number} stores")
    cpu = 1000 * sum(one["cpu"] for one in found) / written.writes
    return Carried(written.per_second, cpu, max(one["lag"] for one in found))


def told(market: str) -> Told:
    """Raises OSError if the marketplace does not answer."""
    with urllib.request.urlopen(f"{market}/told") as answer:  # noqa: S310  # our own
        return Told.model_validate_json(answer.read())


@contextmanager
def slow_market() -> Generator[str]:
    """Its address, once it answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tools.bench.slow_market", str(port)]
    with subprocess.Popen(command, cwd=Path(ROOT)) as process:
        try:
            _wait_for(url)
            yield url
        finally:
            process.terminate()


async def _order(url: str, number: int) -> None:
    database = Database(url)
    await upgrade(database)
    owners = [a_merchant(n) for n in range(number)]
    goods = [replace(a_product(one, n), photos=(PHOTO,)) for one in owners for n in range(LISTINGS)]
    async with database.write() as tx:
        await register.save_merchants(tx, owners, await register.merchants(tx, PROGRAMME.code), NOW)
        await register.save_products(tx, goods, await register.products(tx, PROGRAMME.code), NOW)
        pairs = [(one.id, REHEARSAL) for one in owners]
        await stores.trigger(tx, pairs, lane=Lane.NIGHT, by="bench", now=NOW)
    await database.aclose()


def _wait_for(url: str, *, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError):
            told(url)
            return
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")

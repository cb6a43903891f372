"""Two processes with ten tasks each need one store's expired token, at a marketplace slower than any of them is patient.

`python -m tests.faults.renewal [--short] [--database URL]`. Each trial has a store of its own; every task gives up long
before the answer comes, and asks again. Then trials in which the process that renews is killed once the marketplace has
done its part: one more try finds out, that store waits for its merchant, and all others go on.
"""

import argparse
import asyncio
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import structlog
from pydantic import BaseModel

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import CredentialsExpired, Unavailable
from onboarder.connector.http import Effect, MarketplaceHttp, open_client
from onboarder.connector.http import Request as Call
from onboarder.converge import renewal
from onboarder.converge.renewal import LOST, MOST_TRIES, Renewals
from onboarder.model.ids import MarketplaceName, RemoteId, StoreId
from onboarder.model.recorded import SealedCredentials, StoreRecord
from onboarder.model.work import Lane
from onboarder.people.key_ring import KeyRingFile
from onboarder.people.vault import Vault
from onboarder.records import credentials, register, stores
from onboarder.records.database import Database
from onboarder.records.merchant_keys import MerchantKeys
from onboarder.records.migrations import upgrade
from tests.faults.findings import Finding, tell
from tests.servers.process import free_port, wait_until
from tests.support.tokens import number_in, pair
from tests.support.town import PROGRAMME, a_merchant

MARKETPLACE = MarketplaceName("rehearsal")
PROCESSES, TASKS = 2, 10
PATIENCE = 0.1
"""Seconds that a task waits."""
SLOW = 0.4
"""Seconds that the marketplace takes: longer than anybody waits."""
DEADLINE = timedelta(seconds=8)
"""Of a renewal, in the trials without a kill: a loaded machine must not lose an answer."""
SHORT_DEADLINE = timedelta(seconds=3)
"""Of a renewal whose process is killed: the next claim comes after twice that."""
NEVER = 60.0
"""Seconds until an answer that finds its process dead."""
TRIALS, KILLS = 100, 10


class Family(BaseModel):
    """What the marketplace says of one store's tokens."""

    current: int = 0
    revoked: bool = False
    refreshes: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Place:
    """Where everything lies: database, key ring and key store, the marketplace's door."""

    folder: Path
    database: str
    door: str

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[tuple[Database, Vault]]:
        ring = KeyRingFile(self.folder)
        ring.create()
        keys = MerchantKeys(Database(f"sqlite+aiosqlite:///{self.folder}/merchants.db"), _now)
        database = Database(self.database)
        try:
            yield database, Vault(ring.read, keys)
        finally:
            await keys.aclose()
            await database.aclose()

    def account(self, store: StoreId) -> Family:
        """What the marketplace itself says."""
        said = httpx.get(f"{self.door}/account", trust_env=False).json()
        return Family.model_validate(said.get(store, {}))


@dataclass
class Door:
    """A connector of which only the renewal is asked."""

    http: MarketplaceHttp

    async def renew(self, access: Access) -> Credentials:
        body = {"shop": access.remote_id, "refresh": number_in(access)}
        request = Call("POST", "/refresh", "/refresh", Effect.WRITE, json=body)
        answer = await self.http.send(request)
        if answer.status != 200:
            raise CredentialsExpired(LOST)
        said = json.loads(answer.body)
        return pair(int(said["refresh"]), _now())


class Worker:
    """A process with `TASKS` tasks, which renew the store whose id comes in and say how it ended."""

    def __init__(self, place: Place, name: str, deadline: timedelta) -> None:
        module = "tests.faults.renewal"
        given = (str(place.folder), place.database, place.door, name, str(deadline.total_seconds()))
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--work", *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.hear() == "ready"

    def ask(self, store: StoreId) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{store}\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


async def work(place: Place, name: str, deadline: timedelta) -> None:
    """What a worker process does until nothing comes in any more."""
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)  # its standard output is what it answers
    loop = asyncio.get_running_loop()
    http = MarketplaceHttp(
        open_client(place.door), UnlimitedBudget(), marketplace=MARKETPLACE, deadline=deadline
    )
    async with place.opened() as (database, vault):
        renewals = Renewals(database, vault, clock=_now, name=name, deadline=deadline)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            store = await _store(database, StoreId(line.strip()))
            door = Door(http)
            ends = await asyncio.gather(*(_insist(renewals, store, door) for _ in range(TASKS)))
            sys.stdout.write(f"{','.join(sorted(set(ends)))}\n")
            sys.stdout.flush()
        await renewals.drain()
    await http.aclose()


async def _insist(renewals: Renewals, store: StoreRecord, door: Door) -> str:
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                found = await renewals.renewed(store, door, 1)
        except (TimeoutError, Unavailable):
            continue
        except CredentialsExpired:
            return "lost"
        return str(found.generation)


async def _store(database: Database, wanted: StoreId) -> StoreRecord:
    async with database.read() as tx:
        [found] = await stores.records(tx, ids=[wanted])
    return replace(found, remote_id=RemoteId(wanted))


async def prepare(place: Place, number: int) -> list[StoreId]:
    """So many stores, each with the first token of a family."""
    people = [a_merchant(n) for n in range(number)]
    async with place.opened() as (database, vault), database.write() as tx:
        known = await register.merchants(tx, PROGRAMME.code)
        await register.save_merchants(tx, people, known, _now())
        pairs = [(one.id, MARKETPLACE) for one in people]
        ids = await stores.trigger(tx, pairs, lane=Lane.NIGHT, by="test", now=_now())
        for owner, where in zip(people, ids, strict=True):
            await renewal.keep(tx, vault, owner.id, where, pair(0, _now()), now=_now())
    return ids


def patient(place: Place, chosen: Sequence[StoreId]) -> Finding:
    """Every task of every process needs the same store at once."""
    began, twice, lost, stuck = time.monotonic(), 0, 0, 0
    with _workers(place, DEADLINE, PROCESSES) as workers:
        for store in chosen:
            for one in workers:
                one.ask(store)
            ends = {one.hear() for one in workers}
            family, held = place.account(store), asyncio.run(_held(place, store))
            twice += family.refreshes - 1
            lost += family.revoked
            stuck += ends != {"2"} or held != (2, family.current)
            sys.stderr.write(f"{store} {ends} {family} {held}\n")
    note = f"{PROCESSES} processes x {TASKS} tasks, answers after {SLOW} s, patience {PATIENCE} s"
    return Finding(
        "renewal of one token by many",
        len(chosen),
        "-",
        twice,
        lost,
        stuck,
        round(time.monotonic() - began, 1),
        not (twice or lost or stuck),
        note,
    )


def killed(place: Place, chosen: Sequence[StoreId]) -> Finding:
    """The process that renews dies once the marketplace has done its part; who comes next tries once more."""
    began, stuck, stormed = time.monotonic(), 0, 0
    with _workers(place, SHORT_DEADLINE, 1) as [other]:
        for store in chosen:
            with _workers(place, SHORT_DEADLINE, 1) as [dying]:
                dying.ask(store)
                wait_until(lambda: place.account(store).refreshes == 1)  # noqa: B023  # asked at once
            other.ask(store)
            end = other.hear()
            family, held = place.account(store), asyncio.run(_lost(place, store))
            stuck += end != "lost" or not held
            stormed += family.refreshes + family.refused > MOST_TRIES
            sys.stderr.write(f"{store} {end} {family}\n")
    return Finding(
        "renewal whose process dies before it can save",
        len(chosen),
        "-",
        stormed,
        0,
        stuck,
        round(time.monotonic() - began, 1),
        not (stuck or stormed),
        "one more try, then the store waits for its merchant; all others go on",
    )


@contextmanager
def at(folder: Path, database: str | None, slow: float) -> Generator[Place]:
    """Everything ready: a migrated database, keys, and the marketplace's door in a process of its own."""
    port = free_port()
    url = database or f"sqlite+aiosqlite:///{folder}/onboarder.db"
    place = Place(folder, url, f"http://127.0.0.1:{port}")
    asyncio.run(_migrate(url))
    command = [sys.executable, "-m", "tests.faults.token_server", str(port), str(slow)]
    server = subprocess.Popen(command)
    try:
        wait_until(lambda: _answers(place))
        yield place
    finally:
        server.kill()
        server.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--database", help="SQLAlchemy's async URL of an empty database")
    parser.add_argument("--work", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.work:
        folder, url, door, name, deadline = given.work
        asyncio.run(work(Place(Path(folder), url, door), name, timedelta(seconds=float(deadline))))
        return 0
    trials, kills = (8, 2) if given.short else (TRIALS, KILLS)
    with tempfile.TemporaryDirectory() as folder:
        return tell(run(Path(folder), given.database, trials, kills))


def run(folder: Path, database: str | None, trials: int, kills: int) -> list[Finding]:
    """Both kinds of trials, one after the other; the second kind only if there are to be kills."""
    with at(folder, database, SLOW) as place:
        chosen = asyncio.run(prepare(place, trials + kills))
        found = [patient(place, chosen[:trials])]
    if kills:
        with at(folder, database, NEVER) as place:
            found.append(killed(place, chosen[trials:]))
    return found


@contextmanager
def _workers(place: Place, deadline: timedelta, number: int) -> Generator[list[Worker]]:
    with ExitStack() as stack:
        started: list[Worker] = []
        for n in range(number):
            started.append(Worker(place, f"p{n}-{time.monotonic_ns()}", deadline))
            stack.callback(started[-1].end)
        yield started


async def _held(place: Place, store: StoreId) -> tuple[int, int]:
    """Generation and number of the token on record."""
    async with place.opened() as (database, vault):
        record = await _store(database, store)
        found = await _found(database, store)
        opened = await renewal.opened(vault, record, found)
    way = Access(record.reference, RemoteId(store), opened.credentials)
    return found.generation, number_in(way)


async def _lost(place: Place, store: StoreId) -> bool:
    async with place.opened() as (database, _):
        return (await _found(database, store)).lost_at is not None


async def _found(database: Database, store: StoreId) -> SealedCredentials:
    async with database.read() as tx:
        found = await credentials.find(tx, store)
    assert found is not None
    return found


async def _migrate(url: str) -> None:
    database = Database(url)
    await upgrade(database)
    await database.aclose()


def _answers(place: Place) -> bool:
    try:
        return httpx.get(f"{place.door}/account", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())

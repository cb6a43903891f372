"""The clerk: one transaction for many passes, each behind its own fence."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, select

from onboarder.model.ids import PhotoHash, Reference, StoreId
from onboarder.model.recorded import Lease
from onboarder.model.work import IntentKind
from onboarder.records import leases, tables
from onboarder.records.clerk import AT_A_TIME, Clerk, Entry
from onboarder.records.database import Database, Transaction
from onboarder.records.leases import LeaseLost
from onboarder.records.writes import Intended, intent_id
from tests.core.converge.samples import NOW
from tests.core.records.test_records_stores import SPAN, ordered


class Counted(Database):
    """Counts its transactions."""

    def __init__(self, inner: Database) -> None:
        self.url, self.embedded = inner.url, inner.embedded
        self._inner = inner
        self.written = self.looked = 0

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        self.written += 1
        async with self._inner.write(brief=brief) as tx:
            yield tx

    @asynccontextmanager
    async def read(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        self.looked += 1
        async with self._inner.read(brief=brief) as tx:
            yield tx


@pytest.fixture
def counted(database: Database) -> Counted:
    return Counted(database)


def a_clerk(database: Database) -> Clerk:
    return Clerk(database, clock=lambda: NOW, span=SPAN)


async def leased(clerk: Clerk, wanted: Sequence[StoreId]) -> list[Lease]:
    taken = await asyncio.gather(*(clerk.lease(one, owner="a") for one in wanted))
    return [one for one in taken if one is not None]


def a_create(lease: Lease) -> Entry:
    wish = intent_id(lease, 0), lease, IntentKind.CREATE_LISTING, Reference(lease.store_id)
    return Entry(lease, intents=[Intended(*wish, SPAN)])


async def intents(database: Database) -> list[str]:
    async with database.read() as tx:
        found = await tx.execute(select(tables.intent.c.store_id).order_by(tables.intent.c.id))
        return [str(one) for one in found.scalars()]


async def test_many_passes_share_their_transactions(counted: Counted) -> None:
    wanted = await ordered(counted, 20)
    clerk, before = a_clerk(counted), counted.written
    leases = await leased(clerk, wanted)
    assert sorted(one.store_id for one in leases) == sorted(wanted)
    works = await asyncio.gather(*map(clerk.load, wanted))
    assert [one.store.id for one in works] == wanted
    until = await asyncio.gather(*(clerk.write(a_create(one)) for one in leases))
    assert until == [NOW + SPAN] * 20
    assert await intents(counted) == sorted(wanted)
    assert (counted.written - before, counted.looked) == (2, 2)


async def test_one_lost_lease_among_many_hurts_no_other(database: Database) -> None:
    clerk = a_clerk(database)
    first, *others = await leased(clerk, await ordered(database, 5))
    lost = Lease(first.store_id, "zombie", first.token - 1, first.until)
    entries = map(clerk.write, map(a_create, (*others, lost)))
    *good, bad = await asyncio.gather(*entries, return_exceptions=True)
    assert good == [NOW + SPAN] * 4
    assert isinstance(bad, LeaseLost)
    assert await intents(database) == sorted(one.store_id for one in others)


async def test_a_zombie_in_the_same_round_as_the_new_holder_writes_nothing(
    database: Database,
) -> None:
    clerk = a_clerk(database)
    [mine] = await leased(clerk, await ordered(database))
    zombie = Lease(mine.store_id, "zombie", mine.token - 1, mine.until)
    ends = await asyncio.gather(
        clerk.write(a_create(zombie)), clerk.write(a_create(mine)), return_exceptions=True
    )
    assert isinstance(ends[0], LeaseLost)
    assert ends[1] == NOW + SPAN
    async with database.read() as tx:
        assert list((await tx.execute(select(tables.intent.c.lease_token))).scalars()) == [1]


async def test_what_the_database_refuses_hurts_no_other_and_leaves_nothing_half_written(
    database: Database,
) -> None:
    clerk = a_clerk(database)
    first, *others = await leased(clerk, await ordered(database, 4))

    async def refused(tx: Transaction) -> None:
        raise ValueError

    bad = Entry(first, photos=[(PhotoHash("f"), "key")], rest=refused)
    ends = await asyncio.gather(
        clerk.write(bad), *map(clerk.write, map(a_create, others)), return_exceptions=True
    )
    assert isinstance(ends[0], ValueError)
    assert ends[1:] == [NOW + SPAN] * 3
    assert len(await intents(database)) == 3
    async with database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(tables.remote_photo)) == 0


async def test_of_two_who_ask_for_one_store_at_once_one_gets_it(database: Database) -> None:
    clerk = a_clerk(database)
    [wanted] = await ordered(database)
    asked = [clerk.lease(wanted, owner=one) for one in ("a", "a", "b")]
    taken = await asyncio.gather(*asked)
    assert [one is not None for one in taken] == [True, False, False]


async def test_a_store_that_cannot_be_read_hurts_no_other(database: Database) -> None:
    clerk = a_clerk(database)
    first, second = await ordered(database, 2)
    async with database.write() as tx:
        lease = await leases.take(tx, first, owner="a", now=NOW, span=SPAN)
        assert lease is not None
        await leases.hold(tx, lease, until=NOW, now=NOW, values={"state": "of a newer release"})
    ends = await asyncio.gather(clerk.load(first), clerk.load(second), return_exceptions=True)
    assert isinstance(ends[0], ValueError)
    assert not isinstance(ends[1], BaseException)


async def test_nothing_is_told_before_it_is_committed(database: Database) -> None:
    """A worker that dies at the commit has told nobody that the intent is durable."""
    clerk = a_clerk(database)
    [mine] = await leased(clerk, await ordered(database))
    told: list[str] = []

    async def look(tx: Transaction) -> None:
        del tx
        told.extend(await intents(database))

    await clerk.write(Entry(mine, intents=a_create(mine).intents, rest=look))
    assert told == []
    assert await intents(database) == [mine.store_id]


async def test_between_what_single_passes_write_besides_others_get_their_turn(
    database: Database,
) -> None:
    turns = list[str]()

    async def others() -> None:
        while True:
            turns.append(" ")
            await asyncio.sleep(0)

    async def rest(tx: Transaction) -> None:
        del tx  # a brief statement would run right here, on the event loop's thread
        turns.append("x")

    clerk = a_clerk(database)
    ours = await leased(clerk, await ordered(database, 2 * AT_A_TIME + 1))
    looking = asyncio.create_task(others())
    await asyncio.gather(*(clerk.write(Entry(one, rest=rest)) for one in ours))
    looking.cancel()

    assert max(map(len, "".join(turns).split())) == AT_A_TIME

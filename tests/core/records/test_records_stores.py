"""Stores as the schedule: leases, order, generations; model values there and back; tasks."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from onboarder.connector.errors import Advice
from onboarder.model.ids import MarketplaceName, MerchantId, PhotoHash, Reference, RemoteId, StoreId
from onboarder.model.people import Actor
from onboarder.model.recorded import Lease, ListingRecord
from onboarder.model.shop import ListingState, StoreState
from onboarder.model.work import Failure, IntentKind, IntentState, Lane
from onboarder.records import credentials, leases, register, stores, tables, tasks, writes
from onboarder.records.credentials import FreshCredentials
from onboarder.records.database import Database, Transaction
from onboarder.records.held import LONGEST
from onboarder.records.leases import LeaseLost, Release
from onboarder.records.progress import Selection, progress
from onboarder.settings import Settings
from tests.core.converge.samples import NOW, content, listed, shown
from tests.support.town import PROGRAMME, a_merchant, a_product

SPAN = timedelta(seconds=60)
M = MarketplaceName("m")


async def test_of_fifty_takers_one_gets_the_lease(database: Database) -> None:
    [store] = await ordered(database)

    async def take(owner: str) -> Lease | None:
        async with database.write() as tx:
            return await leases.take(tx, store, owner=owner, now=NOW, span=SPAN)

    taken = [one for one in await asyncio.gather(*(take(f"w{n}") for n in range(50))) if one]
    assert len(taken) == 1
    assert taken[0].token == 1


async def test_a_lease_can_be_taken_again_only_after_it_ran_out_and_with_a_higher_token(
    database: Database,
) -> None:
    [store] = await ordered(database)
    first = await lease(database, store)
    async with database.write() as tx:
        assert await leases.take(tx, store, owner="b", now=NOW + SPAN, span=SPAN) is None
        late = NOW + SPAN + timedelta(seconds=1)
        second = await leases.take(tx, store, owner="b", now=late, span=SPAN)
        assert second is not None
        assert second.token == first.token + 1
        with pytest.raises(LeaseLost):
            await leases.hold(tx, first, until=late, now=late)
        await leases.hold(tx, second, until=late, now=late)


async def test_a_lease_that_a_clock_far_ahead_took_is_free(database: Database) -> None:
    ahead, right = await ordered(database, number=2)
    most = LONGEST / 2
    async with database.write() as tx:
        for one, now in ((ahead, NOW + timedelta(days=30)), (right, NOW)):
            assert await leases.take(tx, one, owner="gone", now=now, span=most) is not None
    async with database.read() as tx:
        due = [one for one, _ in await stores.due(tx, NOW)]
        [group] = await progress(tx, Selection(), NOW)
    async with database.write() as tx:
        taken = await leases.take_all(tx, [ahead, right], owner="b", now=NOW, span=SPAN)

    assert (due, list(taken)) == ([ahead], [ahead])
    assert (group.due, group.running) == (1, 1)
    with pytest.raises(ValidationError, match="lease_seconds"):
        Settings(lease_seconds=most.total_seconds() + 1)


async def test_a_released_lease_holds_no_more(database: Database) -> None:
    [store] = await ordered(database)
    mine = await lease(database, store)
    async with database.write() as tx:
        assert not await let_go(tx, mine, generation=1)
        with pytest.raises(LeaseLost):
            await leases.hold(tx, mine, until=NOW, now=NOW)


async def test_letting_go_after_a_trigger_leaves_the_store_due_in_the_triggers_lane(
    database: Database,
) -> None:
    [store] = await ordered(database, lane=Lane.NIGHT)
    mine = await lease(database, store)
    async with database.write() as tx:
        await stores.wake(tx, [store], lane=Lane.STALL, now=NOW)
        assert await let_go(tx, mine, generation=1)
        record = (await stores.load(tx, store)).store
    assert (record.due_at, record.lane, record.generation) == (NOW, Lane.STALL, 2)


async def test_the_longest_waiting_store_is_first_and_leased_or_later_ones_are_not_due(
    database: Database,
) -> None:
    made = await ordered(database, number=5)
    async with database.write() as tx:
        for minutes, one in zip((3, 1, 2, -1, 4), made, strict=True):
            due_at = NOW - timedelta(minutes=minutes)
            await tx.execute(
                update(tables.store).where(tables.store.c.id == one).values(due_at=due_at)
            )
    await lease(database, made[2])
    async with database.read() as tx:
        found = [one for one, _ in await stores.due(tx, NOW)]
        night = await stores.due(tx, NOW, lane=Lane.NIGHT)
        elsewhere = await stores.due(tx, NOW, marketplaces=[MarketplaceName("x")])
    assert found == [made[4], made[0], made[1]]
    assert (night, elsewhere) == ([], [])


async def test_a_store_waiting_in_the_stalls_lane_stays_there_when_the_night_wakes_it(
    database: Database,
) -> None:
    [store] = await ordered(database, lane=Lane.STALL)
    async with database.write() as tx:
        await stores.wake(tx, [store], lane=Lane.NIGHT, now=NOW)
        assert (await stores.load(tx, store)).store.lane is Lane.STALL
        await tx.execute(update(tables.store).values(due_at=None))
        await stores.wake(tx, [store], lane=Lane.NIGHT, now=NOW)
        assert (await stores.load(tx, store)).store.lane is Lane.NIGHT


async def test_two_orders_at_once_for_one_merchant_make_one_store(database: Database) -> None:
    owner = await a_merchant_on_record(database)

    async def order() -> list[StoreId]:
        async with database.write() as tx:
            return await stores.trigger(tx, [(owner, M)], lane=Lane.STALL, by="x", now=NOW)

    made = await asyncio.gather(*(order() for _ in range(5)))
    assert len({one for ids in made for one in ids}) == 1
    async with database.read() as tx:
        assert len(await stores.records(tx)) == 1


async def test_a_listing_comes_back_as_it_was_saved(database: Database) -> None:
    [store] = await ordered(database)
    full = replace(
        listed(content()),
        state=ListingState.REJECTED,
        reason="foto buram",
        failure=Failure("c", "Rejected", "canvasser", "i", "e", "d", NOW, "R1"),
        refused_digest=content().digest,
        attempts=3,
        not_before=NOW + SPAN,
        repairs=frozenset({"price", "relist"}),
        observed=replace(shown(content()), changed_at=NOW, url="https://x.example/1"),
    )
    bare = ListingRecord(full.id, full.reference)
    for one in (bare, full, bare):
        async with database.write() as tx:
            await writes.save_listings(tx, store, [one], now=NOW)
        async with database.read() as tx:
            assert (await stores.load(tx, store)).listings == {one.reference: one}


async def test_merchants_and_products_come_back_as_they_were_saved(database: Database) -> None:
    owner = await a_merchant_on_record(database)
    async with database.read() as tx:
        known = await register.merchants(tx, PROGRAMME.code)
        assert known == {owner: a_merchant(0)}
        goods = await register.products_of(tx, owner)
    assert list(goods.values()) == [a_product(a_merchant(0), 0)]


async def test_everything_a_pass_needs_is_read_at_once(database: Database) -> None:
    [store] = await ordered(database)
    mine = await lease(database, store)
    async with database.write() as tx:
        await writes.intend(tx, [a_create(mine)], now=NOW)
        await writes.save_photo(tx, store, PhotoHash("f1"), "key")
        await credentials.adopt(tx, store, FreshCredentials("sealed", NOW, None, None))
        opened = {"remote_id": "S1", "state": "open"}
        await leases.hold(tx, mine, until=NOW, now=NOW, values=opened)
    async with database.read() as tx:
        work = await stores.load(tx, store)
    assert work.merchant == a_merchant(0)
    assert work.photos == {PhotoHash("f1"): "key"}
    assert work.credentials is not None
    assert (work.credentials.sealed, work.credentials.expires_at) == ("sealed", NOW)
    assert [(one.reference, one.until) for one in work.doubts] == [("r", NOW + SPAN)]
    assert (work.store.remote_id, work.store.state) == (RemoteId("S1"), StoreState.OPEN)


@pytest.mark.parametrize(
    ("state", "doubted"),
    [
        (IntentState.UNKNOWN, True),
        (IntentState.DONE, False),
        (IntentState.ABSENT, False),
        (IntentState.REFUSED, False),
    ],
)
async def test_only_writes_without_a_known_outcome_are_in_doubt(
    database: Database, state: IntentState, doubted: bool
) -> None:
    [store] = await ordered(database)
    mine = await lease(database, store)
    one = a_create(mine)
    async with database.write() as tx:
        await writes.intend(tx, [one], now=NOW)
        await writes.conclude(tx, [one.id], state, now=NOW)
        assert bool((await stores.load(tx, store)).doubts) == doubted


async def test_a_task_is_open_once_per_subject_and_cause_and_renews_its_text(
    database: Database,
) -> None:
    [store] = await ordered(database)
    for text in ("lama", "baru"):
        await ask(database, store, "code", text)
    await ask(database, store, "other", "lain")
    async with database.read() as tx:
        found = await tasks.open_tasks(tx)
    assert [(one.code, one.id_text) for one in found] == [("code", "baru"), ("other", "lain")]


async def test_the_database_itself_refuses_a_second_open_task_of_the_same_cause(
    database: Database,
) -> None:
    [store] = await ordered(database)
    await ask(database, store, "code", "x")
    async with database.read() as tx:
        [row] = (await tx.execute(select(tables.task))).mappings()
    with pytest.raises(IntegrityError):
        async with database.write() as tx:
            await tx.execute(tables.task.insert().values({**row, "id": 99}))
    async with database.write() as tx:
        await tasks.close(tx, [row["id"]], now=NOW)
    await ask(database, store, "code", "again")


async def test_settling_closes_a_family_but_the_cause_that_still_stands(database: Database) -> None:
    [store] = await ordered(database)
    for code in ("store.suspended", "store.closed", "rehearsal.x"):
        await ask(database, store, code, code)
    async with database.write() as tx:
        await tasks.settle(tx, store, now=NOW, family="store.", still="store.closed")
        left = [one.code for one in await tasks.open_tasks(tx)]
    assert sorted(left) == ["rehearsal.x", "store.closed"]


async def test_a_task_is_answered_once(database: Database) -> None:
    [store] = await ordered(database)
    await ask(database, store, "code", "x")
    async with database.write() as tx:
        [task] = await tasks.open_tasks(tx)
        assert await tasks.answer(tx, task.id, "done", now=NOW)
        assert not await tasks.answer(tx, task.id, "done", now=NOW)
        assert await tasks.task_by_id(tx, task.id) is None


async def a_merchant_on_record(database: Database, number: int = 0) -> MerchantId:
    one = a_merchant(number)
    async with database.write() as tx:
        await register.save_merchants(tx, [one], [], NOW)
        await register.save_products(tx, [a_product(one, 0)], [], NOW)
    return one.id


async def ordered(database: Database, number: int = 1, *, lane: Lane = Lane.STALL) -> list[StoreId]:
    owners = [await a_merchant_on_record(database, one) for one in range(number)]
    async with database.write() as tx:
        return await stores.trigger(tx, [(one, M) for one in owners], lane=lane, by="x", now=NOW)


async def lease(database: Database, store: StoreId) -> Lease:
    async with database.write() as tx:
        taken = await leases.take(tx, store, owner="a", now=NOW, span=SPAN)
    assert taken is not None
    return taken


def a_create(mine: Lease) -> writes.Intended:
    return writes.Intended(
        writes.intent_id(mine, 0), mine, IntentKind.CREATE_LISTING, Reference("r"), SPAN
    )


async def let_go(tx: Transaction, mine: Lease, *, generation: int) -> bool:
    return await leases.release(tx, Release(mine, generation, None, Lane.NIGHT, {}), now=NOW)


async def ask(database: Database, store: StoreId, code: str, text: str) -> None:
    advice = Advice(code, Actor.CANVASSER, text, text)
    async with database.write() as tx:
        await tasks.ask(
            tx,
            where=store,
            owner=MerchantId(a_merchant(0).id),
            subject=store,
            advice=advice,
            now=NOW,
        )

"""Which workers live, and what a leaving one hands back."""

from datetime import timedelta

from sqlalchemy import select
from tests.support.town import MORNING, Town, a_town

from onboarder.model.ids import StoreId
from onboarder.records import leases, presence, stores
from onboarder.records.database import Database
from onboarder.records.tables import store


async def test_a_worker_is_alive_while_it_renews_its_row(database: Database) -> None:
    later = MORNING + presence.RENEW_EVERY
    for now in (MORNING, later):
        async with database.write() as tx:
            await presence.seen(tx, "one", started_at=MORNING, now=now)

    silent = later + presence.SILENT_AFTER
    async with database.read() as tx:
        heard = await presence.alive(tx, silent)
        unheard = await presence.alive(tx, silent + timedelta(seconds=1))

    assert heard == [presence.WorkerRecord("one", MORNING, later)]
    assert unheard == []


async def test_a_worker_that_ended_properly_is_gone_at_once(database: Database) -> None:
    async with database.write() as tx:
        await presence.seen(tx, "one", started_at=MORNING, now=MORNING)
        await presence.seen(tx, "two", started_at=MORNING, now=MORNING)

        await presence.gone(tx, "one")

        assert [one.id for one in await presence.alive(tx, MORNING)] == ["two"]


async def test_workers_long_dead_are_forgotten(database: Database) -> None:
    async with database.write() as tx:
        await presence.seen(tx, "dead", started_at=MORNING, now=MORNING)
        later = MORNING + presence.FORGET_AFTER + timedelta(seconds=1)

        await presence.seen(tx, "one", started_at=later, now=later)

        assert [one.id for one in await presence.alive(tx, MORNING)] == ["one"]


async def test_a_store_handed_back_is_free_and_its_start_does_not_count(
    database: Database,
) -> None:
    async with a_town(database) as town:
        [ours, theirs] = await town.order(await town.settle(2))
        for owner, one in (("leaving", ours), ("staying", theirs)):
            await leased(town, one, owner)

        async with database.write() as tx:
            freed = await presence.hand_back(tx, "leaving")

        async with database.read() as tx:
            due = [one for one, _ in await stores.due(tx, town.clock())]
            rows = await tx.execute(select(store.c.id, store.c.starts))
            starts = {one: number for one, number in rows}  # noqa: C416  # rows are not pairs to a type checker
        assert freed == 1
        assert due == [ours]
        assert starts == {ours: 0, theirs: 1}


async def test_what_may_be_why_the_process_ended_counts_as_begun(database: Database) -> None:
    async with a_town(database) as town:
        [suspect] = await town.order(await town.settle(1))
        await leased(town, suspect, "leaving")

        async with database.write() as tx:
            await presence.hand_back(tx, "leaving", counts=True)

        record = (await town.work_of(suspect)).store
        assert (record.starts, await town.due()) == (1, [suspect])


async def leased(town: Town, wanted: StoreId, owner: str) -> None:
    async with town.database.write() as tx:
        span = town.around.lease_span
        assert await leases.take(tx, wanted, owner=owner, now=town.clock(), span=span)

"""The sweep finds whatever is due, without Redis and without being told."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.support.town import MORNING, REHEARSAL, Town, a_town

from onboarder.converge.loop import PassEnd
from onboarder.model.ids import MarketplaceName, StoreId
from onboarder.model.work import Lane
from onboarder.records import leases, stores
from onboarder.records.database import Database
from onboarder.records.tables import store
from onboarder_workers.passes import Passes
from onboarder_workers.sweep import SHORTEST_PAUSE, Sweep

USUAL = 2.0


class Swept:
    """A process that notes the passes it begins; they change nothing."""

    def __init__(self, town: Town, *, slots: int = 10, lane: Lane = Lane.STALL) -> None:
        self.stores: list[StoreId] = []
        self.passes = Passes(self._work, {lane: slots})
        self.sweep = Sweep(town.around, self.passes, lane, REHEARSAL, USUAL)

    async def _work(self, wanted: StoreId) -> PassEnd:
        self.stores.append(wanted)
        return PassEnd.DONE

    async def once(self) -> float:
        pause = await self.sweep.once()
        await self.passes.drain(1)
        return pause


async def test_a_store_that_nobody_rang_for_is_found(database: Database) -> None:
    async with a_town(database) as town:
        ordered = await town.order(await town.settle(3))
        process = Swept(town)

        pause = await process.once()

    assert sorted(process.stores) == sorted(ordered)
    assert 0.75 * USUAL <= pause <= 1.25 * USUAL


async def test_another_lane_is_left_to_its_own_sweep(database: Database) -> None:
    async with a_town(database) as town:
        await town.order(await town.settle(2))
        process = Swept(town, lane=Lane.NIGHT)

        await process.once()

    assert process.stores == []


async def test_a_leased_store_is_found_once_its_lease_has_run_out(database: Database) -> None:
    async with a_town(database) as town:
        [dead] = await town.order(await town.settle(1))
        async with database.write() as tx:
            await leases.take(tx, dead, owner="dead", now=MORNING, span=timedelta(seconds=60))
        early, late = Swept(town), Swept(town)

        await early.once()
        town.clock.pass_by(timedelta(seconds=61))
        await late.once()

    assert (early.stores, late.stores) == ([], [dead])


async def test_more_work_than_slots_is_swept_on_without_a_pause(database: Database) -> None:
    async with a_town(database) as town:
        ordered = await town.order(await town.settle(25))
        process = Swept(town, slots=10)

        pause = await process.once()

    assert pause == SHORTEST_PAUSE
    assert len(set(process.stores)) == 10
    assert set(process.stores) < set(ordered)


async def test_the_next_sweep_comes_when_the_next_store_falls_due(database: Database) -> None:
    async with a_town(database) as town:
        [waiting] = await town.order(await town.settle(1))
        await due_at(town, waiting, timedelta(seconds=0.7))
        process = Swept(town)

        pause = await process.once()

    assert process.stores == []
    assert pause == pytest.approx(0.7)


async def test_stores_on_a_marketplace_that_is_not_configured_are_left_alone(
    database: Database,
) -> None:
    async with a_town(database) as town:
        owners = await town.settle(2)
        await town.order(owners)
        pairs = [(one.id, MarketplaceName("elsewhere")) for one in owners]
        async with database.write() as tx:
            await stores.trigger(tx, pairs, lane=Lane.STALL, by="test", now=MORNING)
        process = Swept(town)

        await process.once()
        ended = [await town.pass_over(StoreId(f"{one.id}@elsewhere")) for one in owners]

    assert {one.rpartition("@")[2] for one in process.stores} == {REHEARSAL}
    assert ended == [PassEnd.NOT_OURS] * 2


async def test_a_store_that_cannot_be_read_is_not_tried_at_every_sweep(database: Database) -> None:
    async with a_town(database) as town:
        [broken] = await town.order(await town.settle(1))
        async with database.write() as tx:
            await tx.execute(update(store).values(state="unheard of"))

        assert await town.pass_over(broken) is PassEnd.UNREADABLE
        process = Swept(town)
        await process.once()

    assert process.stores == []


async def due_at(town: Town, wanted: StoreId, wait: timedelta) -> None:
    async with town.database.write() as tx:
        await tx.execute(
            update(store).where(store.c.id == wanted).values(due_at=town.clock() + wait)
        )

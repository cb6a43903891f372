"""The glance: what costs nothing, what it leaves to a pass, and what becomes of what a dead process had taken."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from onboarder.connector.contract import Access
from onboarder.converge.glance import Glances
from onboarder.converge.night import GLANCED_WITHIN, Night, Scope
from onboarder.model.ids import RunId, StoreId
from onboarder.model.shop import ObservedStore
from onboarder.model.work import DriftClass, Lane, RunState
from onboarder.records import reviews, runs, stores, tables
from onboarder.records.database import Database, RecordsBusy, Transaction
from onboarder.records.runs import RunRecord
from onboarder_rehearsal import RehearsalConnector
from tests.support.mischief import small_pages, with_connector
from tests.support.town import REHEARSAL, Town


@pytest.fixture
async def opened(town: Town) -> list[StoreId]:
    """Three shops in which nothing is under way."""
    found = await town.open_shops(3)
    town.clock.pass_by(timedelta(minutes=30))
    return found


@pytest.fixture
def night(town: Town) -> Night:
    return Night(town.database, town.rules(), owner="n", clock=town.clock)


async def begun(town: Town, night: Night) -> RunRecord:
    return await known(town, await night.begin(by="test", scope=Scope()))


async def known(town: Town, run: RunId) -> RunRecord:
    async with town.database.read() as tx:
        found = await runs.run_by_id(tx, run)
    assert found is not None
    return found


async def tokens(town: Town) -> list[int]:
    """How often each store was leased."""
    query = select(tables.store.c.lease_token).order_by(tables.store.c.id)
    async with town.database.read() as tx:
        return list((await tx.execute(query)).scalars())


async def rows(town: Town) -> dict[str, list[dict[str, object]]]:
    """Every row there is, but for the run's own."""
    async with town.database.read() as tx:
        return {
            one.name: [dict(row) for row in (await tx.execute(select(one))).mappings()]
            for one in tables.metadata.sorted_tables
            if one.name not in {"run", "lock", "alembic_version"}
        }


async def marked(town: Town) -> int:
    query = select(func.count()).where(tables.store.c.review_run.is_not(None))
    async with town.database.read() as tx:
        return int(await tx.scalar(query) or 0)


async def requests(town: Town) -> int:
    return sum((await town.account()).requests.values())


async def test_a_store_as_recorded_costs_two_calls_no_lease_and_its_watermark_alone(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    before, leased, asked = await rows(town), await tokens(town), await requests(town)
    record = await begun(town, night)
    await town.glance()

    after = await rows(town)
    watermark = {"observed_at": town.clock(), "reviewed_at": town.clock()}
    assert after.pop("store") == [one | watermark for one in before.pop("store")]
    assert after == before
    assert await tokens(town) == leased
    assert await requests(town) - asked == 2 * len(opened)
    await night.advance(record.id)
    assert (await night.advance(record.id)).state is RunState.DONE


async def test_a_store_that_differs_is_left_to_a_pass_and_the_others_are_not(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    reference = (await town.listing(opened[0])).reference
    await town.by_hand("PATCH", f"listings/{reference}", price=15_000)
    record = await begun(town, night)
    await town.glance()

    assert await marked(town) == 1
    assert await town.due() == [opened[0]]
    await town.work_what_is_due()
    async with town.database.read() as tx:
        [drift] = await runs.drifts(tx, record.id)
    assert (drift.kind, drift.store_id) == (DriftClass.PRICE_CHANGED, opened[0])


async def test_what_changed_in_the_register_is_left_to_a_pass(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    await town.change(opened[1], price=13_000)
    await begun(town, night)
    await town.glance()

    assert await marked(town) == 1
    await town.work_what_is_due()
    assert await marked(town) == 0


async def test_a_store_triggered_during_its_glance_is_not_said_to_be_seen(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    record = await begun(town, night)
    generation = (await town.work_of(opened[0])).store.generation
    await town.order([(await town.work_of(opened[0])).merchant])
    async with town.database.write() as tx:
        assert not await reviews.note_glanced(tx, [(opened[0], generation)], at=town.clock())
    await town.run_until_quiet()  # not even once a pass has been and gone
    async with town.database.write() as tx:
        assert not await reviews.note_glanced(tx, [(opened[0], generation)], at=town.clock())
        assert await reviews.any_left(tx, record)


async def test_a_store_that_somebody_works_on_is_not_said_to_be_seen(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    await begun(town, night)
    generation = (await town.work_of(opened[0])).store.generation
    leased = update(tables.store).where(tables.store.c.id == opened[0])
    async with town.database.write() as tx:
        await tx.execute(leased.values(lease_until=town.clock() + timedelta(minutes=1)))
        assert not await reviews.note_glanced(tx, [(opened[0], generation)], at=town.clock())


async def test_what_a_dead_process_had_taken_is_passed_over_in_the_end(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    reference = (await town.listing(opened[2])).reference
    await town.by_hand("PATCH", f"listings/{reference}", price=15_000)
    record = await begun(town, night)
    async with town.database.write() as tx:
        assert await reviews.take_share(tx, record.id, now=town.clock(), size=100) == opened
    await town.glance()
    assert (await night.advance(record.id)).state is RunState.OBSERVING

    town.clock.pass_by(GLANCED_WITHIN)
    night_again = Night(town.database, town.rules(), owner="n2", clock=town.clock)
    await night_again.resume()
    assert (await night_again.advance(record.id)).state is RunState.OBSERVING
    assert await marked(town) == len(opened)
    await town.work_what_is_due()
    assert (await night_again.advance(record.id)).state is RunState.REPAIRING
    async with town.database.read() as tx:
        assert [one.store_id for one in await runs.drifts(tx, record.id)] == [opened[2]]


async def test_shares_are_taken_once_and_all_are_handed_out(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    record = await begun(town, night)
    taken: list[StoreId] = []
    for _ in range(4):
        async with town.database.write() as tx:
            taken += await reviews.take_share(tx, record.id, now=town.clock(), size=2)
    assert taken == sorted(opened)
    after = await known(town, record.id)
    assert (record.waiting, after.waiting, after.handed_to) == (3, 0, None)


async def test_a_process_that_is_to_end_hands_over_what_it_had_taken(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    await begun(town, night)
    asked = await requests(town)
    answers = iter([True, True])
    ending = Glances(town.around, jobs=1, may_go_on=lambda: next(answers, False))
    await ending.of_the_run_under_way()

    assert await requests(town) == asked
    assert await marked(town) == len(opened)


async def test_a_mark_set_while_a_pass_is_under_way_outlives_it(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    """That pass has not looked for the run; the next one does."""
    record = await begun(town, night)
    async with town.database.write() as tx:
        await stores.wake(tx, opened[:1], lane=Lane.STALL, now=town.clock(), look=True)

    async def mark() -> None:
        async with town.database.write() as tx:
            now = town.clock()
            await reviews.hand_over(tx, record.id, opened[:1], since=now, now=now)

    small_pages(town).each_page = mark
    await town.pass_over(opened[0])

    assert (await town.work_of(opened[0])).store.review_run == record.id
    assert await town.due() == opened[:1]


async def test_a_mark_of_another_run_set_while_a_pass_looks_for_one_outlives_it(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    """The pass began for a run that is over, and writes down nothing for the one that came after it."""
    over, chosen = RunId("over"), tables.store.c.id == opened[0]
    await marked_for(town, over, opened[0])

    async def mark() -> None:
        await marked_for(town, RunId("next"), opened[0])

    small_pages(town).each_page = mark
    await town.pass_over(opened[0])

    async with town.database.read() as tx:
        [row] = await tx.execute(
            select(tables.store.c.review_run, tables.store.c.reviewed_at).where(chosen)
        )
    assert tuple(row) == ("next", None)
    assert await town.due() == opened[:1]


async def test_a_store_put_off_by_a_pass_stays_so_while_other_shares_are_handed_over(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    record = await begun(town, night)
    later = town.clock() + timedelta(minutes=5)
    earlier = town.clock() - timedelta(minutes=5)
    await handed_over(town, record, opened[:1])
    await update_store(town, opened[0], due_at=later)
    await update_store(town, opened[1], due_at=earlier)
    await handed_over(town, record, opened[1:])

    due = [(await town.work_of(one)).store.due_at for one in opened]
    assert due == [later, earlier, town.clock()]


async def test_what_is_seen_after_the_run_was_judged_is_not_written_and_marks_nothing(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    reference = (await town.listing(opened[2])).reference
    await town.by_hand("PATCH", f"listings/{reference}", price=15_000)
    record = await begun(town, night)

    async def judge() -> None:
        await update_run(town, record.id, state=RunState.REPAIRING)

    small_pages(town).each_page = judge
    before = await rows(town)
    await town.glance()

    assert await rows(town) == before


async def test_a_database_that_is_busy_for_a_while_loses_no_share(
    town: Town, opened: list[StoreId], night: Night
) -> None:
    record = await begun(town, night)
    town.around = replace(town.around, database=BusyAtFirst(town.database, times=3))
    await town.glance()

    async with town.database.read() as tx:
        assert not await reviews.any_left(tx, record)
    assert await marked(town) == 0


async def test_a_glance_longer_than_a_lease_needs_none(town: Town, night: Night) -> None:
    await town.open_shops(1, products=3)
    town.clock.pass_by(timedelta(minutes=30))
    await begun(town, night)

    async def dawdle() -> None:
        town.clock.pass_by(0.4 * town.around.lease_span)  # on each of three pages

    small_pages(town).each_page = dawdle
    await town.glance()

    assert await marked(town) == 0


async def marked_for(town: Town, run: RunId, where: StoreId) -> None:
    async with town.database.write() as tx:
        now = town.clock()
        await reviews.hand_over(tx, run, [where], since=now, now=now)


async def handed_over(town: Town, record: RunRecord, ids: list[StoreId]) -> None:
    async with town.database.write() as tx:
        since, now = record.started_at, town.clock()
        await reviews.hand_over(tx, record.id, ids, since=since, now=now)


async def update_store(town: Town, where: StoreId, **values: object) -> None:
    async with town.database.write() as tx:
        await tx.execute(update(tables.store).where(tables.store.c.id == where).values(values))


async def update_run(town: Town, run: RunId, **values: object) -> None:
    async with town.database.write() as tx:
        await tx.execute(update(tables.run).where(tables.run.c.id == run).values(values))


class BusyAtFirst(Database):
    """Refuses the first few writes."""

    def __init__(self, inner: Database, *, times: int) -> None:
        self.url, self.embedded = inner.url, inner.embedded
        self._inner, self._left = inner, times

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        async with self._inner.write(brief=brief) as tx:
            self._left -= 1
            if self._left >= 0:
                raise RecordsBusy
            yield tx

    @asynccontextmanager
    async def read(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        async with self._inner.read(brief=brief) as tx:
            yield tx


async def test_each_marketplace_has_room_of_its_own(town: Town, night: Night) -> None:
    """Glances that only wait for a slow marketplace's budget take none of another's places."""
    await town.open_shops(4)
    town.clock.pass_by(timedelta(minutes=30))
    crowded = with_connector(town, Crowded)
    crowded.inside, crowded.most = 0, 0
    place = town.around.marketplaces[REHEARSAL]
    glances = Glances(town.around, jobs=4, bearable={place.name: 2}, sleep=town.clock.sleep)

    await glances.through(await begun(town, night))

    assert glances.same == 4
    assert crowded.most == 2


class Crowded(RehearsalConnector):
    """Counts how many look at a store at once."""

    inside: int
    most: int

    async def observe_store(self, access: Access) -> ObservedStore | None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        for _ in range(9):  # the others come meanwhile
            await asyncio.sleep(0)
        try:
            return await super().observe_store(access)
        finally:
            self.inside -= 1

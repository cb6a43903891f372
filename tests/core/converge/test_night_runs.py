"""The run as a whole: what stops it, who may push it on, what does not hold it up."""

from datetime import timedelta

import pytest

from onboarder.connector.advice import UNMAPPED
from onboarder.connector.contract import Access
from onboarder.connector.daily import DAY_USED_UP
from onboarder.connector.errors import ActionNeeded, RateLimited
from onboarder.converge.loop import PassEnd
from onboarder.converge.night import LOCK_SPAN, PATIENCE, WINDOW, Night, Scope
from onboarder.model.ids import MarketCode, RunId
from onboarder.model.shop import ObservedStore
from onboarder.model.work import DriftClass, DriftPolicy, Lane, RunState
from onboarder.problems import BusyProblem
from onboarder.records import judging, stores
from onboarder.records.database import Database
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.core.converge.disturbed import (
    LATER,
    a_shop_disturbed,
    found_again,
)
from tests.support.mischief import small_pages, with_connector
from tests.support.town import Town, a_town


async def test_an_implausible_share_of_vanished_listings_stops_all_repairs(
    database: Database,
) -> None:
    policy = {DriftClass.VANISHED: DriftPolicy.REPAIR, DriftClass.PRICE_CHANGED: DriftPolicy.REPAIR}
    async with a_town(database, policy=policy) as town:
        [first, second] = await town.open_shops(2, products=6)
        town.clock.pass_by(LATER)
        for number in range(4):
            reference = (await town.listing(first, number)).reference
            await town.by_hand("DELETE", f"listings/{reference}")
        other = (await town.listing(second)).reference
        await town.by_hand("PATCH", f"listings/{other}", price=15_000)
        before = await town.writes()
        run, found = await town.night()
        assert run.state is RunState.STOPPED
        assert {one.outcome for one in found} == {"stopped"}
        await town.run_until_quiet()
        assert await town.writes() == before

        again = await found_again(town)
        assert {one.outcome for one in again} == {"stopped"}


async def test_a_few_vanished_listings_are_believed(database: Database) -> None:
    async with a_town(database, policy={DriftClass.VANISHED: DriftPolicy.REPAIR}) as town:
        [store] = await town.open_shops(1, products=6)
        town.clock.pass_by(LATER)
        for number in range(2):
            await town.by_hand(
                "DELETE", f"listings/{(await town.listing(store, number)).reference}"
            )
        run, found = await town.night()
        assert run.state is RunState.DONE
        assert {one.outcome for one in found} == {"repaired"}
        assert (await town.account()).states() == ["live"] * 6


async def test_unanswered_questions_about_vanished_listings_do_not_add_up_to_a_stop(
    town: Town,
) -> None:
    [store] = await town.open_shops(1, products=8)
    for number in range(5):
        town.clock.pass_by(LATER)
        await town.by_hand("DELETE", f"listings/{(await town.listing(store, number)).reference}")
        run, _ = await town.night()
        assert run.state is RunState.DONE
    assert len(await town.tasks()) == 5


async def test_a_market_is_judged_by_its_own_listings(town: Town) -> None:
    await town.open_shops(2, products=3)
    async with town.database.read() as tx:
        assert await judging.listings_held(tx, "KNM") == {"rehearsal": 6}
        assert await judging.listings_held(tx, "PGI") == {}
    night = Night(town.database, town.rules(), owner="n", clock=town.clock)
    run = await night.begin(by="test", scope=Scope(market=MarketCode("PGI")))
    assert (await night.advance(run)).stores == 0


async def test_one_run_at_a_time_until_its_holder_falls_silent(town: Town) -> None:
    await town.open_shops()
    first = Night(town.database, town.rules(), owner="first", clock=town.clock)
    second = Night(town.database, town.rules(), owner="second", clock=town.clock)
    run = await first.begin(by="test", scope=Scope())
    with pytest.raises(BusyProblem):
        await second.begin(by="test", scope=Scope())

    town.clock.pass_by(LOCK_SPAN + timedelta(seconds=1))
    assert await second.begin(by="test", scope=Scope()) == run
    with pytest.raises(BusyProblem):
        await first.advance(run)
    await town.glance()
    await second.advance(run)
    await town.work_what_is_due()
    assert (await second.advance(run)).state is RunState.DONE
    assert await first.begin(by="test", scope=Scope()) != run


async def test_a_store_that_cannot_be_looked_at_does_not_hold_the_night_for_ever(
    town: Town,
) -> None:
    [store, other] = await town.open_shops(2)
    town.clock.pass_by(LATER)
    await town.by_hand("PATCH", f"listings/{(await town.listing(other)).reference}", price=15_000)
    blocked = (await town.work_of(store)).store.reference
    await town.dial(Dial(fault=Fault.UNAVAILABLE, store=blocked))
    started = town.clock()
    run, found = await town.night()
    assert run.state is RunState.DONE
    assert timedelta() < town.clock() - started - WINDOW < timedelta(minutes=5)
    assert [one.kind for one in found] == [DriftClass.PRICE_CHANGED]
    assert run.unseen == 1
    assert (await town.work_of(store)).store.review_run is None


async def test_a_night_whose_calls_are_used_up_ends_and_says_how_many_stores_it_has_not_seen(
    town: Town,
) -> None:
    await town.open_shops(3)
    town.clock.pass_by(LATER)
    seen, _ = await town.night()
    town.clock.pass_by(LATER)
    with_connector(town, SpentConnector)
    started = town.clock()
    run, found = await town.night()
    assert town.clock() - started < PATIENCE
    assert (run.state, found) == (RunState.DONE, [])
    assert (seen.unseen, run.unseen) == (0, 3)


async def test_the_lock_of_a_dead_process_whose_clock_was_far_ahead_is_taken_over_after_a_minute(
    town: Town,
) -> None:
    town.clock.pass_by(timedelta(days=30))
    dead = Night(town.database, town.rules(), owner="dead", clock=town.clock)
    run = await dead.begin(by="test", scope=Scope())
    town.clock.pass_by(-timedelta(days=30))
    night = Night(town.database, town.rules(), owner="n", clock=town.clock)
    with pytest.raises(BusyProblem):
        await night.begin(by="test", scope=Scope())

    town.clock.pass_by(LOCK_SPAN + timedelta(seconds=1))
    assert await night.resume() == run


async def test_a_process_whose_clock_is_far_behind_takes_no_run_away(town: Town) -> None:
    alive = Night(town.database, town.rules(), owner="alive", clock=town.clock)
    behind = Night(town.database, town.rules(), owner="behind", clock=lambda: town.clock() - LATER)
    run = await alive.begin(by="test", scope=Scope())

    for _ in range(2):
        for _ in range(2):
            with pytest.raises(BusyProblem):
                await behind.resume()
        await alive.advance(run)


async def test_a_run_begun_by_a_clock_far_ahead_ends_like_any_other(town: Town) -> None:
    [store, _] = await town.open_shops(2)
    night = Night(town.database, town.rules(), owner="n", clock=town.clock)
    town.clock.pass_by(timedelta(days=30))
    run = await night.begin(by="test", scope=Scope())
    town.clock.pass_by(LATER - timedelta(days=30))
    await town.by_hand("PATCH", f"listings/{(await town.listing(store)).reference}", price=15_000)

    put_right = town.clock()
    await town.glance()
    await town.work_what_is_due()
    await night.advance(run)
    await town.work_what_is_due()
    record = await night.advance(run)

    assert (record.state, record.started_at) == (RunState.DONE, put_right)
    assert record.totals == {"price_changed": {"asked": 1}}


async def test_a_store_without_authorisation_is_told_and_does_not_hold_the_night(
    town: Town,
) -> None:
    store = await a_shop_disturbed(town, DriftClass.AUTHORISATION_LOST)
    started = town.clock()
    _, [drift] = await town.night()
    assert (drift.kind, drift.outcome) == (DriftClass.AUTHORISATION_LOST, "asked")
    assert town.clock() - started < PATIENCE
    await town.run_until_quiet(most=timedelta(minutes=10))
    assert [one.code for one in await town.tasks()] == ["rehearsal.authorisation_withdrawn"]
    assert (await town.work_of(store)).store.review_run is None


async def test_a_store_that_only_a_person_can_make_visible_does_not_hold_the_night(
    town: Town,
) -> None:
    [store] = await town.open_shops()
    town.clock.pass_by(LATER)
    with_connector(town, BlindConnector)
    started = town.clock()
    run, found = await town.night()
    assert (run.state, found) == (RunState.DONE, [])
    assert town.clock() - started < PATIENCE
    assert [one.code for one in await town.tasks()] == [UNMAPPED.code]
    assert (await town.work_of(store)).store.review_run is None


async def test_the_day_goes_on_while_the_night_looks(town: Town) -> None:
    """A change in the register during the run is carried out, and is no drift."""
    [store] = await town.open_shops()
    town.clock.pass_by(LATER)
    night = Night(town.database, town.rules(), owner="n", clock=town.clock)
    run = await night.begin(by="test", scope=Scope())
    await town.change(store, price=13_000)
    await town.work_what_is_due()
    await night.advance(run)
    await town.run_until_quiet()
    assert (await night.advance(run)).totals == {}
    shown = (await town.account()).listing((await town.listing(store)).reference)
    assert shown["price"] == 13_000


async def test_a_mark_set_while_a_pass_looks_outlives_it(town: Town) -> None:
    [store] = await town.open_shops()
    town.clock.pass_by(LATER)
    night = Night(town.database, town.rules(), owner="n", clock=town.clock)
    small, begun = small_pages(town), list[RunId]()

    async def begin() -> None:
        small.each_page = None
        begun.append(await night.begin(by="test", scope=Scope()))
        await town.glance()

    small.each_page = begin
    async with town.database.write() as tx:
        await stores.wake(tx, [store], lane=Lane.STALL, now=town.clock(), look=True)
    assert await town.pass_over(store) is PassEnd.AGAIN
    assert (await town.work_of(store)).store.review_run == begun[0]


class SpentConnector(RehearsalConnector):
    """Has no calls left until tomorrow."""

    async def observe_store(self, access: Access) -> ObservedStore | None:
        raise RateLimited(DAY_USED_UP, retry_after=timedelta(hours=23), scope="app")


class BlindConnector(RehearsalConnector):
    """Is told that a person must act whenever it looks."""

    async def observe_store(self, access: Access) -> ObservedStore | None:
        raise ActionNeeded(UNMAPPED)

"""The night: what it finds, what each policy does about it and no more, and how a run survives."""

from datetime import timedelta

import pytest

from onboarder.model.recorded import RECREATE, RELIST
from onboarder.model.shop import ListingState
from onboarder.model.work import DriftClass, DriftPolicy, RunState
from onboarder.records import runs
from onboarder.records.database import Database
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.core.converge.disturbed import (
    BY_HAND,
    LATER,
    OF_LISTINGS,
    a_shop_disturbed,
    answer_one,
    as_wanted,
    found_again,
    listing_rows,
)
from tests.support.mischief import small_pages
from tests.support.town import Town, a_town


@pytest.mark.parametrize("kind", [one for one in BY_HAND if one is not DriftClass.STORE_VANISHED])
async def test_each_change_made_there_by_hand_is_found_under_its_class(
    town: Town, kind: DriftClass
) -> None:
    store = await a_shop_disturbed(town, kind)
    run, found = await town.night()
    assert [one.kind for one in found] == [kind]
    assert found[0].store_id == store
    assert run.state is RunState.DONE
    assert run.totals == {kind: {found[0].outcome: 1}}
    assert found[0].outcome == "asked"


async def test_a_quiet_night_finds_nothing_and_writes_nothing(town: Town) -> None:
    await town.open_shops(3)
    before, rows = await town.writes(), await listing_rows(town)
    town.clock.pass_by(LATER)
    run, found = await town.night()
    assert (run.state, run.stores, run.totals, found) == (RunState.DONE, 3, {}, [])
    assert await town.writes() == before
    assert await listing_rows(town) == rows


@pytest.mark.parametrize("kind", OF_LISTINGS)
async def test_repair_brings_back_what_we_want_and_the_drift_is_repaired(
    database: Database, kind: DriftClass
) -> None:
    async with a_town(database, policy={kind: DriftPolicy.REPAIR}) as town:
        store = await a_shop_disturbed(town, kind)
        _, found = await town.night()
        shown = (await town.account()).listing((await town.listing(store)).reference)
        assert [one.outcome for one in found] == ["repaired"]
        assert await as_wanted(town, store, shown)
        assert await town.tasks() == []
        assert (await town.listing(store)).repairs == frozenset()
        assert await found_again(town) == []


@pytest.mark.parametrize("policy", [DriftPolicy.ADOPT, DriftPolicy.REPORT])
@pytest.mark.parametrize("kind", OF_LISTINGS)
async def test_adopt_and_report_change_nothing_there_and_say_it_once(
    database: Database, kind: DriftClass, policy: DriftPolicy
) -> None:
    async with a_town(database, policy={kind: policy}) as town:
        await a_shop_disturbed(town, kind)
        before = await town.writes()
        _, found = await town.night()
        assert [one.outcome for one in found] == [
            {"adopt": "adopted", "report": "reported"}[policy]
        ]
        assert await town.writes() == before
        assert await town.tasks() == []
        assert await found_again(town) == []


@pytest.mark.parametrize("kind", OF_LISTINGS)
async def test_ask_changes_nothing_and_keep_leaves_it_for_good(
    town: Town, kind: DriftClass
) -> None:
    await a_shop_disturbed(town, kind)
    before = await town.writes()
    await town.night()
    [task] = await town.tasks()
    assert task.choices == ("keep", "restore")
    assert task.code == f"drift.{kind}"
    assert task.id_text.startswith("Kerupuk contoh")
    await town.answer("keep")
    await town.run_until_quiet()
    assert await town.writes() == before
    assert await found_again(town) == []
    assert await town.tasks() == []


@pytest.mark.parametrize("kind", OF_LISTINGS)
async def test_restore_brings_back_what_we_want(town: Town, kind: DriftClass) -> None:
    store = await a_shop_disturbed(town, kind)
    run, _ = await town.night()
    await town.answer("restore")
    await town.run_until_quiet()
    shown = (await town.account()).listing((await town.listing(store)).reference)
    assert await as_wanted(town, store, shown)
    async with town.database.read() as tx:
        assert [one.outcome for one in await runs.drifts(tx, run.id)] == ["repaired"]
    assert await found_again(town) == []


@pytest.mark.parametrize(
    "kind", [*OF_LISTINGS, DriftClass.DUPLICATE, DriftClass.UNKNOWN_TO_US, DriftClass.REJECTED]
)
async def test_a_question_nobody_answers_is_asked_once_however_many_nights(
    town: Town, kind: DriftClass
) -> None:
    await a_shop_disturbed(town, kind)
    await town.night()
    [task] = await town.tasks()
    for _ in range(2):
        assert [one.outcome for one in await found_again(town)] in (["waiting"], ["asked"])
    assert [one.id for one in await town.tasks()] == [task.id]


async def test_a_question_about_a_price_says_the_newest_price(town: Town) -> None:
    store = await a_shop_disturbed(town, DriftClass.PRICE_CHANGED)
    await town.night()
    reference = (await town.listing(store)).reference
    await town.by_hand("PATCH", f"listings/{reference}", price=17_000)
    await found_again(town)
    [task] = await town.tasks()
    assert "17000" in task.id_text
    assert "12500" in task.id_text


async def test_a_question_is_closed_when_the_merchant_takes_the_change_back(town: Town) -> None:
    store = await a_shop_disturbed(town, DriftClass.PRICE_CHANGED)
    run, _ = await town.night()
    reference = (await town.listing(store)).reference
    await town.by_hand("PATCH", f"listings/{reference}", price=12_500)
    assert await found_again(town) == []
    assert await town.tasks() == []
    async with town.database.read() as tx:
        assert [one.outcome for one in await runs.drifts(tx, run.id)] == ["resolved"]


@pytest.mark.parametrize("policy", [DriftPolicy.ASK, DriftPolicy.REPORT, DriftPolicy.ADOPT])
async def test_the_merchants_price_is_never_overwritten_by_our_own_other_changes(
    database: Database, policy: DriftPolicy
) -> None:
    async with a_town(database, policy={DriftClass.PRICE_CHANGED: policy}) as town:
        store = await a_shop_disturbed(town, DriftClass.PRICE_CHANGED)
        await town.change(store, name="Kerupuk udang")
        await town.run_until_quiet()
        await town.night()
        await town.change(store, stock=4)
        await town.run_until_quiet()
        shown = (await town.account()).listing((await town.listing(store)).reference)
        assert (shown["price"], shown["stock"], shown["title"]) == (15_000, 4, "Kerupuk udang")


@pytest.mark.parametrize(
    "policy", [DriftPolicy.ASK, DriftPolicy.REPORT, DriftPolicy.ADOPT], ids=str
)
@pytest.mark.parametrize(("answer", "price"), [("keep", 15_000), ("restore", 14_000)])
async def test_a_price_changed_by_both_sides_is_asked_and_only_the_answer_decides(
    database: Database, policy: DriftPolicy, answer: str, price: int
) -> None:
    async with a_town(database, policy={DriftClass.PRICE_CHANGED: policy}) as town:
        store = await a_shop_disturbed(town, DriftClass.PRICE_CHANGED)
        town.clock.pass_by(timedelta(hours=1))
        await town.change(store, price=14_000, stock=4)
        await town.run_until_quiet()
        reference = (await town.listing(store)).reference
        shown = (await town.account()).listing(reference)
        assert (shown["price"], shown["stock"]) == (15_000, 4)

        _, found = await town.night()
        assert [(one.wanted, one.observed, one.outcome) for one in found] == [
            ("14000", "15000", "asked")
        ]
        await town.answer(answer)
        await town.run_until_quiet()
        assert (await town.account()).listing(reference)["price"] == price
        assert await found_again(town) == []

        await town.change(store, price=16_000)
        await town.run_until_quiet()
        assert (await town.account()).listing(reference)["price"] == 16_000


async def test_adopted_sales_do_not_swallow_a_new_count_from_the_register(
    database: Database,
) -> None:
    async with a_town(database, policy={DriftClass.STOCK_CHANGED: DriftPolicy.ADOPT}) as town:
        store = await a_shop_disturbed(town, DriftClass.STOCK_CHANGED)
        town.clock.pass_by(timedelta(hours=1))
        await town.change(store, stock=50)
        await town.night()
        await town.run_until_quiet()
        shown = (await town.account()).listing((await town.listing(store)).reference)
        assert shown["stock"] == 50


async def test_an_answer_to_one_question_leaves_the_other_open(town: Town) -> None:
    store = await a_shop_disturbed(town, DriftClass.STATUS_CHANGED)
    reference = (await town.listing(store)).reference
    await town.by_hand("PATCH", f"listings/{reference}", price=15_000)
    await town.night()
    first, second = await town.tasks()
    about_price = first if first.code == "drift.price_changed" else second
    about_state = second if about_price is first else first
    await answer_one(town, about_state.id, "keep")
    await town.run_until_quiet()
    [again] = await found_again(town)
    assert (again.kind, again.outcome) == (DriftClass.PRICE_CHANGED, "waiting")
    assert [one.id for one in await town.tasks()] == [about_price.id]


async def test_two_repairs_of_one_listing_are_both_done(database: Database) -> None:
    policy = dict.fromkeys(OF_LISTINGS, DriftPolicy.REPAIR)
    async with a_town(database, policy=policy) as town:
        store = await a_shop_disturbed(town, DriftClass.STATUS_CHANGED)
        reference = (await town.listing(store)).reference
        await town.by_hand("PATCH", f"listings/{reference}", price=15_000)
        _, found = await town.night()
        assert {one.outcome for one in found} == {"repaired"}
        shown = (await town.account()).listing(reference)
        assert (shown["price"], shown["state"]) == (12_500, "live")
        before = await town.writes()
        assert await found_again(town) == []
        assert await town.writes() == before


async def test_a_repair_is_finished_by_another_worker_when_its_own_dies_in_between(
    database: Database,
) -> None:
    policy = dict.fromkeys(OF_LISTINGS, DriftPolicy.REPAIR)
    async with a_town(database, policy=policy) as town:
        store = await a_shop_disturbed(town, DriftClass.STATUS_CHANGED)
        reference = (await town.listing(store)).reference
        await town.by_hand("PATCH", f"listings/{reference}", price=15_000)
        await town.dial(Dial(fault=Fault.UNAVAILABLE, route="/v1/items/{item}/show", times=1))
        _, found = await town.night()
        shown = (await town.account()).listing(reference)
        assert (shown["price"], shown["state"]) == (12_500, "live")
        assert {one.outcome for one in found} == {"repaired"}


async def test_a_listing_seen_gone_by_day_is_still_found_by_night(town: Town) -> None:
    store = await a_shop_disturbed(town, DriftClass.VANISHED)
    await town.order([(await town.work_of(store)).merchant])
    await town.run_until_quiet()
    assert (await town.listing(store)).state is ListingState.VANISHED
    _, found = await town.night()
    assert [one.kind for one in found] == [DriftClass.VANISHED]


async def test_a_listing_that_reappears_before_the_answer_is_not_created_again(
    town: Town,
) -> None:
    """The marketplace hid it for a while; the person asked about it says `restore` a day too late."""
    [store] = await town.open_shops(products=6)
    town.clock.pass_by(LATER)
    pages = small_pages(town)
    pages.hidden = (await town.listing(store)).remote_id
    _, found = await town.night()
    assert [one.kind for one in found] == [DriftClass.VANISHED]
    pages.hidden = None
    town.clock.pass_by(LATER)
    await town.answer("restore")
    await town.run_until_quiet()
    assert (await town.account()).creates["listings"] == 6
    assert (await town.account()).duplicate_listings == []
    assert (await town.listing(store)).state is ListingState.LIVE
    assert RECREATE not in (await town.listing(store)).repairs


async def test_a_duplicate_is_asked_about_and_never_deleted(town: Town) -> None:
    store = await a_shop_disturbed(town, DriftClass.DUPLICATE)
    _, [drift] = await town.night()
    assert drift.remote_id not in {None, (await town.listing(store)).remote_id}
    [task] = await town.tasks()
    assert (task.who, task.choices) == ("coordinator", ())
    await town.answer("done")
    await town.run_until_quiet()
    assert len((await town.account()).duplicate_listings) == 1


async def test_a_listing_of_the_merchants_own_is_left_alone(database: Database) -> None:
    async with a_town(database, policy={DriftClass.UNKNOWN_TO_US: DriftPolicy.REPORT}) as town:
        await a_shop_disturbed(town, DriftClass.UNKNOWN_TO_US)
        before = await town.writes()
        _, [drift] = await town.night()
        assert drift.outcome == "reported"
        assert await town.writes() == before
        assert await town.tasks() == []
        assert (await town.account()).states() == ["live"] * 7


async def test_what_the_merchant_took_off_sale_is_not_put_back_by_a_new_price(town: Town) -> None:
    store = await a_shop_disturbed(town, DriftClass.STATUS_CHANGED)
    await town.change(store, price=13_000)
    await town.run_until_quiet()
    assert RELIST not in (await town.listing(store)).repairs
    shown = (await town.account()).listing((await town.listing(store)).reference)
    assert (shown["state"], shown["price"]) == ("withdrawn", 13_000)
    _, [drift] = await town.night()
    assert drift.kind is DriftClass.STATUS_CHANGED

"""The loop on a marketplace that behaves: orders, changes, reviews, people."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from onboarder.connector.errors import Advice
from onboarder.converge.doorbell import SilentDoorbell
from onboarder.converge.loop import PassEnd
from onboarder.converge.orders import open_stores
from onboarder.model.ids import CanvasserId
from onboarder.model.recorded import RELIST
from onboarder.model.shop import ListingState, StoreState
from onboarder.model.work import Lane
from onboarder.records.database import Database
from onboarder.rules.gate import UNTRAINED
from onboarder_rehearsal.server.dials import Dial, Fault
from onboarder_rehearsal.server.rules import Rules
from tests.support.town import REHEARSAL, Town, a_product, a_town, forget_everything


async def test_an_ordered_shop_is_opened_stocked_and_live_and_then_left_alone(town: Town) -> None:
    [store] = await town.open_shops(products=12)
    work = await town.work_of(store)
    assert work.store.state is StoreState.OPEN
    assert work.store.complete
    assert work.store.due_at is None
    assert {one.state for one in work.listings.values()} == {ListingState.LIVE}
    assert (await town.account()).states() == ["live"] * 12
    assert await town.tasks() == []


async def test_a_second_order_writes_nothing(town: Town) -> None:
    [store] = await town.open_shops()
    before = await town.writes()
    town.clock.pass_by(timedelta(hours=1))
    await town.order([(await town.work_of(store)).merchant])
    await town.run_until_quiet()
    assert await town.writes() == before


async def test_a_changed_price_is_exactly_one_update(town: Town) -> None:
    [store] = await town.open_shops()
    before = await town.writes()
    await town.change(store, price=13_000)
    await town.run_until_quiet()
    changed = await town.listing(store)
    assert await town.writes() == before + 1
    assert (await town.account()).listing(changed.reference)["price"] == 13_000


async def test_a_changed_title_is_one_update_and_prices_keep(town: Town) -> None:
    [store] = await town.open_shops()
    before = await town.writes()
    await town.change(store, name="Kerupuk udang besar")
    await town.run_until_quiet()
    shown = (await town.account()).listing((await town.listing(store)).reference)
    assert await town.writes() == before + 1
    assert (shown["title"], shown["price"]) == ("Kerupuk udang besar", 12_500)


async def test_a_product_no_longer_sold_is_withdrawn_and_comes_back_when_sold_again(
    town: Town,
) -> None:
    [store] = await town.open_shops()
    await town.change(store, active=False)
    await town.run_until_quiet()
    gone = await town.listing(store)
    assert gone.state is ListingState.WITHDRAWN
    assert (await town.account()).states() == ["live", "live", "withdrawn"]

    await town.change(store, active=True)
    await town.run_until_quiet()
    assert (await town.listing(store)).state is ListingState.LIVE
    assert RELIST not in (await town.listing(store)).repairs
    assert (await town.account()).states() == ["live"] * 3
    assert (await town.account()).creates["listings"] == 3


async def test_a_new_product_is_created_beside_the_others(town: Town) -> None:
    [store] = await town.open_shops()
    owner = (await town.work_of(store)).merchant
    await town.keep([owner], [a_product(owner, 7)])
    await town.run_until_quiet()
    assert (await town.account()).states() == ["live"] * 4
    assert (await town.account()).creates["listings"] == 4


async def test_a_photo_that_several_products_share_is_uploaded_once(town: Town) -> None:
    [owner] = await town.settle(products=0)
    shared = a_product(owner, 0).photos
    await town.keep([owner], [replace(a_product(owner, n), photos=shared) for n in range(3)])
    await town.order([owner])
    await town.run_until_quiet()
    requests = (await town.account()).requests
    assert sum(n for call, n in requests.items() if "/v1/images" in call) == 1
    assert (await town.account()).states() == ["live"] * 3


async def test_a_review_is_looked_at_again_on_widening_waits_until_it_ends(
    database: Database,
) -> None:
    ladder = (timedelta(minutes=1), timedelta(minutes=5))
    rules = Rules(store_review_seconds=0, listing_review_seconds=600)
    async with a_town(database, rules=rules, look_again=ladder) as town:
        [store] = await town.order(await town.settle())
        started = town.clock()
        await town.pass_over(store)
        waits: list[timedelta] = []
        while (upcoming := await town.next_due()) is not None:
            waits.append(upcoming - town.clock())
            town.clock.now = upcoming
            await town.pass_over(store)
        assert waits == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=5)]
        assert town.clock() - started == timedelta(minutes=11)
        assert (await town.account()).states() == ["live"] * 3
        assert (await town.work_of(store)).store.looks == 0


async def test_looking_at_a_long_review_uses_up_no_attempt(database: Database) -> None:
    async with a_town(database, rules=Rules(listing_review_seconds=None)) as town:
        [store] = await town.order(await town.settle())
        for _ in range(12):
            await town.pass_over(store)
            town.clock.now = await town.next_due() or town.clock()
        assert (await town.work_of(store)).store.attempts == 0
        assert (await town.work_of(store)).store.looks == 12


async def test_a_store_in_review_waits_and_is_stocked_once_it_is_approved(
    database: Database,
) -> None:
    async with a_town(database, rules=Rules(store_review_seconds=None)) as town:
        [store] = await town.order(await town.settle())
        await town.pass_over(store)
        assert (await town.work_of(store)).store.state is StoreState.IN_REVIEW
        assert (await town.account()).states() == []
        await town.by_hand("POST", f"stores/{(await town.work_of(store)).store.reference}/approve")
        town.clock.pass_by(timedelta(seconds=61))
        await town.run_until_quiet()
        assert (await town.account()).states() == ["live"] * 3


async def test_content_rejected_in_review_is_a_task_and_sent_again_only_when_it_changed(
    town: Town,
) -> None:
    [owner] = await town.settle(products=2)
    bad = replace(a_product(owner, 5), name="Rokok ilegal murah")
    await town.keep([owner], [bad])
    [store] = await town.order([owner])
    await town.run_until_quiet()
    [task] = await town.tasks()
    assert task.code == "listing.rejected"
    assert task.who == "canvasser"
    assert "Rokok ilegal murah" in task.id_text
    assert "kata terlarang" in task.id_text
    assert (await town.account()).states() == ["live", "live", "rejected"]

    before = await town.writes()
    await town.order([owner])
    await town.run_until_quiet()
    assert await town.writes() == before
    assert [one.id for one in await town.tasks()] == [task.id]

    await town.keep([owner], [replace(bad, name="Keripik singkong")])
    await town.run_until_quiet()
    assert (await town.account()).states() == ["live"] * 3
    assert await town.tasks() == []
    assert (await town.work_of(store)).store.due_at is None


async def test_a_rejection_that_comes_later_is_a_task_at_the_next_look(database: Database) -> None:
    async with a_town(database, rules=Rules(listing_review_seconds=None)) as town:
        [store] = await town.order(await town.settle(products=1))
        await town.pass_over(store)
        reference = (await town.listing(store)).reference
        await town.by_hand("POST", f"listings/{reference}/reject", reason="foto buram")
        town.clock.pass_by(timedelta(seconds=61))
        await town.run_until_quiet()
        [task] = await town.tasks()
        assert "foto buram" in task.id_text
        assert (await town.listing(store)).state is ListingState.REJECTED


async def test_fields_the_marketplace_refuses_are_a_task_and_the_other_products_go_on(
    town: Town,
) -> None:
    [owner] = await town.settle(products=2)
    await town.keep([owner], [replace(a_product(owner, 5), weight_grams=600_000)])
    [store] = await town.order([owner])
    await town.run_until_quiet()
    [task] = await town.tasks()
    assert task.code == "rehearsal.fields_refused"
    assert "weight_grams" in task.id_text
    assert (await town.account()).states() == ["live"] * 2

    before = await town.writes()
    await town.order([owner])
    await town.run_until_quiet()
    assert await town.writes() == before

    await town.keep([owner], [a_product(owner, 5)])
    await town.run_until_quiet()
    assert (await town.account()).states() == ["live"] * 3
    assert await town.tasks() == []
    assert (await town.work_of(store)).store.due_at is None


async def test_a_product_that_cannot_go_there_is_a_task_until_it_is_mended(town: Town) -> None:
    [store] = await town.open_shops()
    await town.change(store, price=20)
    await town.run_until_quiet()
    [task] = await town.tasks()
    assert task.code == "product.price"
    assert task.id_text.startswith("Kerupuk contoh")
    assert "antara Rp100 dan Rp100.000.000" in task.id_text
    assert (await town.account()).states() == ["live"] * 3

    await town.change(store, price=12_500)
    await town.run_until_quiet()
    assert await town.tasks() == []


async def test_one_fault_that_replaces_another_leaves_one_task(town: Town) -> None:
    [store] = await town.open_shops()
    await town.change(store, price=20)
    await town.run_until_quiet()
    await town.change(store, price=12_500, name="x")
    await town.run_until_quiet()
    assert [one.code for one in await town.tasks()] == ["product.title"]


async def test_the_task_about_a_faulty_product_ends_when_it_is_no_longer_sold(town: Town) -> None:
    [store] = await town.open_shops()
    await town.change(store, price=20)
    await town.run_until_quiet()
    await town.change(store, active=False)
    await town.run_until_quiet()
    assert await town.tasks() == []
    assert (await town.account()).states() == ["live", "live", "withdrawn"]


@pytest.mark.parametrize(
    ("act", "state", "code"),
    [
        ("suspend", StoreState.SUSPENDED, "store.suspended"),
        ("refuse", StoreState.REFUSED, "store.refused"),
        ("close", StoreState.CLOSED, "store.closed"),
    ],
)
async def test_a_stopped_store_is_one_task_with_the_reason_until_it_stands_again(
    town: Town, act: str, state: StoreState, code: str
) -> None:
    [store] = await town.open_shops()
    record = (await town.work_of(store)).store
    await town.by_hand("POST", f"stores/{record.reference}/{act}", reason="dokumen kurang")
    for _ in range(2):
        town.clock.pass_by(timedelta(hours=1))
        await town.change(store, price=13_000)
        await town.run_until_quiet()
    [task] = await town.tasks()
    assert (task.code, (await town.work_of(store)).store.state) == (code, state)
    assert "dokumen kurang" in task.id_text
    first = task.id

    town.clock.pass_by(timedelta(hours=1))
    await town.order([(await town.work_of(store)).merchant])
    await town.run_until_quiet()
    assert [one.id for one in await town.tasks()] == [first]

    await town.by_hand("POST", f"stores/{record.reference}/unsuspend")
    town.clock.pass_by(timedelta(hours=1))
    await town.order([(await town.work_of(store)).merchant])
    await town.run_until_quiet()
    assert await town.tasks() == []
    assert (await town.account()).listing((await town.listing(store)).reference)["price"] == 13_000


async def test_an_application_refused_at_once_is_a_task(town: Town) -> None:
    [owner] = await town.settle()
    await town.keep([replace(owner, shop_name="Toko senjata api")], [])
    await town.order([owner])
    await town.run_until_quiet()
    [task] = await town.tasks()
    assert task.code == "store.refused"
    assert "senjata api" in task.id_text


async def test_a_store_that_vanished_is_a_task_and_no_second_one_is_opened(town: Town) -> None:
    [store] = await town.open_shops()
    await town.by_hand("DELETE", f"stores/{(await town.work_of(store)).store.reference}")
    town.clock.pass_by(timedelta(hours=1))
    await town.order([(await town.work_of(store)).merchant])
    await town.run_until_quiet()
    assert "rehearsal.authorisation" not in {one.code for one in await town.tasks()}
    assert (await town.account()).creates["stores"] == 1


async def test_untrained_merchants_are_refused_at_the_order(town: Town) -> None:
    [owner] = await town.settle(trained=False)
    receipt = await open_stores(
        town.database, SilentDoorbell(), [owner], [REHEARSAL], by="ani", clock=town.clock
    )
    assert receipt.accepted == ()
    assert receipt.refused == ((owner.id, UNTRAINED),)
    assert await town.due() == []


async def test_an_untrained_merchant_who_got_past_the_order_is_refused_by_the_loop(
    town: Town,
) -> None:
    [owner] = await town.settle(trained=False)
    await town.order([owner])
    await town.run_until_quiet()
    [task] = await town.tasks()
    assert (task.code, task.id_text) == (UNTRAINED.code, UNTRAINED.id)
    assert (await town.account()).requests == {}

    trained = replace(owner, trained_on=date(2026, 11, 10), trained_by=CanvasserId("canvasser-01"))
    await town.keep([trained], [])
    await town.run_until_quiet()
    assert await town.tasks() == []
    assert (await town.account()).states() == ["live"] * 3


async def test_an_order_says_at_once_what_was_taken_on_and_is_durable(town: Town) -> None:
    owners = await town.settle(2)
    receipt = await open_stores(
        town.database, SilentDoorbell(), owners, [REHEARSAL], by="ani", clock=town.clock
    )
    assert len(receipt.accepted) == 2
    assert sorted(await town.due()) == sorted(receipt.accepted)


async def test_a_store_on_a_marketplace_this_process_does_not_know_is_left_to_others(
    town: Town,
) -> None:
    [store] = await town.order(await town.settle())
    town.around = replace(town.around, marketplaces={})
    assert await town.pass_over(store) is PassEnd.NOT_OURS
    assert await town.due() == [store]


async def test_a_store_and_listings_that_exist_there_already_are_adopted(town: Town) -> None:
    [store] = await town.open_shops()
    owner = (await town.work_of(store)).merchant
    before = await town.writes()
    await forget_everything(town)
    assert await town.order([owner]) == [store]
    await town.run_until_quiet()
    assert await town.writes() == before
    assert (await town.account()).creates == {"stores": 1, "listings": 3}
    assert {one.state for one in (await town.work_of(store)).listings.values()} == {
        ListingState.LIVE
    }


async def test_a_person_at_the_stall_keeps_the_lane_through_a_short_wait(town: Town) -> None:
    await town.dial(Dial(fault=Fault.LIMITED, times=1, seconds=30))
    [store] = await town.order(await town.settle())
    await town.pass_over(store)
    assert (await town.work_of(store)).store.lane is Lane.STALL
    await town.run_until_quiet()
    assert (await town.work_of(store)).store.lane is Lane.NIGHT


def test_the_gate_tells_a_canvasser_what_to_do() -> None:
    assert isinstance(UNTRAINED, Advice)
    assert "Catat tanggal pelatihan" in UNTRAINED.id

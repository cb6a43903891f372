"""When a write whose answer was lost is looked for."""

from onboarder.model.ids import StoreId
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.mischief import small_pages
from tests.support.town import Town

BATCH = 10
"""Listings that the practice marketplace creates with one call."""


async def test_a_listing_whose_answer_was_lost_is_found_soon_after_the_settle_time(
    town: Town,
) -> None:
    """Not only when its absence would prove something: somebody stands at the stall."""
    await town.dial(Dial(fault=Fault.LOST_AFTER, route="/v1/items*", method="POST", times=1))
    [store] = await town.order(await town.settle(1))
    await town.pass_over(store)
    until = min(doubt.until for doubt in (await town.work_of(store)).doubts)

    await _next_pass(town, store)

    assert town.clock() < until - town.around.call_deadline / 2
    assert (await town.work_of(store)).doubts == ()
    assert (await town.account()).creates == {"stores": 1, "listings": 3}


async def test_a_batch_whose_answer_was_lost_is_found_on_one_page(town: Town) -> None:
    store = await _with_a_batch_in_doubt(town, Fault.LOST_AFTER)
    asked = await _asked(town)

    await _next_pass(town, store)

    assert await _asked(town) == asked + 1
    assert (await town.work_of(store)).doubts == ()
    assert (await town.account()).creates == {"stores": 1, "listings": BATCH}


async def test_a_batch_that_never_arrived_is_asked_for_by_name_before_it_is_sent_again(
    town: Town,
) -> None:
    store = await _with_a_batch_in_doubt(town, Fault.LOST_BEFORE)
    asked = await _asked(town)
    await _next_pass(town, store)
    assert await _asked(town) == asked + 1
    assert len((await town.work_of(store)).doubts) == BATCH

    await _next_pass(town, store)

    assert await _asked(town) == asked + 2 + BATCH
    assert (await town.account()).creates == {"stores": 1, "listings": BATCH}


async def test_what_the_first_pages_do_not_show_is_adopted_all_the_same(town: Town) -> None:
    """A store so full that its pages would cost more than asking by name."""
    store = await _with_a_batch_in_doubt(town, Fault.LOST_AFTER)
    small_pages(town)
    await _next_pass(town, store)
    left = len((await town.work_of(store)).doubts)
    assert 0 < left < BATCH

    await town.run_until_quiet()

    account = await town.account()
    assert account.creates == {"stores": 1, "listings": BATCH}
    assert account.states() == ["live"] * BATCH


async def _with_a_batch_in_doubt(town: Town, fault: Fault) -> StoreId:
    await town.dial(Dial(fault=fault, route="/v1/items/batch", method="POST", times=1))
    [store] = await town.order(await town.settle(1, BATCH))
    await town.pass_over(store)
    assert len((await town.work_of(store)).doubts) == BATCH
    return store


async def _asked(town: Town) -> int:
    """How often listings were looked for, by page or by name."""
    return (await town.account()).requests.get("GET /v1/items 200", 0)


async def _next_pass(town: Town, store: StoreId) -> None:
    town.clock.now = await town.next_due() or town.clock.now
    await town.pass_over(store)

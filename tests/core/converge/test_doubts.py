"""When a write whose answer was lost is looked for."""

from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.town import Town


async def test_a_listing_whose_answer_was_lost_is_found_soon_after_the_settle_time(
    town: Town,
) -> None:
    """Not only when its absence would prove something: somebody stands at the stall."""
    await town.dial(Dial(fault=Fault.LOST_AFTER, route="/v1/items*", method="POST", times=1))
    [store] = await town.order(await town.settle(1))
    await town.pass_over(store)
    until = min(doubt.until for doubt in (await town.work_of(store)).doubts)

    town.clock.now = await town.next_due() or town.clock.now
    await town.pass_over(store)

    assert town.clock() < until - town.around.call_deadline / 2
    assert (await town.work_of(store)).doubts == ()
    assert (await town.account()).creates == {"stores": 1, "listings": 3}

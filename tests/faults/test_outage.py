"""A marketplace that is down for a minute while many stores want something of it."""

from datetime import timedelta

from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.town import Town

STORES = 40
OUTAGE = timedelta(seconds=60)
BACK = timedelta(seconds=15)
TURN = timedelta(milliseconds=250)


async def test_a_minute_of_503_costs_few_calls_and_full_work_is_back_within_15_s(
    town: Town,
) -> None:
    await town.order(await town.settle(STORES, 1))
    await town.dial(Dial(fault=Fault.UNAVAILABLE))
    end = town.clock() + OUTAGE
    while town.clock() < end:
        await town.work_what_is_due()
        town.clock.pass_by(TURN)
    wasted = sum((await town.account()).requests.values())
    await town.control.delete("/_control/dials")

    while town.clock() < end + BACK:
        await town.work_what_is_due()
        town.clock.pass_by(TURN)
    served = (await town.account()).states().count("live")
    await town.run_until_quiet()

    needed = sum((await town.account()).requests.values()) - wasted
    assert (await town.account()).states() == ["live"] * STORES
    assert served >= STORES * 0.9
    assert wasted <= 0.1 * needed, (wasted, needed)

"""Parked work goes on where it stopped, once an operator says so."""

from datetime import timedelta

import pytest

from onboarder.converge.doorbell import SilentDoorbell
from onboarder.converge.orders import redrive
from onboarder.model.ids import StoreId
from onboarder.problems import UsageProblem
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.town import Town


async def test_redrive_goes_on_at_the_step_that_failed_and_repeats_no_earlier_one(
    town: Town,
) -> None:
    await town.dial(Dial(fault=Fault.LOST_BEFORE, route="/v1/items*", method="POST", after=1))
    [store] = await town.order(await town.settle(products=12))
    await town.run_until_quiet(most=timedelta(days=1))
    [parked, *_] = await town.tasks()
    before = (await town.account()).creates
    assert (parked.code, parked.who) == ("parked", "operator")
    assert "onboarder redrive" in parked.id_text
    assert 0 < before["listings"] < 12

    await town.control.delete("/_control/dials")
    woken = await redrive(town.database, SilentDoorbell(), None, by="ani", clock=town.clock)
    await town.run_until_quiet()

    account = await town.account()
    assert woken == [store]
    assert account.states() == ["live"] * 12
    assert account.creates == {**before, "listings": 12}
    assert await town.tasks() == []


async def test_redrive_of_an_unknown_store_says_so(town: Town) -> None:
    with pytest.raises(UsageProblem, match="is on record"):
        await redrive(town.database, SilentDoorbell(), [StoreId("x@y")], by="ani", clock=town.clock)

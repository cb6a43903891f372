"""What a pass could only half do is not shown to buyers."""

from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.town import Town


async def test_what_could_not_be_updated_is_not_put_on_sale_as_it_is(town: Town) -> None:
    [store] = await town.open_shops(products=1)
    await town.change(store, active=False)
    await town.run_until_quiet()
    await town.dial(Dial(fault=Fault.LOST_BEFORE, route="/v1/items/*/shelf", times=1))
    await town.change(store, active=True, price=13_000)

    await town.pass_over(store)
    between = (await town.account()).states()
    await town.run_until_quiet()

    assert between == ["withdrawn"]
    assert (await town.account()).states() == ["live"]

import time

from onboarder.model.work import Lane
from onboarder.records import stores
from tests.support.town import REHEARSAL, Town, a_merchant

WAITING = 9_000


async def test_a_person_at_the_stall_is_found_at_once_while_9000_merchants_wait(town: Town) -> None:
    people = [a_merchant(number) for number in range(WAITING)]
    await town.keep(people, [])
    pairs = [(one.id, REHEARSAL) for one in people]
    async with town.database.write() as tx:
        await stores.trigger(tx, pairs, lane=Lane.NIGHT, by="test", now=town.clock())
    [ordered] = await town.order(people[-1:])

    began = time.monotonic()
    async with town.database.read() as tx:
        found = await stores.due(tx, town.clock(), lane=Lane.STALL)

    assert found == [(ordered, Lane.STALL)]
    assert time.monotonic() - began < 2  # with the sweep's longest pause that is under 5 s

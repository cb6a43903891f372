"""The days on which things came about are written once, when the records first see the state."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from onboarder.model.shop import StoreState
from onboarder.records import tables
from tests.support.town import MORNING, Town

DAY = timedelta(days=1)


async def test_a_store_and_its_listings_keep_the_day_they_came_about(town: Town) -> None:
    await town.open_shops(products=2)

    consented, opened, live = await days_of(town)

    assert consented is not None
    assert opened is not None
    assert MORNING <= consented <= opened <= live[0] < MORNING + timedelta(hours=3)
    assert len(live) == 2


async def test_later_looks_do_not_move_the_day(town: Town) -> None:
    [store] = await town.open_shops(products=1)
    before = await days_of(town)

    town.clock.pass_by(3 * DAY)
    await town.change(store, price=20_000)
    await town.run_until_quiet()
    await town.by_hand("POST", f"stores/{store.partition('@')[0]}/suspend", reason="KTP")
    await town.night()
    await town.by_hand("POST", f"stores/{store.partition('@')[0]}/approve")
    await town.night()

    assert await days_of(town) == before
    assert (await town.work_of(store)).store.state is StoreState.OPEN


async def test_what_was_open_before_days_were_recorded_gets_none(town: Town) -> None:
    [store] = await town.open_shops(products=1)
    async with town.database.write() as tx:
        await tx.execute(update(tables.store).values(consented_at=None, opened_at=None))
        await tx.execute(update(tables.listing).values(live_at=None))

    town.clock.pass_by(3 * DAY)
    await town.change(store, price=20_000)
    await town.run_until_quiet()
    await town.night()

    assert await days_of(town) == (None, None, [])


async def days_of(town: Town) -> tuple[datetime | None, datetime | None, list[datetime]]:
    """When the only store was let in and opened, and when its listings went live."""
    store, listing = tables.store, tables.listing
    async with town.database.read() as tx:
        row = (await tx.execute(select(store.c.consented_at, store.c.opened_at))).one()
        live = await tx.execute(select(listing.c.live_at).where(listing.c.live_at.is_not(None)))
        return row[0], row[1], sorted(live.scalars())

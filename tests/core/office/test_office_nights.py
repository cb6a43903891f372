"""The night's result, and one shop with everything that happened to it."""

from datetime import timedelta

from sqlalchemy import update

from onboarder.model.ids import RunId, StoreId
from onboarder.model.work import DriftClass, DriftPolicy
from onboarder.office.nights import Night, Shop, night, shop
from onboarder.records import tables
from onboarder.records.database import Database
from onboarder.records.history import Told, recent_runs
from tests.support.town import PROGRAMME, Town, a_town

REPAIRS = {DriftClass.PRICE_CHANGED: DriftPolicy.REPAIR}


async def test_the_night_says_what_was_found_repaired_and_left(database: Database) -> None:
    async with a_town(database, policy=REPAIRS) as town:
        await town.open_shops(2, products=2)
        first, second, *_ = (await town.account()).listings
        await town.by_hand("PATCH", f"listings/{first}", price=99_000)
        await town.by_hand("DELETE", f"listings/{second}")
        town.clock.pass_by(timedelta(hours=1))
        record, _ = await town.night()

        seen = await night_of(town, record.id)

    assert seen is not None
    lines = {one.kind: (one.found, one.repaired, one.left) for one in seen.lines}
    assert lines == {DriftClass.PRICE_CHANGED: (1, 1, 0), DriftClass.VANISHED: (1, 0, 1)}
    assert [one.market for one in seen.lines] == ["KNM", "KNM"]


async def test_nights_are_listed_newest_first(town: Town) -> None:
    await town.open_shops(1)
    first, _ = await town.night()
    second, _ = await town.night()

    async with town.database.read() as tx:
        listed = await recent_runs(tx)
        older = await recent_runs(tx, before=second.started_at)

    assert [one.id for one in listed] == [second.id, first.id]
    assert [one.id for one in older] == [first.id]


async def test_a_shop_s_history_tells_who_did_what_and_when_in_order(town: Town) -> None:
    [store] = await town.open_shops(1, products=1)
    [reference] = (await town.account()).listings
    await town.by_hand("PATCH", f"listings/{reference}", price=99_000)
    await town.night()
    await town.answer("restore")
    await town.run_until_quiet()

    seen = await shop_of(town, store)

    assert seen is not None
    told = [(one.told, one.what) for one in seen.events]
    assert (Told.CALL, "open_store") in told
    assert (Told.FOUND, "price_changed") in told
    assert told.index((Told.CALL, "open_store")) < told.index((Told.FOUND, "price_changed"))
    assert any(one.who == "ani" and one.what == "task.restore" for one in seen.events)
    assert [one.answer for one in seen.events if one.told is Told.ANSWERED] == ["restore"]
    assert [one.at for one in seen.events] == sorted(one.at for one in seen.events)


async def test_a_shop_s_history_has_no_name_phone_or_secret(town: Town) -> None:
    [store] = await town.open_shops(1, products=1)
    seen = await shop_of(town, store)
    assert seen is not None

    said = " ".join(f"{one.who} {one.what} {one.subject} {one.answer}" for one in seen.events)

    for planted in (seen.work.merchant.name, seen.work.merchant.phone or "", "token"):
        assert planted not in said


async def test_another_programme_s_shops_and_drifts_are_not_shown(town: Town) -> None:
    [store] = await town.open_shops(1, products=1)
    [reference] = (await town.account()).listings
    await town.by_hand("PATCH", f"listings/{reference}", price=99_000)
    record, _ = await town.night()
    async with town.database.write() as tx:
        await tx.execute(update(tables.merchant).values(programme="elsewhere"))

    seen = await night_of(town, record.id)

    assert seen is not None
    assert seen.found == ()
    assert await shop_of(town, store) is None
    assert await shop_of(town, StoreId("knm-nobody@rehearsal")) is None


async def night_of(town: Town, wanted: RunId) -> Night | None:
    async with town.database.read() as tx:
        return await night(tx, PROGRAMME.code, wanted)


async def shop_of(town: Town, wanted: StoreId) -> Shop | None:
    async with town.database.read() as tx:
        return await shop(tx, PROGRAMME.code, wanted)

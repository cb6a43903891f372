"""Several apps of one marketplace: each store is given to one of them, and stays there."""

from datetime import timedelta

from onboarder.model.ids import Reference, StoreId
from tests.support.apps import apps_of, with_apps
from tests.support.town import Town

SIX_HOURS = timedelta(hours=6, minutes=1)


async def test_stores_are_given_to_the_apps_in_order_and_only_their_own_app_calls_for_them(
    town: Town,
) -> None:
    apps = with_apps(town, 2, "second", "third")

    stores = await town.open_shops(5)

    given = await apps_of(town, stores)
    assert sorted(map(str, given)) == ["", "", "second", "second", "third"]
    by_app = [
        {references(stores)[n] for n, app in enumerate(given) if app == name} for name in NAMES
    ]
    assert [one.served for one in apps] == by_app


async def test_a_store_keeps_its_app_when_others_have_room_again_and_the_night_asks_through_it(
    town: Town,
) -> None:
    with_apps(town, 2, "second", "third")
    stores = await town.open_shops(5)
    before = await apps_of(town, stores)
    apps = with_apps(town, 100, "second", "third")

    await town.night()
    town.clock.pass_by(timedelta(minutes=11))
    await town.change(stores[0], price=13_000)
    await town.run_until_quiet()

    assert await apps_of(town, stores) == before
    assert [len(one.served) for one in apps] == [2, 2, 1]
    assert (await town.account()).duplicate_stores == []


async def test_when_all_apps_are_full_the_operator_is_asked_and_a_further_app_goes_on(
    town: Town,
) -> None:
    with_apps(town, 1, "second")
    stores = await town.open_shops(3)

    [task] = await town.tasks()
    assert (task.code, task.who) == ("quota.app_full", "operator")
    assert "[[apps]]" in task.en_text
    assert "[[apps]]" in task.id_text
    assert sorted(map(str, await apps_of(town, stores))) == ["", "None", "second"]

    with_apps(town, 1, "second", "third")
    town.clock.pass_by(SIX_HOURS)
    await town.run_until_quiet()

    assert sorted(map(str, await apps_of(town, stores))) == ["", "second", "third"]
    assert await town.tasks() == []
    assert len((await town.account()).stores) == 3


async def test_a_store_whose_app_is_not_configured_any_more_waits_untouched_and_is_told_of(
    town: Town,
) -> None:
    with_apps(town, 1, "second")
    stores = await town.open_shops(2, products=1)
    given = await apps_of(town, stores)
    lost, neighbour = stores[given.index("second")], stores[given.index("")]
    [first] = with_apps(town, 1)
    writes = await town.writes()
    await town.change(lost, price=13_000)
    await town.night()
    await town.run_until_quiet()

    [task] = await town.tasks()
    assert (task.code, task.who, task.store_id) == ("quota.app_missing", "operator", lost)
    assert "'second'" in task.en_text
    assert await town.writes() == writes
    assert first.served == {*references([neighbour])}
    work = await town.work_of(lost)
    assert (work.store.app, work.doubts, len(work.listings)) == ("second", (), 1)

    with_apps(town, 1, "second")
    town.clock.pass_by(SIX_HOURS)
    await town.run_until_quiet()

    assert await town.tasks() == []
    reference = (await town.listing(lost)).reference
    assert (await town.account()).listing(reference)["price"] == 13_000


async def test_a_missing_app_is_told_of_before_anything_is_intended(town: Town) -> None:
    with_apps(town, 1, "second")
    stores = await town.open_shops(2, products=1)
    lost = stores[(await apps_of(town, stores)).index("second")]
    with_apps(town, 1)

    await town.change(lost, price=13_000)  # just seen: no look comes first
    await town.run_until_quiet()

    [task] = await town.tasks()
    assert (task.code, task.subject) == ("quota.app_missing", lost)
    assert (await town.listing(lost)).failure is None


async def test_where_an_app_may_serve_any_number_nothing_is_chosen(town: Town) -> None:
    first, second = with_apps(town, None, "second")

    stores = await town.open_shops(3)

    assert await apps_of(town, stores) == [None] * 3
    assert (len(first.served), len(second.served)) == (3, 0)


NAMES = ("", "second", "third")


def references(stores: list[StoreId]) -> list[Reference]:
    return [Reference(one.partition("@")[0]) for one in stores]

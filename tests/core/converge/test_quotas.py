"""Quotas that bite before rates: listings of a new store are spread over days, a full app is told to its operator."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from onboarder.connector.manifest import Quotas
from onboarder.converge.outlook import Outlook, outlook
from onboarder.converge.spreading import days_of_creates
from onboarder.model.ids import MarketplaceName, PhotoHash, Reference
from onboarder.model.people import Merchant
from onboarder.model.shop import ListingState
from onboarder.model.usage import Used
from onboarder.model.work import Lane
from onboarder.records.usage import used
from onboarder.records.works import works
from tests.support.town import PROGRAMME, REHEARSAL, Town, a_product


def limit(town: Town, **quotas: object) -> None:
    """Give the town's marketplace quotas."""
    known = town.around.marketplaces[REHEARSAL]
    own = replace(Quotas(resets_in="Asia/Jakarta"), **quotas)  # type: ignore[arg-type]  # as the test says
    marketplaces: Mapping[MarketplaceName, object] = {REHEARSAL: replace(known, quotas=own)}
    town.around = replace(town.around, marketplaces=marketplaces)  # type: ignore[arg-type]  # as above


async def look(town: Town, *owners: Merchant) -> Outlook:
    """The plan for these merchants as things are now."""
    place, now = town.around.marketplaces[REHEARSAL], town.clock()
    async with town.database.read() as tx:
        found = await works(tx, owners, REHEARSAL)
        usage = await used(tx, REHEARSAL, [""], place.quotas, now)
    return outlook(
        found,
        marketplace=REHEARSAL,
        manifest=place.connector.manifest,
        categories=place.categories,
        programme=PROGRAMME,
        per_second=10,
        now=now,
        quotas=place.quotas,
        used=usage,
    )


async def test_a_new_store_s_listings_are_spread_over_days_and_use_up_no_attempt(
    town: Town,
) -> None:
    limit(town, creates_a_day=5)
    [store] = await town.open_shops(products=12)
    first = await town.work_of(store)
    live, days = [len(first.listings)], list[datetime]()
    for _ in range(2):
        due = (await town.work_of(store)).store.due_at
        assert due is not None
        days.append(due)
        town.clock.pass_by(due - town.clock())
        await town.run_until_quiet()
        live.append(
            sum(
                one.state is ListingState.LIVE
                for one in (await town.work_of(store)).listings.values()
            )
        )

    assert live == [5, 10, 12]
    assert first.store.attempts == 0
    assert await town.tasks() == []
    assert {(one + timedelta(hours=7)).hour for one in days} == {0}


async def test_a_photo_that_a_changed_product_shares_with_one_for_tomorrow_is_sent_today(
    town: Town,
) -> None:
    limit(town, creates_a_day=1)
    [merchant] = await town.settle(1, 1)
    [store] = await town.order([merchant])
    await town.run_until_quiet()
    [old] = (await town.work_of(store)).products
    shared = (PhotoHash("ab" * 32),)
    new = replace(a_product(merchant, 7), photos=shared)
    await town.keep([merchant], [replace(old, photos=shared), new])
    await town.run_until_quiet()

    work, account = await town.work_of(store), await town.account()

    assert list(work.listings) == [Reference(old.id)]
    assert account.listing(old.id)["photos"] == 1


async def test_an_app_that_is_full_opens_no_more_stores_and_tells_the_operator(town: Town) -> None:
    limit(town, stores_per_app=2)

    await town.open_shops(3)

    [task] = await town.tasks()
    assert task.code == "quota.app_full"
    assert len((await town.account()).stores) == 2


@pytest.mark.parametrize(
    ("quotas", "days", "binding"),
    [
        (Quotas(), {}, None),
        (Quotas(calls_a_day=5000), {"calls_a_day": 1}, None),
        (Quotas(calls_a_day=600), {"calls_a_day": 2}, "calls_a_day"),
        (
            Quotas(calls_a_day=600, creates_a_day=3),
            {"calls_a_day": 2, "creates_a_day": 4},
            "creates_a_day",
        ),
    ],
)
def test_a_plan_says_how_many_days_it_takes_and_which_quota_binds(
    quotas: Quotas, days: dict[str, int], binding: str | None
) -> None:
    seen = Outlook(REHEARSAL, calls=1000, creating_days=4, quotas=quotas)

    assert (seen.days, seen.binding) == (days, binding)


@pytest.mark.parametrize(
    ("lane", "calls", "days"),
    [
        (Lane.NIGHT, 90, 1),
        (Lane.NIGHT, 91, 2),
        (Lane.NIGHT, 1000, 12),
        (Lane.STALL, 100, 1),
        (Lane.STALL, 190, 2),
        (Lane.STALL, 191, 3),
        (Lane.STALL, 0, 1),
    ],
)
def test_a_large_order_is_reckoned_with_the_calls_that_the_night_gets(
    lane: Lane, calls: int, days: int
) -> None:
    """What a day does not do at a stall goes on in the night's lane as well."""
    seen = Outlook(REHEARSAL, calls=calls, lane=lane, quotas=Quotas(calls_a_day=100))

    assert seen.days == {"calls_a_day": days}


@pytest.mark.parametrize(
    ("taken", "calls", "days"), [(0, 90, 1), (1, 90, 2), (90, 90, 2), (100, 91, 3), (100, 0, 1)]
)
def test_what_today_has_used_is_not_there_for_the_plan(taken: int, calls: int, days: int) -> None:
    quotas = Quotas(calls_a_day=100)

    seen = Outlook(REHEARSAL, calls=calls, used=Used(calls=taken), quotas=quotas)

    assert seen.days == {"calls_a_day": days}


async def test_a_plan_counts_what_a_store_has_created_today(town: Town) -> None:
    limit(town, creates_a_day=5)
    [store] = await town.open_shops(products=12)
    owner = (await town.work_of(store)).merchant

    assert (await look(town, owner)).days == {"creates_a_day": 3}

    town.clock.pass_by(timedelta(days=1))

    assert (await look(town, owner)).days == {"creates_a_day": 2}


async def test_a_plan_knows_that_a_new_store_s_quota_ends(town: Town) -> None:
    """The reckoning is compared with the days that it takes in the end."""
    limit(town, creates_a_day=1, new_for_days=2)
    [store] = await town.open_shops()
    began, quotas = town.clock(), town.around.marketplaces[REHEARSAL].quotas
    owner = (await town.work_of(store)).merchant
    await town.keep([], [a_product(owner, number) for number in range(30)])
    planned = [(await look(town, owner)).days["creates_a_day"]]
    while (due := (await town.work_of(store)).store.due_at) is not None:
        town.clock.pass_by(due - town.clock())
        await town.run_until_quiet()
        planned.append((await look(town, owner)).days["creates_a_day"])

    assert (quotas.day(town.clock()) - quotas.day(began)).days == 3
    assert planned == [4, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("opened", "days"),
    [
        (None, 30),
        (timedelta(), 5),
        (timedelta(hours=40), 3),
        (timedelta(hours=71), 2),
        (timedelta(hours=72), 1),
    ],
)
def test_a_store_that_is_no_longer_new_creates_as_many_as_it_likes(
    opened: timedelta | None, days: int
) -> None:
    now = datetime(2026, 12, 1, 10, tzinfo=ZoneInfo("Asia/Jakarta"))
    since = None if opened is None else now - opened
    quotas = Quotas(creates_a_day=1, new_for_days=3)

    assert days_of_creates(30, quotas, used=0, opened=since, now=now) == days
    assert days_of_creates(1, quotas, used=0, opened=since, now=now) == 1


def test_a_plan_says_how_many_apps_so_many_stores_need() -> None:
    quotas = Quotas(stores_per_app=300)

    assert (
        Outlook(REHEARSAL, newcomers=2000, used=Used(places={"": 10}), quotas=quotas).apps_needed
        == 7
    )
    assert (
        Outlook(REHEARSAL, newcomers=200, used=Used(places={"": 100}), quotas=quotas).apps_needed
        == 1
    )
    assert Outlook(REHEARSAL, newcomers=2000).apps_needed == 1


@pytest.mark.parametrize(
    ("places", "newcomers", "waiting", "needed"),
    [
        ({"": 300}, 1, 0, 2),  # granted fewer since: its stores do not move
        ({"": 300}, 60, 0, 2),
        ({"": 300}, 61, 0, 3),
        ({"": 60, "second": 50}, 5, 6, 3),  # who ordered before takes places too
        ({"": 60, "gone": 60}, 60, 0, 2),
        ({"": 50}, 10, 0, 1),
        ({"": 60, "second": 60}, 0, 0, 2),
    ],
)
def test_stores_never_move_to_an_app_with_more_room(
    places: dict[str, int], newcomers: int, waiting: int, needed: int
) -> None:
    seen = Outlook(
        REHEARSAL,
        newcomers=newcomers,
        waiting=waiting,
        apps=("", "second"),
        used=Used(places=places),
        quotas=Quotas(stores_per_app=60),
    )

    assert seen.apps_needed == needed


async def test_stores_ordered_outside_the_plan_need_places_too(town: Town) -> None:
    limit(town, stores_per_app=2)
    merchants = await town.settle(4)
    ordered = await town.order(merchants[:2])

    assert (await look(town, *merchants[2:])).apps_needed == 2
    assert (await look(town, *merchants[:2])).apps_needed == 1

    await town.run_until_quiet()

    assert [(await town.work_of(one)).store.placed for one in ordered] == [True, True]
    assert (await look(town, *merchants[2:])).apps_needed == 2
    assert (await look(town, merchants[0])).apps_needed == 1


@pytest.mark.parametrize(
    ("places", "spread"),
    [
        ({}, {"": 300, "second": 200}),
        ({"": 250, "second": 300}, {"": 300, "second": 300}),
        ({"": 310, "gone": 4}, {"": 310, "second": 300, "gone": 4}),
    ],
)
def test_a_plan_says_how_the_stores_spread_over_the_apps(
    places: dict[str, int], spread: dict[str, int]
) -> None:
    quotas, apps = Quotas(stores_per_app=300), ("", "second")

    seen = Outlook(REHEARSAL, newcomers=500, apps=apps, used=Used(places=places), quotas=quotas)

    assert seen.spread == spread
    assert Outlook(REHEARSAL, newcomers=500, apps=apps).spread == {"": 500, "second": 0}

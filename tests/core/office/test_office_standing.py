"""Where the programme stands, counted from the records and by known answers."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import update

from onboarder.model.ids import MarketCode, MarketplaceName
from onboarder.model.people import Market
from onboarder.office.forecast import Prospect
from onboarder.office.standing import Standing, counted, standing
from onboarder.records import tables
from onboarder.records.field import Entry, enter
from onboarder.records.journeys import Journey, Stage
from tests.support.town import MORNING, PROGRAMME, REHEARSAL, Town, a_merchant

TODAY = date(2026, 11, 23)
PAGI = Market(MarketCode("PGI"), "Pasar Pagi", "Jl. Siliwangi", "45124")
TWO_MARKETS = replace(PROGRAMME, markets=(*PROGRAMME.markets, PAGI))


async def test_every_stage_counts_who_has_come_that_far(town: Town) -> None:
    opened = await town.open_shops(2)
    await town.settle(4)
    await town.settle(5, trained=False)

    seen = await seen_in(town)

    assert dict(seen.funnel) == {
        Stage.REGISTERED: 5,
        Stage.TRAINED: 0,
        Stage.DRAFT: len(opened),
        Stage.CONSENT: 2,
        Stage.OPEN: 2,
        Stage.LIVE: 2,
    }
    assert seen.days[-1].counts[Stage.LIVE] == 2
    assert (seen.days[-1].day, seen.unknown_days) == (TODAY, 0)


async def test_a_day_is_a_day_in_the_programme_s_own_zone(town: Town) -> None:
    await town.open_shops(1)
    late = MORNING.replace(day=20, hour=18)  # in Cirebon the 21st has begun
    async with town.database.write() as tx:
        await tx.execute(update(tables.listing).values(live_at=late))

    seen = await seen_in(town)

    assert [one.day for one in seen.days if one.counts[Stage.LIVE]] == [date(2026, 11, 21)]
    assert late.astimezone(ZoneInfo(PROGRAMME.timezone)).date() == date(2026, 11, 21)


async def test_a_shop_that_was_closed_again_still_came_that_far_and_is_said_to_be_stopped(
    town: Town,
) -> None:
    await town.open_shops(2)
    async with town.database.write() as tx:
        first = tables.store.c.merchant_id == tables.merchant.c.id
        named = tables.merchant.c.register_key == "CONTOH-0001"
        await tx.execute(update(tables.store).where(first, named).values(state="suspended"))

    seen = await seen_in(town)

    assert (seen.funnel[Stage.OPEN], seen.stopped) == (2, 1)


async def test_practice_counts_only_where_there_is_nothing_real(town: Town) -> None:
    await town.open_shops(1)

    invented = replace(a_merchant(9), register_key="LATIHAN", phone=None)
    entry = Entry(invented, "C01", town.clock(), town.clock(), None, practice=True)
    async with town.database.write() as tx:
        await enter(tx, entry)

    alone = await seen_in(town)
    beside = await seen_in(town, MarketplaceName("real"))

    assert (alone.practice, alone.funnel[Stage.LIVE]) == (True, 1)
    assert (beside.practice, beside.funnel[Stage.LIVE]) == (False, 0)
    registered = [one.funnel[Stage.REGISTERED] for one in (alone, beside)]
    assert registered == [2, 1], "nobody invented is counted beside real shops"


def test_markets_and_canvassers_add_up_to_the_whole() -> None:
    found = [
        journey("KNM", "ani", LIVE=TODAY),
        journey("KNM", "budi", LIVE=TODAY),
        journey("PGI", "ani", OPEN=TODAY),
        journey("OLD", ""),
    ]

    seen = counted(found, TWO_MARKETS, TODAY)

    assert [(one.market, one.counts[Stage.REGISTERED]) for one in seen.markets] == [
        ("KNM", 2),
        ("PGI", 1),
        ("OLD", 1),
    ]
    assert {one.canvasser: one.counts[Stage.LIVE] for one in seen.canvassers} == {
        "ani": 1,
        "budi": 1,
        "": 0,
    }


def test_the_line_leads_from_the_first_day_to_the_target_on_the_last() -> None:
    seen = counted([], replace(PROGRAMME, target=600), PROGRAMME.ends_on + timedelta(days=9))

    assert (seen.days[0].due, seen.days[30].due, seen.days[-1].due) == (0, 300, 600)
    assert seen.days[-1].day == PROGRAMME.ends_on


def test_goals_of_unknown_days_stand_under_the_line_from_the_beginning() -> None:
    found = [journey("KNM", "ani", LIVE=None), journey("KNM", "ani", LIVE=TODAY)]

    seen = counted(found, PROGRAMME, TODAY)

    assert (seen.days[0].total, seen.days[-1].total, seen.unknown_days) == (1, 2, 1)


def test_a_canvasser_s_pace_is_told_over_the_same_working_days_as_everybody_s() -> None:
    days = [date(2026, 11, 2) + timedelta(days=n) for n in range(21)]
    found = [journey("KNM", "ani", LIVE=day) for day in days if day.weekday() < 6 for _ in range(3)]
    found += [journey("KNM", "budi", LIVE=date(2026, 11, 21)) for _ in range(6)]

    seen = counted(found, PROGRAMME, TODAY)

    assert {one.canvasser: one.pace for one in seen.canvassers} == {"ani": 3.0, "budi": 0.5}
    assert seen.forecast.prospect is Prospect.REACHED


def journey(market: str, who: str, **days: date | None) -> Journey:
    """Reached are the stages named and everything before them."""
    reached: dict[Stage, date | None] = {}
    for name, day in days.items():
        stages = list(Stage)
        for stage in stages[: stages.index(Stage[name]) + 1]:
            reached[stage] = day
    return Journey(MarketCode(market), who, reached or {Stage.REGISTERED: None}, stopped=False)


async def seen_in(town: Town, *real: MarketplaceName) -> Standing:
    configured = {REHEARSAL: True} | dict.fromkeys(real, False)
    async with town.database.read() as tx:
        return await standing(tx, PROGRAMME, configured, now=town.clock())

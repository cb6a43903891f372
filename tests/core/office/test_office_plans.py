"""Plan, approve, run: exactly what was approved, once, or nothing at all."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from onboarder.connector.manifest import Quotas
from onboarder.converge.doorbell import SilentDoorbell
from onboarder.model.ids import MarketCode, MerchantId, ProgrammeCode
from onboarder.model.plans import Change, PlanState
from onboarder.model.shop import StoreState
from onboarder.office.plans import Chosen, PlanRefused, PlanWhy, approve, draw_up, run
from onboarder.people.roles import Person, Role
from onboarder.records import tables
from onboarder.records.office_tables import approved_plan
from onboarder.records.plans import PlanRecord
from tests.support.town import PROGRAMME, REHEARSAL, Town, a_product, changed

NUMBER = "01JDEXAMPLE0000000000PLAN1"
MARKET = MarketCode("KNM")
COORDINATOR = Person("koordinator-1", Role.COORDINATOR, PROGRAMME.code, frozenset({MARKET}))
WHOLE_MARKET = Chosen(MARKET, (), (REHEARSAL,))


async def test_a_plan_says_what_would_be_done_and_does_nothing(town: Town) -> None:
    await town.settle(2, products=3)

    plan = await draw_up(town.around, NUMBER, WHOLE_MARKET, by=COORDINATOR)

    [share] = plan.shares
    assert (share.merchants, share.stores, share.listings, share.refused) == (2, 2, 6, ())
    assert share.calls > 0
    assert plan.state is PlanState.DRAFTED
    assert await stores_on_record(town) == []


async def test_a_plan_says_how_many_days_and_apps_it_takes(town: Town) -> None:
    """A market of more than twenty is ordered in the night's lane, which gets nine tenths of a day's calls."""
    known = town.around.marketplaces[REHEARSAL]
    place = replace(known, quotas=Quotas(calls_a_day=150, stores_per_app=8))
    town.around = replace(town.around, marketplaces={REHEARSAL: place})
    await town.settle(20)

    [share] = (await draw_up(town.around, NUMBER, WHOLE_MARKET, by=COORDINATOR)).shares

    assert (share.calls, share.days, share.binding_quota) == (140, 1, None)
    assert (share.apps_needed, share.apps_configured) == (3, 1)

    await town.settle(21)
    other = NUMBER.replace("1", "2")
    [share] = (await draw_up(town.around, other, WHOLE_MARKET, by=COORDINATOR)).shares

    assert (share.calls, share.days, share.binding_quota) == (147, 2, "calls_a_day")


async def test_a_plan_that_was_kept_without_days_and_apps_stays_readable(town: Town) -> None:
    await town.settle(1)
    kept = await draw_up(town.around, NUMBER, WHOLE_MARKET, by=COORDINATOR)
    later = {"days", "binding_quota", "apps_needed", "apps_configured"}
    async with town.database.write() as tx:
        [old] = (await tx.execute(select(approved_plan.c.shares))).scalar_one()
        shares = [{name: old[name] for name in old if name not in later}]
        assert len(shares[0]) == len(old) - len(later)
        await tx.execute(update(approved_plan).values(shares=shares))

    assert await approve(town.around, NUMBER, kept.digest, by=COORDINATOR) == replace(
        kept, state=PlanState.APPROVED, approved_by=COORDINATOR.id, approved_at=town.clock()
    )


async def test_who_is_refused_is_said_with_the_reason_and_examples(town: Town) -> None:
    await town.settle(3, trained=False)

    plan = await draw_up(town.around, NUMBER, WHOLE_MARKET, by=COORDINATOR)

    [reason] = plan.shares[0].refused
    assert (reason.code, reason.count, len(reason.examples)) == ("gate.untrained", 3, 3)


async def test_what_was_approved_is_carried_out(town: Town) -> None:
    await town.settle(2)
    await approved(town)

    plan = await run(town.around, SilentDoorbell(), NUMBER, by=COORDINATOR)
    await town.run_until_quiet()

    assert plan.state is PlanState.ORDERED
    assert await stores_on_record(town) == [StoreState.OPEN] * 2
    assert plan.approved_by == plan.ended_by == "koordinator-1"
    assert await audit_of(town, NUMBER) == ["plan.approved", "plan.ordered"]


async def test_a_register_that_changed_after_the_approval_stops_the_run_and_says_what_changed(
    town: Town,
) -> None:
    merchants = await town.settle(2)
    await approved(town)
    await town.keep([], [changed(a_product(merchants[0], 0), price=99_000)])

    plan = await run(town.around, SilentDoorbell(), NUMBER, by=COORDINATOR)

    assert plan.state is PlanState.STOPPED
    assert {one.change for one in plan.differences} == {Change.STEP_ADDED, Change.STEP_GONE}
    assert {one.store for one in plan.differences} == {f"{merchants[0].id}@{REHEARSAL}"}
    assert all(one.line.startswith("create_listing ") for one in plan.differences)
    assert await stores_on_record(town) == []
    assert await audit_of(town, NUMBER) == ["plan.approved", "plan.stopped"]


async def test_somebody_new_in_the_market_stops_the_run_too(town: Town) -> None:
    await town.settle(1)
    await approved(town)
    await town.settle(2)

    plan = await run(town.around, SilentDoorbell(), NUMBER, by=COORDINATOR)

    assert plan.state is PlanState.STOPPED
    assert [one.change for one in plan.differences] == [Change.STORE_ADDED]


async def test_a_name_that_changed_stops_the_run(town: Town) -> None:
    [merchant] = await town.settle(1)
    await approved(town)
    await town.keep([replace(merchant, shop_name="Nama Baru")], [])

    plan = await run(town.around, SilentDoorbell(), NUMBER, by=COORDINATOR)

    assert plan.state is PlanState.STOPPED


async def test_two_runs_at_once_order_once(town: Town) -> None:
    await town.settle(3)
    await approved(town)

    ended = await asyncio.gather(
        *(run(town.around, SilentDoorbell(), NUMBER, by=COORDINATOR) for _ in range(4))
    )

    assert {one.state for one in ended} == {PlanState.ORDERED}
    assert (await audit_of(town, NUMBER)).count("plan.ordered") == 1


async def test_what_was_not_approved_is_not_run(town: Town) -> None:
    await town.settle(1)
    await draw_up(town.around, NUMBER, WHOLE_MARKET, by=COORDINATOR)

    with pytest.raises(PlanRefused) as refused:
        await run(town.around, SilentDoorbell(), NUMBER, by=COORDINATOR)

    assert refused.value.why is PlanWhy.NOT_APPROVED


async def test_an_approval_is_for_the_steps_that_were_looked_at(town: Town) -> None:
    await town.settle(1)
    await draw_up(town.around, NUMBER, WHOLE_MARKET, by=COORDINATOR)

    with pytest.raises(PlanRefused) as refused:
        await approve(town.around, NUMBER, "0" * 64, by=COORDINATOR)

    assert refused.value.why is PlanWhy.OTHER_DIGEST


@pytest.mark.parametrize("role", [Role.CANVASSER, Role.VIEWER, Role.OPERATOR])
async def test_nobody_but_a_coordinator_approves_or_runs(town: Town, role: Role) -> None:
    await town.settle(1)
    plan = await draw_up(town.around, NUMBER, WHOLE_MARKET, by=COORDINATOR)
    other = replace(COORDINATOR, role=role)

    for attempt in (
        draw_up(town.around, NUMBER, WHOLE_MARKET, by=other),
        approve(town.around, NUMBER, plan.digest, by=other),
        run(town.around, SilentDoorbell(), NUMBER, by=other),
    ):
        with pytest.raises(PlanRefused) as refused:
            await attempt
        assert refused.value.why is PlanWhy.NOT_ALLOWED


async def test_a_plan_of_another_programme_is_not_found(town: Town) -> None:
    await town.settle(1)
    plan = await draw_up(town.around, NUMBER, WHOLE_MARKET, by=COORDINATOR)
    elsewhere = replace(town.around, programme=replace(PROGRAMME, code=ProgrammeCode("elsewhere")))

    with pytest.raises(PlanRefused) as refused:
        await approve(elsewhere, NUMBER, plan.digest, by=COORDINATOR)

    assert refused.value.why is PlanWhy.NOT_FOUND


async def test_drawing_up_again_under_the_same_id_keeps_the_first_plan(town: Town) -> None:
    await town.settle(1)
    first = await draw_up(town.around, NUMBER, WHOLE_MARKET, by=COORDINATOR)
    await town.settle(2)

    assert await draw_up(town.around, NUMBER, WHOLE_MARKET, by=COORDINATOR) == first


@pytest.mark.parametrize("names", [(), ("knm-nobody",)])
async def test_a_plan_for_nobody_is_not_drawn_up(town: Town, names: tuple[str, ...]) -> None:
    chosen = Chosen(None, tuple(map(MerchantId, names)), (REHEARSAL,))

    with pytest.raises(PlanRefused) as refused:
        await draw_up(town.around, NUMBER, chosen, by=COORDINATOR)

    assert refused.value.why is PlanWhy.NOTHING_CHOSEN


async def test_a_plan_for_one_merchant_opens_that_one_shop(town: Town) -> None:
    merchants = await town.settle(3)
    chosen = Chosen(None, (merchants[1].id,), (REHEARSAL,))
    await approved(town, chosen)

    await run(town.around, SilentDoorbell(), NUMBER, by=COORDINATOR)
    await town.run_until_quiet()

    assert await stores_on_record(town) == [StoreState.OPEN]


async def approved(town: Town, chosen: Chosen = WHOLE_MARKET) -> PlanRecord:
    plan = await draw_up(town.around, NUMBER, chosen, by=COORDINATOR)
    return await approve(town.around, NUMBER, plan.digest, by=COORDINATOR)


async def stores_on_record(town: Town) -> Sequence[str]:
    async with town.database.read() as tx:
        return list((await tx.execute(select(tables.store.c.state))).scalars())


async def audit_of(town: Town, subject: str) -> Sequence[str]:
    async with town.database.read() as tx:
        query = select(tables.audit.c.action).where(tables.audit.c.subject == subject)
        return list((await tx.execute(query.order_by(tables.audit.c.id))).scalars())

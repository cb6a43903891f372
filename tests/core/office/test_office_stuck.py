"""Stuck shops: every cause once, with who acts, and all of one cause mended by one press."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from onboarder.converge.doorbell import SilentDoorbell
from onboarder.model.shop import StoreState
from onboarder.office.stuck import Cause, Repair, Repaired, repair, stuck
from onboarder.problems import UsageProblem
from onboarder.records import tables
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.town import PROGRAMME, Town

DAY = timedelta(days=1)


async def test_where_everything_goes_well_nothing_is_stuck(town: Town) -> None:
    await town.open_shops(2)

    assert await causes(town) == []


async def test_shops_that_fail_for_one_reason_are_one_cause_with_its_sentence(town: Town) -> None:
    await town.dial(Dial(fault=Fault.UNAVAILABLE, probability=1))
    await town.order(await town.settle(3))
    await town.work_what_is_due()

    [cause] = await causes(town)

    assert cause.key.startswith("failure:")
    assert (cause.stores, cause.repair) == (3, Repair.REDRIVE)
    assert cause.id
    assert cause.en


async def test_what_waits_for_the_marketplaces_word_is_pushed_by_no_button(town: Town) -> None:
    await town.dial(Dial(fault=Fault.LIMITED, probability=1, seconds=3600))
    await town.order(await town.settle(2))
    await town.work_what_is_due()

    [cause] = await causes(town)

    assert (cause.stores, cause.repair) == (2, Repair.BY_HAND)


async def test_one_press_lets_all_of_a_cause_go_on(town: Town) -> None:
    await town.dial(Dial(fault=Fault.UNAVAILABLE, probability=1))
    await town.order(await town.settle(3))
    await town.work_what_is_due()
    [cause] = await causes(town)

    await town.control.delete("/_control/dials")
    done = await press(town, cause.key)

    assert done == Repaired(3, 0)
    assert len(await town.due()) == 3
    await town.run_until_quiet()
    assert await causes(town) == []


async def test_all_questions_of_one_kind_take_one_answer(town: Town) -> None:
    stores = await town.open_shops(2, products=1)
    account = await town.account()
    for reference in account.listings:
        await town.by_hand("PATCH", f"listings/{reference}", price=99_000)
    await town.night()
    [cause] = await causes(town)

    done = await press(town, cause.key, "restore")

    assert (cause.repair, cause.answers) == (Repair.ANSWER, ("keep", "restore"))
    assert done == Repaired(2, 0)
    assert await town.tasks() == []
    assert await answers_on_record(town) == ["restore"] * len(stores)


async def test_an_answer_that_the_cause_does_not_take_changes_nothing(town: Town) -> None:
    await town.open_shops(1, products=1)
    [reference] = (await town.account()).listings
    await town.by_hand("PATCH", f"listings/{reference}", price=99_000)
    await town.night()
    [cause] = await causes(town)

    with pytest.raises(UsageProblem):
        await press(town, cause.key, "forget")

    assert len(await town.tasks()) == 1


@pytest.mark.parametrize(("state", "days"), [("in_review", 4), ("awaiting_owner", 8), ("draft", 2)])
async def test_a_store_that_waits_too_long_is_stuck_and_says_who_acts(
    town: Town, state: str, days: int
) -> None:
    await town.order(await town.settle(1))
    async with town.database.write() as tx:
        await tx.execute(update(tables.store).values(state=state, due_at=None))

    at_first = await causes(town)
    town.clock.pass_by(days * DAY)
    [cause] = await causes(town)

    assert at_first == []
    assert (cause.key, cause.repair) == (f"state:{StoreState(state)}", Repair.BY_HAND)
    with pytest.raises(UsageProblem):
        await press(town, cause.key)


async def test_a_cause_that_is_gone_is_mended_already(town: Town) -> None:
    assert await press(town, "task:parked") == Repaired(0, 0)


async def test_another_programme_s_shops_are_not_shown(town: Town) -> None:
    await town.dial(Dial(fault=Fault.UNAVAILABLE, probability=1))
    await town.order(await town.settle(2))
    await town.work_what_is_due()
    async with town.database.write() as tx:
        await tx.execute(update(tables.merchant).values(programme="elsewhere"))

    assert await causes(town) == []


async def causes(town: Town) -> Sequence[Cause]:
    async with town.database.read() as tx:
        return await stuck(tx, PROGRAMME.code, now=town.clock())


async def press(town: Town, key: str, answer: str | None = None) -> Repaired:
    return await repair(
        town.database,
        SilentDoorbell(),
        PROGRAMME.code,
        key,
        answer,
        by="koordinator",
        clock=town.clock,
    )


async def answers_on_record(town: Town) -> list[str]:
    async with town.database.read() as tx:
        query = select(tables.task.c.answer).where(tables.task.c.answer.is_not(None))
        return list((await tx.execute(query)).scalars())

"""The slots of one process."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from tests.support.town import REHEARSAL, a_town

from onboarder.converge.loop import PassEnd
from onboarder.model.ids import StoreId, marketplace_of
from onboarder.model.work import Lane
from onboarder.records.database import Database
from onboarder_workers.passes import Passes
from onboarder_workers.process import FEWEST, bearable

A, B, C = (StoreId(f"knm-{name}@rehearsal") for name in "abc")
ELSEWHERE = StoreId("knm-a@elsewhere")


class Work:
    """Passes that last until the test ends them."""

    def __init__(self) -> None:
        self.begun: list[StoreId] = []
        self.ends = {store: asyncio.Event() for store in (A, B, C, ELSEWHERE)}
        self.answers: dict[StoreId, list[PassEnd]] = {}

    async def __call__(self, store: StoreId) -> PassEnd:
        self.begun.append(store)
        await self.ends[store].wait()
        waiting = self.answers.get(store)
        return waiting.pop(0) if waiting else PassEnd.DONE


async def test_a_lane_has_no_more_passes_than_slots_and_lanes_do_not_wait_for_each_other() -> None:
    work = Work()
    passes = Passes(work, {Lane.STALL: 1, Lane.NIGHT: 1})
    await passes.begin(Lane.NIGHT, A)
    waiting = asyncio.create_task(passes.begin(Lane.NIGHT, B))

    await passes.begin(Lane.STALL, C)
    await settled()

    assert work.begun == [A, C]
    work.ends[A].set()
    await waiting
    await settled()
    assert work.begun == [A, C, B]
    await ended(passes, work)


async def test_a_store_that_is_worked_on_is_not_begun_again() -> None:
    work = Work()
    passes = Passes(work, {Lane.STALL: 2})

    await passes.begin(Lane.STALL, A)
    await passes.begin(Lane.STALL, A)
    await passes.begin(Lane.STALL, B)
    await settled()

    assert Counter(work.begun) == {A: 1, B: 1}
    await ended(passes, work)


async def test_a_store_triggered_meanwhile_is_passed_over_again_in_its_slot() -> None:
    work = Work()
    work.answers[A] = [PassEnd.AGAIN, PassEnd.AGAIN, PassEnd.DONE]
    work.ends[A].set()
    passes = Passes(work, {Lane.STALL: 1})

    await passes.begin(Lane.STALL, A)
    await settled()

    assert work.begun == [A, A, A]


async def test_an_error_of_our_own_is_logged_and_frees_the_slot() -> None:
    async def broken(store: StoreId) -> PassEnd:
        raise KeyError(store)

    passes = Passes(broken, {Lane.STALL: 1})
    with capture_logs() as logs:
        await passes.begin(Lane.STALL, A)
        await passes.begin(Lane.STALL, B)
        await settled()

    assert [(one["event"], one["store"]) for one in logs] == [
        ("pass.broken", A),
        ("pass.broken", B),
    ]


async def test_draining_waits_for_passes_under_way_and_begins_no_other() -> None:
    work = Work()
    passes = Passes(work, {Lane.STALL: 2})
    await passes.begin(Lane.STALL, A)

    draining = asyncio.create_task(passes.drain(30))
    await settled()
    await passes.begin(Lane.STALL, B)
    assert not draining.done()
    work.ends[A].set()
    await draining

    assert work.begun == [A]


async def test_who_waits_for_a_slot_goes_away_when_the_process_closes() -> None:
    work = Work()
    passes = Passes(work, {Lane.STALL: 1})
    await passes.begin(Lane.STALL, A)
    waiting = [asyncio.create_task(passes.begin(Lane.STALL, one)) for one in (B, C)]
    await settled()

    passes.close()
    await asyncio.wait_for(asyncio.gather(*waiting), 1)

    assert work.begun == [A]
    await ended(passes, work)


async def test_a_marketplace_whose_slots_are_taken_keeps_none_from_another() -> None:
    work = Work()
    passes = Passes(work, {Lane.STALL: 1})
    await passes.begin(Lane.STALL, A)

    await asyncio.wait_for(passes.begin(Lane.STALL, ELSEWHERE), 1)
    await settled()

    assert work.begun == [A, ELSEWHERE]
    await ended(passes, work)


async def test_a_marketplace_has_no_more_slots_than_it_bears() -> None:
    work = Work()
    passes = Passes(work, {Lane.STALL: 2}, bearable={marketplace_of(A): 1})
    await passes.begin(Lane.STALL, A)
    second = asyncio.create_task(passes.begin(Lane.STALL, B))
    await settled()

    assert work.begun == [A]
    assert passes.slots(Lane.STALL, marketplace_of(ELSEWHERE)) == 2
    second.cancel()
    await ended(passes, work)


@pytest.mark.parametrize(
    ("per_second", "calls_at_once", "slots"),
    [(50, None, 38), (10, None, 8), (1, None, FEWEST), (20, 4, 8), (2, 4, FEWEST)],
)
async def test_slots_follow_the_budget_and_the_calls_that_a_marketplace_bears(
    database: Database, per_second: float, calls_at_once: int | None, slots: int
) -> None:
    async with a_town(database) as town:
        there = replace(
            town.around.marketplaces[REHEARSAL],
            per_second=per_second,
            calls_at_once=calls_at_once,
        )
        found = bearable(replace(town.around, marketplaces={REHEARSAL: there}))

    assert found == {REHEARSAL: slots}


async def test_slow_passes_make_way_and_never_take_all_the_room() -> None:
    work = Work()
    passes = Passes(work, {Lane.STALL: 1}, slow=0.02)
    await passes.begin(Lane.STALL, A)

    with capture_logs() as logs:
        await asyncio.wait_for(passes.begin(Lane.STALL, B), 5)
    await settled()
    third = asyncio.create_task(passes.begin(Lane.STALL, C))
    await asyncio.sleep(0.1)

    assert work.begun == [A, B]
    assert (logs[0]["event"], logs[0]["store"]) == ("pass.slow", A)
    assert not third.done()  # as many slow ones as slots, and no more
    work.ends[A].set()
    await asyncio.wait_for(third, 5)
    await settled()
    assert work.begun == [A, B, C]
    await ended(passes, work)


async def test_a_slot_that_was_given_up_is_given_back_once() -> None:
    work = Work()
    passes = Passes(work, {Lane.STALL: 1}, slow=0.01)
    for store in (A, B):
        await passes.begin(Lane.STALL, store)
        await asyncio.sleep(0.05)
        work.ends[store].set()
        await settled()
    await passes.begin(Lane.STALL, C)
    waiting = asyncio.create_task(passes.begin(Lane.STALL, A))
    await settled()

    assert not waiting.done()
    waiting.cancel()
    await ended(passes, work)


async def test_draining_cuts_off_what_does_not_end() -> None:
    work = Work()
    passes = Passes(work, {Lane.STALL: 1})
    await passes.begin(Lane.STALL, A)

    with capture_logs() as logs:
        await passes.drain(0.01)

    assert logs == [{"event": "passes.cut_off", "number": 1, "log_level": "warning"}]


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def ended(passes: Passes, work: Work) -> None:
    for end in work.ends.values():
        end.set()
    await passes.drain(1)

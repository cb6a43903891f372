"""A pass has an end: in all, and without a sign of life; who is cut off again and again is parked."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from onboarder.connector.contract import Access, CreateOutcome, ListingDraft
from onboarder.converge.bound import Bound
from onboarder.converge.loop import MOST_INTERNAL, PassEnd
from onboarder.converge.parked import ENDLESS
from onboarder.model.ids import Reference
from onboarder_rehearsal import RehearsalConnector
from tests.support.mischief import with_connector
from tests.support.town import Town

LONG = timedelta(hours=1)
SHORT = timedelta(seconds=0.1)


class Endless(RehearsalConnector):
    """Never comes back with a listing."""

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        await asyncio.Event().wait()
        raise AssertionError


async def busy(bound: Bound, times: int, pause: float) -> int:
    """Show so many signs of life, then none; returns how many there were until it was cut off."""
    shown = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(20), bound:
            while shown < times:
                await asyncio.sleep(pause)
                bound.sign_of_life()
                shown += 1
            await asyncio.Event().wait()
    return shown


async def test_a_pass_is_cut_off_when_it_takes_too_long_in_all() -> None:
    bound = Bound(SHORT, silent=LONG)

    shown = await busy(bound, 10_000, 0.01)

    assert bound.reached
    assert 0 < shown < 10_000


async def test_a_pass_is_cut_off_when_it_is_silent_and_lives_on_with_every_sign_of_life() -> None:
    bound = Bound(LONG, silent=timedelta(seconds=0.3))

    shown = await busy(bound, 5, 0.15)

    assert bound.reached
    assert shown == 5


async def test_an_error_that_a_pass_raises_by_itself_is_not_taken_for_a_cut_off() -> None:
    bound = Bound(LONG, silent=LONG)
    with suppress(TimeoutError):
        async with bound:
            raise TimeoutError
    bound.sign_of_life()
    assert not bound.reached


async def test_a_pass_that_never_ends_is_counted_let_go_and_in_the_end_parked(town: Town) -> None:
    town.around = replace(town.around, pass_span=timedelta(seconds=0.3))
    [store] = await town.order(await town.settle())
    with_connector(town, Endless)

    assert await town.pass_over(store) is PassEnd.DONE
    first = (await town.work_of(store)).store
    await town.run_until_quiet()

    last = (await town.work_of(store)).store
    told = [one for one in await town.tasks() if one.code == ENDLESS.code]
    assert (first.attempts, first.starts) == (1, 0)
    assert first.due_at is not None
    assert (last.attempts, last.due_at) == (MOST_INTERNAL, None)
    assert [(one.who, one.id_text) for one in told] == [("operator", ENDLESS.id)]

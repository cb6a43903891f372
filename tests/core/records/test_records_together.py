"""Rounds: what is asked at the same moment is done at once, and an error hurts only whose it is."""

import asyncio
from collections.abc import Sequence

import pytest

from onboarder.records.database import RecordsBusy
from onboarder.records.together import AT_A_TIME, MOST, Together


class Rounds:
    """Doubles numbers, and remembers its rounds. Odd ones spoil their round; 100 finds the database busy."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.begun = asyncio.Event()
        self.together = Together(self._answer)

    async def _answer(self, asked: Sequence[int]) -> Sequence[int | Exception]:
        self.seen.append(list(asked))
        self.begun.set()
        await asyncio.sleep(0)
        if 100 in asked:
            raise RecordsBusy
        if any(one % 2 for one in asked):
            raise ValueError(next(one for one in asked if one % 2))
        return [LookupError() if one == 0 else 2 * one for one in asked]

    async def all(self, *asked: int) -> list[int | BaseException]:
        return await asyncio.gather(*map(self.together.do, asked), return_exceptions=True)


async def test_what_is_asked_at_once_is_answered_at_once() -> None:
    rounds = Rounds()
    assert await rounds.all(2, 4, 6) == [4, 8, 12]
    assert rounds.seen == [[2, 4, 6]]


async def test_whoever_comes_during_a_round_goes_into_the_next() -> None:
    rounds = Rounds()

    first = asyncio.create_task(rounds.all(2))
    await rounds.begun.wait()
    assert await rounds.all(4, 6) == [8, 12]
    assert await first == [4]
    assert rounds.seen == [[2], [4, 6]]


async def test_no_round_is_larger_than_the_event_loop_can_bear() -> None:
    rounds = Rounds()
    await rounds.all(*range(200, 200 + 2 * MOST + 2, 2))
    assert [len(one) for one in rounds.seen] == [MOST, 1]


async def test_an_error_of_one_hurts_no_other() -> None:
    rounds = Rounds()
    good, missing, bad, last = await rounds.all(2, 0, 3, 4)
    assert (good, last) == (4, 8)
    assert isinstance(missing, LookupError)
    assert isinstance(bad, ValueError)
    assert rounds.seen == [[2, 0, 3, 4], [2], [0], [3], [4]]


async def test_a_busy_database_is_not_asked_for_each() -> None:
    rounds = Rounds()
    assert [type(one) for one in await rounds.all(2, 100, 4, 6)] == [int, *[RecordsBusy] * 3]
    assert rounds.seen == [[2, 100, 4, 6], [2], [100]]


async def test_whoever_is_cancelled_is_left_out_and_the_others_go_on() -> None:
    rounds = Rounds()
    tasks = [asyncio.create_task(rounds.together.do(one)) for one in (2, 4)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(ends[0], asyncio.CancelledError)
    assert ends[1] == 8
    assert await rounds.all(6) == [12]


async def test_nothing_is_tried_again_for_whoever_does_not_wait_any_more() -> None:
    rounds = Rounds()
    tasks = [asyncio.create_task(rounds.together.do(one)) for one in (2, 4, 3)]
    await rounds.begun.wait()
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert rounds.seen == [[2, 4, 3], [2], [3]]


class Died(BaseException):
    """The process died."""


async def test_a_death_is_everybodys_and_nothing_is_tried_after_it() -> None:
    seen: list[Sequence[int]] = []

    async def answer(asked: Sequence[int]) -> Sequence[int]:
        seen.append(asked)
        raise Died

    together: Together[int, int] = Together(answer)
    ends = await asyncio.gather(*map(together.do, (1, 2)), return_exceptions=True)
    assert [type(one) for one in ends] == [Died, Died]
    assert seen == [[1, 2]]
    with pytest.raises(Died):
        await together.do(3)


async def test_between_the_answers_of_a_large_round_others_get_their_turn() -> None:
    """Whoever got an answer goes on at once, with work of its own."""
    turns = list[str]()

    async def others() -> None:
        while True:
            turns.append(" ")
            await asyncio.sleep(0)

    async def ask(number: int) -> None:
        await rounds.together.do(number)
        turns.append("x")

    rounds = Rounds()
    looking = asyncio.create_task(others())
    await asyncio.gather(*(ask(102 + 2 * number) for number in range(MOST)))
    looking.cancel()

    answered = max("".join(turns).split(), key=len)
    assert len(answered) <= AT_A_TIME < MOST

"""Calls that wait together cost one question together, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from onboarder.connector.waves import Leave, Slot, Slots, Then, Together, Wave, Wish
from onboarder.model.work import Lane


class Answers:
    """Answers each round once it may; each call's wait is its store's number."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []
        self.may = asyncio.Event()
        self.may.set()
        self.trouble: Exception | None = None

    async def __call__(self, wishes: Sequence[Wish]) -> Slots:
        self.rounds.append([one.store for one in wishes])
        await self.may.wait()
        if self.trouble is not None:
            raise self.trouble
        return [Slot(float(one.store), Then.GO, None) for one in wishes]


async def asked(together: Together, *stores: int) -> list[float]:
    slots = await asyncio.gather(*(together.ask(_wish(store)) for store in stores))
    return [slot.wait for slot in slots if slot is not None]


def _wish(store: int) -> Wish:
    return Wish(Lane.NIGHT, str(store))


async def test_those_who_come_at_once_are_asked_for_at_once_and_each_gets_its_own() -> None:
    answers = Answers()

    assert await asked(Together(answers, 10), 3, 1, 2) == [3, 1, 2]
    assert answers.rounds == [["3", "1", "2"]]


async def test_whoever_comes_while_a_question_is_on_its_way_goes_with_the_next() -> None:
    answers = Answers()
    together = Together(answers, 10)
    answers.may.clear()
    first = asyncio.ensure_future(asked(together, 1))
    while not answers.rounds:  # noqa: ASYNC110  # a turn of the loop each
        await asyncio.sleep(0)
    later = [asyncio.ensure_future(asked(together, number)) for number in (2, 3)]
    await asyncio.sleep(0)
    answers.may.set()

    assert await first == [1]
    assert await asyncio.gather(*later) == [[2], [3]]
    assert answers.rounds == [["1"], ["2", "3"]]


async def test_no_question_is_for_more_than_the_most() -> None:
    answers = Answers()

    assert await asked(Together(answers, 2), 1, 2, 3, 4, 5) == [1, 2, 3, 4, 5]
    assert answers.rounds == [["1", "2"], ["3", "4"], ["5"]]


async def test_a_caller_that_gives_up_takes_the_answer_from_nobody_else() -> None:
    answers = Answers()
    together = Together(answers, 10)
    answers.may.clear()
    impatient = asyncio.ensure_future(asked(together, 1))
    patient = asyncio.ensure_future(asked(together, 2))
    while not answers.rounds:  # noqa: ASYNC110  # a turn of the loop each
        await asyncio.sleep(0)
    impatient.cancel()
    answers.may.set()

    assert await patient == [2]
    assert answers.rounds == [["1", "2"]]


async def test_what_goes_wrong_is_told_to_everybody() -> None:
    answers = Answers()
    answers.trouble = ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await asked(Together(answers, 10), 1, 2)


async def test_a_wave_asks_once_each_time_and_all_its_calls_go_or_none() -> None:
    told, asked_for, naps = [Leave(0.2, Then.ASK), Leave(0, Then.GO)], list[int](), list[float]()

    async def leave(calls: int) -> Leave:
        asked_for.append(calls)
        return told[len(asked_for) - 1]

    async def sleep(seconds: float) -> None:
        naps.append(seconds)

    wave = Wave(leave)
    wave.calls = 3

    assert await asyncio.gather(*(wave.goes(sleep) for _ in range(3))) == [True] * 3
    assert (asked_for, naps) == ([3, 3], [0.2] * 3)


async def test_slots_that_are_void_are_void_for_the_whole_wave() -> None:
    async def leave(_: int) -> Leave:
        return Leave(-1, Then.GO)

    wave = Wave(leave)
    wave.calls = 2

    assert await asyncio.gather(*(wave.goes(asyncio.sleep) for _ in range(2))) == [False, False]

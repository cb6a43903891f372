"""Doing at once what many tasks ask for one by one: whoever asks while a round is under way goes into the next round."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Generic, TypeVar

from onboarder.records.database import RecordsBusy

Asked = TypeVar("Asked")
Given = TypeVar("Given")

MOST = 64
"""Wishes in one round, so that no round holds up the event loop for long."""
AT_A_TIME = 16
"""Answers given before the event loop looks after others: whoever got one goes on at once."""


@dataclass(frozen=True, slots=True)
class _Wish(Generic[Asked, Given]):
    asked: Asked
    answer: "asyncio.Future[Given]"

    def settle(self, given: Given | BaseException) -> None:
        """Unless nobody waits for it any more."""
        if self.answer.done():
            return
        if isinstance(given, asyncio.CancelledError):
            self.answer.cancel()
        elif isinstance(given, BaseException):
            self.answer.set_exception(given)
        else:
            self.answer.set_result(given)


class Together(Generic[Asked, Given]):
    """`do` in rounds. `answer` answers all wishes of a round in order, each with its own result or error.

    What it raises is an error of the whole round, which then must be undone: every wish is tried again alone, so that
    the error only hurts whose it is. A database that is busy for one is not asked for the others.
    """

    def __init__(
        self, answer: Callable[[Sequence[Asked]], Awaitable[Sequence[Given | Exception]]]
    ) -> None:
        self._answer = answer
        self._waiting: list[_Wish[Asked, Given]] = []
        self._rounds: asyncio.Task[None] | None = None

    async def do(self, asked: Asked) -> Given:
        """The answer. Whoever is cancelled while the round is under way cannot know whether it was done."""
        answer: asyncio.Future[Given] = asyncio.get_running_loop().create_future()
        wish = _Wish(asked, answer)
        self._waiting.append(wish)
        if self._rounds is None:
            # In a context of its own: what one task's says does not concern the others.
            self._rounds = asyncio.create_task(self._until_none_waits(), context=Context())
        return await wish.answer

    async def _until_none_waits(self) -> None:
        chosen: list[_Wish[Asked, Given]] = []
        try:
            while self._waiting:
                chosen, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._round([one for one in chosen if not one.answer.done()])
        except BaseException as error:
            for one in (*chosen, *self._waiting):
                one.settle(error)
            self._waiting.clear()
            if isinstance(error, asyncio.CancelledError | KeyboardInterrupt | SystemExit):
                raise
        finally:
            self._rounds = None

    async def _round(self, chosen: Sequence[_Wish[Asked, Given]]) -> None:
        if not chosen:
            return
        try:
            given = await self._answer([one.asked for one in chosen])
        except Exception as error:  # noqa: BLE001  # told to whom it concerns
            await self._alone(chosen, error)
            return
        for number, (one, answer) in enumerate(zip(chosen, given, strict=True), 1):
            one.settle(answer)
            if number % AT_A_TIME == 0:
                await asyncio.sleep(0)

    async def _alone(self, chosen: Sequence[_Wish[Asked, Given]], error: Exception) -> None:
        if len(chosen) == 1:
            chosen[0].settle(error)
            return
        for number, one in enumerate(chosen):
            if one.answer.done():
                continue  # nobody waits for it any more
            await self._round([one])
            failed = None if one.answer.cancelled() else one.answer.exception()
            if isinstance(failed, RecordsBusy):
                for other in chosen[number + 1 :]:
                    other.settle(failed)
                return

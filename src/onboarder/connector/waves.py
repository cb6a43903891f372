"""Calls of one process that wait together: asked for together, let out together.

One question at a time is on its way; whoever comes meanwhile goes with the next. So a wave costs its process two questions,
however many calls it has.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import IntEnum

from onboarder.model.work import Lane

Sleep = Callable[[float], Awaitable[None]]


class Then(IntEnum):
    """What a call does when its wait is over; the script in Redis knows the numbers."""

    GO = 0
    ASK = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """A call that wants a slot."""

    lane: Lane
    store: str


@dataclass(frozen=True, slots=True)
class Leave:
    """May a wave go? `wait`: seconds it must wait first; below zero if its slots are void."""

    wait: float
    then: Then


class Wave:
    """Calls of one slot. `leave` asks whether so many may go out now."""

    def __init__(self, leave: Callable[[int], Awaitable[Leave]]) -> None:
        self._leave = leave
        self._asked: list[asyncio.Task[Leave]] = []
        self.calls = 0

    async def goes(self, sleep: Sleep) -> bool:
        """For each call of the wave, when its slot has come: True when it goes out, False if its slot is void."""
        turn = 0
        while (leave := await self._turn(turn)).wait >= 0:
            if leave.wait:
                await sleep(leave.wait)
            if leave.then is Then.GO:
                return True
            turn += 1
        return False

    async def _turn(self, turn: int) -> Leave:
        """The first of the wave asks, for all of them."""
        if turn == len(self._asked):
            self._asked.append(asyncio.ensure_future(self._all_ask()))
        return await asyncio.shield(self._asked[turn])

    async def _all_ask(self) -> Leave:
        return await self._leave(self.calls)


@dataclass(frozen=True, slots=True)
class Slot:
    """When a call may go: after `wait` seconds; below zero, it may not. No `wave`: it need not ask once more then."""

    wait: float
    then: Then
    wave: Wave | None


Slots = Sequence[Slot] | None
"""In the order of the wishes; None if nobody answers."""


class _Round:
    """Wishes that are asked for together."""

    def __init__(self, ask: "Callable[[_Round], Coroutine[None, None, Slots]]") -> None:
        self.wishes: list[Wish] = []
        self.answer = asyncio.ensure_future(ask(self))


class Together:
    """Asks for many at once. `ask_all` is called with no more than `most` wishes, one call after the other."""

    def __init__(self, ask_all: Callable[[Sequence[Wish]], Awaitable[Slots]], most: int) -> None:
        self._ask_all, self._most = ask_all, most
        self._one_at_a_time = asyncio.Lock()
        self._open: _Round | None = None

    async def ask(self, wish: Wish) -> Slot | None:
        """The slot of one call; None if nobody answers."""
        this = self._open
        if this is None or len(this.wishes) == self._most:
            this = self._open = _Round(self._ask)
        place = len(this.wishes)
        this.wishes.append(wish)
        slots = await asyncio.shield(this.answer)
        return None if slots is None else slots[place]

    async def _ask(self, this: _Round) -> Slots:
        async with self._one_at_a_time:
            if self._open is this:
                self._open = None
            return await self._ask_all(this.wishes)

"""Shops that do not get on, grouped by what holds them up, and mending all of one cause at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from onboarder.connector.errors import RateLimited
from onboarder.converge.doorbell import Doorbell
from onboarder.converge.orders import answer_task, redrive
from onboarder.model.ids import MarketCode, ProgrammeCode, StoreId
from onboarder.model.people import Actor
from onboarder.model.shop import StoreState
from onboarder.model.work import PARKED_CODE
from onboarder.problems import UsageProblem
from onboarder.records import tasks
from onboarder.records.database import Database, Transaction
from onboarder.records.held_up import HeldUpStore, held_up
from onboarder.records.tasks import TaskRecord

PATIENCE = {
    StoreState.DRAFT: timedelta(days=1),
    StoreState.AWAITING_OWNER: timedelta(days=7),
    StoreState.IN_REVIEW: timedelta(days=3),
}
"""How long a store may be in a state before it counts as stuck without anybody having been asked."""
MOST_AT_ONCE = 500
"""Repairs of one press; pressing again goes on."""
EXAMPLES = 5


class Repair(StrEnum):
    """What can be done about a cause here."""

    REDRIVE = "redrive"
    """Let all of them go on at the step that failed."""
    ANSWER = "answer"
    """Give all of its tasks the same answer."""
    BY_HAND = "by_hand"
    """Nothing; the cause's sentence says what people do."""


@dataclass(frozen=True, slots=True)
class Held:
    """One store held up by one thing."""

    store: StoreId
    market: MarketCode
    stall: str
    since: datetime
    task: int | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """`key` names the cause in addresses: `task:CODE`, `failure:CODE` or `state:STATE`.

    `id` and `en` are the sentence as people are told it, '' for a state. `held` begins with the longest waiting.
    """

    key: str
    who: str
    id: str
    en: str
    held: tuple[Held, ...]
    repair: Repair
    answers: tuple[str, ...] = ()

    @property
    def stores(self) -> int:
        return len({one.store for one in self.held})

    @property
    def since(self) -> datetime:
        """When the first of them got stuck."""
        return self.held[0].since


@dataclass(frozen=True, slots=True)
class Repaired:
    """How many were mended by one press, and how many of the cause are left for the next."""

    done: int
    left: int


async def stuck(tx: Transaction, programme: ProgrammeCode, *, now: datetime) -> list[Cause]:
    """All causes, the one that holds up most shops first."""
    asked = await tasks.open_tasks(tx, programme=programme)
    waiting = await held_up(tx, programme, PATIENCE, now=now)
    causes = [*_of_tasks(asked), *_of_failures(waiting), *_of_states(waiting)]
    return sorted(causes, key=lambda one: (-one.stores, one.since, one.key))


async def repair(
    database: Database,
    doorbell: Doorbell,
    programme: ProgrammeCode,
    key: str,
    answer: str | None,
    *,
    by: str,
    clock: Callable[[], datetime],
) -> Repaired:
    """Mend the first `MOST_AT_ONCE` of a cause. Safe to repeat; what somebody else mended meanwhile is passed over.

    `UsageProblem` if the cause cannot be mended by a button or takes no such answer.
    """
    async with database.read() as tx:
        found = {one.key: one for one in await stuck(tx, programme, now=clock())}
    cause = found.get(key)
    if cause is None:
        return Repaired(0, 0)
    chosen = cause.held[:MOST_AT_ONCE]
    left = len(cause.held) - len(chosen)
    match cause.repair:
        case Repair.BY_HAND:
            raise UsageProblem(
                "no button mends this",
                id_message="ini tidak bisa diperbaiki dengan tombol",
                hint="see what people have to do on the page",
                id_hint="lihat di halaman apa yang harus dikerjakan orang",
            )
        case Repair.REDRIVE:
            stores = list(dict.fromkeys(one.store for one in chosen))
            await redrive(database, doorbell, stores, by=by, clock=clock)
            return Repaired(len(chosen), left)
        case Repair.ANSWER:
            return Repaired(
                await _answer_all(database, doorbell, cause, chosen, answer, by=by, clock=clock),
                left,
            )


async def _answer_all(
    database: Database,
    doorbell: Doorbell,
    cause: Cause,
    chosen: Sequence[Held],
    answer: str | None,
    *,
    by: str,
    clock: Callable[[], datetime],
) -> int:
    given = answer or cause.answers[0]
    if given not in cause.answers:
        named = ", ".join(cause.answers)
        raise UsageProblem(f"answers: {named}", id_message=f"jawaban yang bisa dipilih: {named}")
    done = 0
    for one in chosen:
        try:
            await answer_task(database, doorbell, one.task or 0, given, by=by, clock=clock)
        except UsageProblem:  # somebody else answered it meanwhile
            continue
        done += 1
    return done


def _of_tasks(asked: Sequence[TaskRecord]) -> Iterable[Cause]:
    for code in dict.fromkeys(one.code for one in asked):
        same = [one for one in asked if one.code == code]
        answers = _answers(same)
        parked = code == PARKED_CODE or code.startswith(f"{PARKED_CODE}.")
        first = same[0]
        yield Cause(
            key=f"task:{code}",
            who=first.who,
            id=first.id_text,
            en=first.en_text,
            held=tuple(
                Held(one.store_id, MarketCode(one.market), one.stall, one.created_at, one.id)
                for one in same
            ),
            repair=Repair.REDRIVE if parked else Repair.ANSWER if answers else Repair.BY_HAND,
            answers=() if parked else answers,
        )


def _answers(same: Sequence[TaskRecord]) -> tuple[str, ...]:
    """What every one of them takes."""
    offered = [one.choices or ("done",) for one in same]
    return tuple(answer for answer in offered[0] if all(answer in one for one in offered))


def _of_failures(waiting: Sequence[HeldUpStore]) -> Iterable[Cause]:
    failing = [(one, one.failure) for one in waiting if one.failure is not None]
    for code in dict.fromkeys(failure.code for _, failure in failing):
        same = [(one, failure) for one, failure in failing if failure.code == code]
        failure = same[0][1]
        yield Cause(
            key=f"failure:{code}",
            who=failure.who,
            id=failure.id,
            en=failure.en,
            held=_held([one for one, _ in same]),
            # Sooner it would only take a place or a call that is kept for somebody at a stall.
            repair=Repair.BY_HAND if failure.kind == RateLimited.__name__ else Repair.REDRIVE,
        )


def _of_states(waiting: Sequence[HeldUpStore]) -> Iterable[Cause]:
    for state, who in _WHO_ACTS.items():
        same = [one for one in waiting if one.failure is None and one.state is state]
        if same:
            yield Cause(f"state:{state}", who, "", "", _held(same), Repair.BY_HAND)


def _held(same: Sequence[HeldUpStore]) -> tuple[Held, ...]:
    return tuple(Held(one.id, one.market, one.stall, one.since) for one in same)


_WHO_ACTS = {
    StoreState.DRAFT: Actor.OPERATOR,
    StoreState.AWAITING_OWNER: Actor.CANVASSER,
    StoreState.IN_REVIEW: Actor.MARKETPLACE,
}

"""What is under way for a person's merchants, and what waits for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from onboarder.converge.orders import answer_task
from onboarder.field.consent_texts import Lang
from onboarder.field.kit import Kit, own_markets, theirs
from onboarder.field.refused import Fault, Missing, NotDone, wrong
from onboarder.field.sentences import AT_THE_STALL, Brief, brief, told, waits_for
from onboarder.model.ids import StoreId, marketplace_of
from onboarder.people.roles import Person, Role
from onboarder.problems import UsageProblem
from onboarder.records import tasks, under_way
from onboarder.records.database import Transaction
from onboarder.records.history import Event, history
from onboarder.records.tasks import TaskRecord
from onboarder.records.under_way import UnderWay, Watched

SHOWN_FOR = timedelta(hours=18)
"""A shop ordered today stays in view when all is done."""


@dataclass(frozen=True, slots=True)
class ShownStore:
    """A store and where it stands."""

    one: UnderWay
    brief: Brief

    @property
    def updated_at(self) -> datetime:
        """When something was last seen of it."""
        store = self.one.store
        seen = [self.one.created_at, store.observed_at, store.withdrawn_at]
        return max(at for at in seen if at is not None)


@dataclass(frozen=True, slots=True)
class ShownTask:
    """`blocks`: how many stores and listings wait for it."""

    task: TaskRecord
    title: str
    blocks: int


@dataclass(frozen=True, slots=True)
class Work:
    """The tasks first that let most go on, of these the oldest."""

    stores: tuple[ShownStore, ...]
    tasks: tuple[ShownTask, ...]


async def work(kit: Kit, who: Person, lang: Lang = "id") -> Work:
    """A canvasser's own merchants; all of the programme for a coordinator."""
    at_stalls = who.role is Role.CANVASSER
    watched = Watched(
        who.programme,
        own_markets(who),
        who.id if at_stalls else None,
        since=kit.clock() - SHOWN_FOR,
    )
    async with kit.database.read() as tx:
        found = await under_way.under_way(tx, watched)
    asked = [
        _shown_task(kit, task, one, lang)
        for one in found
        for task in one.tasks
        if not at_stalls or task.who in AT_THE_STALL
    ]
    asked.sort(key=lambda one: (-one.blocks, one.task.created_at, one.task.id))
    return Work(tuple(shown(kit, found, lang)), tuple(asked))


def shown(kit: Kit, found: Sequence[UnderWay], lang: Lang = "id") -> list[ShownStore]:
    return [ShownStore(one, brief(one, _title(kit, one.store.id), lang)) for one in found]


async def stores_of(kit: Kit, who: Person, key: str, lang: Lang = "id") -> list[ShownStore]:
    """All stores of one merchant."""
    async with kit.database.read() as tx:
        entry = await theirs(tx, who, key)
        return shown(kit, await under_way.of_merchant(tx, entry.merchant.id), lang)


async def store(
    kit: Kit, who: Person, where: str, lang: Lang = "id"
) -> tuple[ShownStore, list[Event]]:
    """One store with all that happened to it."""
    async with kit.database.read() as tx:
        await their_store(tx, who, where)
        found = shown(kit, await under_way.of_stores(tx, [StoreId(where)]), lang)
        if not found:
            raise Missing
        return found[0], await history(tx, StoreId(where))


async def answer(kit: Kit, who: Person, number: int, text: str) -> None:
    """Close a task with an answer; its store goes on. Safe to repeat. `task_closed` if it was closed otherwise."""
    async with kit.database.read() as tx:
        place = await tasks.place_of(tx, number)
        if place is None or not who.sees(*place):
            raise Missing
        task, given = await tasks.task_by_id(tx, number), await tasks.answer_to(tx, number)
    if task is None and given == text:
        return
    if task is None:
        raise NotDone("task_closed")
    if who.role is Role.CANVASSER and task.who not in AT_THE_STALL:
        raise NotDone("task_of_others")
    if text not in (task.choices or ("done",)):
        raise wrong(Fault("answer", "answer_unknown"))
    try:
        await answer_task(kit.database, kit.doorbell, number, text, by=who.id, clock=kit.clock)
    except UsageProblem:
        raise NotDone("task_closed") from None


async def their_store(tx: Transaction, who: Person, where: str) -> None:
    """`Missing` if there is no such store, or it is not this person's to see."""
    place = await under_way.place_of(tx, StoreId(where))
    if place is None or not who.sees(*place):
        raise Missing


def _shown_task(kit: Kit, task: TaskRecord, one: UnderWay, lang: Lang) -> ShownTask:
    return ShownTask(task, told(task, _title(kit, task.store_id), lang), waits_for(task, one))


def _title(kit: Kit, where: StoreId) -> str:
    name = marketplace_of(where)
    return kit.titles.get(name, name)

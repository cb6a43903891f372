"""Tasks: what only a person can do, each open at most once per subject and cause."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Select, Update, bindparam, func, insert, select, update

from onboarder.connector.errors import Advice
from onboarder.model.ids import MarketCode, MerchantId, ProgrammeCode, StoreId
from onboarder.model.work import TaskState
from onboarder.records.codec import reader
from onboarder.records.database import IDS, Transaction
from onboarder.records.tables import merchant, store, task


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A task as listed. `subject` is the store's or listing's id; `choices` are the answers it takes."""

    id: int
    store_id: StoreId
    merchant_id: MerchantId
    subject: str
    code: str
    who: str
    id_text: str
    en_text: str
    choices: tuple[str, ...]
    created_at: datetime
    market: str
    stall: str


class OpenTask(NamedTuple):
    """What says whether a task still has its cause."""

    id: int
    subject: str
    code: str


async def ask(
    tx: Transaction,
    *,
    where: StoreId,
    owner: MerchantId,
    subject: str,
    advice: Advice,
    now: datetime,
    choices: Sequence[str] = (),
) -> None:
    """Open a task; if the same one is open already, renew its text. Safe to repeat."""
    same = (task.c.subject == subject, task.c.code == advice.code, task.c.state == TaskState.OPEN)
    texts = {
        "who": advice.who,
        "id_text": advice.id,
        "en_text": advice.en,
        "choices": list(choices),
    }
    renewed = await tx.execute(update(task).where(*same).values(texts))
    if renewed.rowcount:
        return
    await tx.execute(
        insert(task).values(
            store_id=where,
            merchant_id=owner,
            subject=subject,
            code=advice.code,
            state=TaskState.OPEN,
            created_at=now,
            **texts,
        )
    )


async def settle(
    tx: Transaction,
    subject: str,
    *,
    now: datetime,
    family: str,
    still: str | None = None,
) -> None:
    """Close the subject's open tasks of a family of codes, their cause is gone; `still` is the code that stays."""
    about = {"about": subject, "still": still or "", "now": now}
    await tx.execute(_settling(family), about)


async def open_of(tx: Transaction, where: StoreId) -> Sequence[OpenTask]:
    """The store's open tasks, its listings' included."""
    return (await open_of_all(tx, [where])).get(where, ())


async def open_of_all(
    tx: Transaction, wanted: Sequence[StoreId]
) -> Mapping[StoreId, Sequence[OpenTask]]:
    """The same of many stores; of those that have any."""
    found: defaultdict[StoreId, list[OpenTask]] = defaultdict(list)
    for where, *rest in await tx.execute(_OPEN_OF, {"ids": wanted}):
        found[StoreId(where)].append(OpenTask(*rest))
    return found


async def close(tx: Transaction, ids: Sequence[int], *, now: datetime) -> None:
    """Close tasks whose cause is gone."""
    if ids:
        chosen = task.c.id.in_(ids)
        await tx.execute(update(task).where(chosen).values(state=TaskState.DONE, ended_at=now))


async def answer(tx: Transaction, wanted: int, text: str, *, now: datetime) -> bool:
    """Record a person's answer and close the task; False if it is not open."""
    result = await tx.execute(
        update(task)
        .where(task.c.id == wanted, task.c.state == TaskState.OPEN)
        .values(state=TaskState.DONE, answer=text, ended_at=now)
    )
    return bool(result.rowcount)


async def task_by_id(tx: Transaction, wanted: int) -> TaskRecord | None:
    """The task if it is open."""
    row = (await tx.execute(_open().where(task.c.id == wanted))).mappings().first()
    return None if row is None else _read(row)


async def place_of(tx: Transaction, wanted: int) -> tuple[ProgrammeCode, MarketCode] | None:
    """The programme and market of the merchant whom the task is about, open or not; None if there is no such task."""
    joined = select(merchant.c.programme, merchant.c.market).join(
        task, task.c.merchant_id == merchant.c.id
    )
    row = (await tx.execute(joined.where(task.c.id == wanted))).first()
    return None if row is None else (ProgrammeCode(row[0]), MarketCode(row[1]))


async def answer_to(tx: Transaction, wanted: int) -> str | None:
    """What the task was answered with; None if it is open or was closed without an answer."""
    found: str | None = await tx.scalar(select(task.c.answer).where(task.c.id == wanted))
    return found


async def open_tasks(
    tx: Transaction,
    *,
    who: str | None = None,
    market: str | None = None,
    programme: ProgrammeCode | None = None,
    stores: Sequence[StoreId] | None = None,
) -> list[TaskRecord]:
    """Open tasks, oldest first."""
    query = _open().order_by(task.c.created_at, task.c.id)
    if who is not None:
        query = query.where(task.c.who == who)
    if market is not None:
        query = query.where(merchant.c.market == market)
    if programme is not None:
        query = query.where(merchant.c.programme == programme)
    if stores is not None:
        query = query.where(task.c.store_id.in_(stores))
    return [_read(row) for row in (await tx.execute(query)).mappings()]


async def count_open(tx: Transaction) -> dict[str, int]:
    """Open tasks by who has them."""
    query = select(task.c.who, func.count()).where(task.c.state == TaskState.OPEN)
    return {str(who): int(number) for who, number in await tx.execute(query.group_by(task.c.who))}


def _open() -> Select[*tuple[object, ...]]:
    columns = [task.c[name] for name in TaskRecord.__slots__ if name in task.c]
    return (
        select(*columns, merchant.c.market, merchant.c.stall)
        .join(store, store.c.id == task.c.store_id)
        .join(merchant, merchant.c.id == store.c.merchant_id)
        .where(task.c.state == TaskState.OPEN)
    )


@cache
def _settling(family: str) -> Update:
    return (
        update(task)
        .where(
            task.c.subject == bindparam("about"),
            task.c.state == TaskState.OPEN,
            task.c.code.startswith(family, autoescape=True),
            task.c.code != bindparam("still"),
        )
        .values(state=TaskState.DONE, ended_at=bindparam("now"))
    )


_OPEN_OF = select(task.c.store_id, task.c.id, task.c.subject, task.c.code).where(
    task.c.store_id.in_(IDS), task.c.state == TaskState.OPEN
)
_read = reader(TaskRecord)

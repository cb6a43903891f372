"""What happened to one store, in order: calls sent, what people did, what was asked of them, what the nights found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Row, Select, String, cast, literal, or_, select

from onboarder.model.ids import StoreId
from onboarder.model.work import TaskState
from onboarder.records.codec import reader
from onboarder.records.database import Transaction
from onboarder.records.runs import RunRecord
from onboarder.records.tables import audit, drift, intent, listing, run, task

MOST = 300
"""Newest events of each kind that are told."""
SYSTEM = "system"


class Told(StrEnum):
    """Where an event is known from."""

    CALL = "call"
    DEED = "deed"
    """What a person, or the system for them, did."""
    ASKED = "asked"
    ANSWERED = "answered"
    FOUND = "found"


@dataclass(frozen=True, slots=True)
class Event:
    """`what` is the call, the action, the task's code or the drift's class; `subject` the listing's Reference or id.

    `answer` is what came of it. The texts are those a task was told in. Nothing here is secret.
    """

    at: datetime
    told: Told
    who: str
    what: str
    subject: str = ""
    answer: str = ""
    id_text: str = ""
    en_text: str = ""


async def history(tx: Transaction, where: StoreId) -> list[Event]:
    """Everything on record about the store and its listings, oldest first."""
    events = [
        *(_call(row) for row in await _rows(tx, _calls(where))),
        *(_deed(row) for row in await _rows(tx, _deeds(where))),
        *(one for row in await _rows(tx, _tasks(where)) for one in _asked(row)),
        *(_found(row) for row in await _rows(tx, _drifts(where))),
    ]
    return sorted(events, key=lambda one: one.at)


async def recent_runs(
    tx: Transaction, *, before: datetime | None = None, limit: int = 30
) -> list[RunRecord]:
    """Reconciliations, newest first; those begun before a time."""
    query = select(run).order_by(run.c.started_at.desc()).limit(limit)
    if before is not None:
        query = query.where(run.c.started_at < before)
    return [_read_run(row) for row in (await tx.execute(query)).mappings()]


async def _rows(
    tx: Transaction, query: Select[*tuple[object, ...]]
) -> Sequence[Row[*tuple[object, ...]]]:
    return (await tx.execute(query.limit(MOST))).all()


def _calls(where: StoreId) -> Select[*tuple[object, ...]]:
    columns = [intent.c[one] for one in ("sent_at", "kind", "reference", "state", "code")]
    newest = intent.c.sent_at.desc()
    query: Select[*tuple[object, ...]] = select(*columns, intent.c.request_id)
    return query.where(intent.c.store_id == where).order_by(newest)


def _deeds(where: StoreId) -> Select[*tuple[object, ...]]:
    owner = where.rpartition("@")[0]
    listings = select(listing.c.id).where(listing.c.store_id == where)
    drifts = select(literal("drift:") + cast(drift.c.id, String)).where(drift.c.store_id == where)
    about = or_(
        audit.c.subject.in_((where, owner)),
        audit.c.subject.in_(listings),
        audit.c.subject.in_(drifts),
    )
    columns = [audit.c[one] for one in ("at", "actor", "action", "subject")]
    return select(*columns).where(about).order_by(audit.c.id.desc())


def _tasks(where: StoreId) -> Select[*tuple[object, ...]]:
    names = ("created_at", "who", "code", "subject", "id_text", "en_text")
    columns = [task.c[one] for one in names]
    ends = [task.c[one] for one in ("state", "ended_at", "answer")]
    query: Select[*tuple[object, ...]] = select(*columns, *ends)
    return query.where(task.c.store_id == where).order_by(task.c.id.desc())


def _drifts(where: StoreId) -> Select[*tuple[object, ...]]:
    columns = [drift.c[one] for one in ("kind", "reference", "field", "wanted", "observed")]
    query: Select[*tuple[object, ...]] = select(run.c.started_at, *columns, drift.c.outcome)
    joined = query.join(run, run.c.id == drift.c.run_id)
    return joined.where(drift.c.store_id == where).order_by(drift.c.id.desc())


def _call(row: Row[*tuple[object, ...]]) -> Event:
    sent_at, kind, reference, state, code, request = row
    answer = " · ".join(str(one) for one in (state, code, request) if one)
    return Event(_time(sent_at), Told.CALL, SYSTEM, str(kind), str(reference), answer)


def _deed(row: Row[*tuple[object, ...]]) -> Event:
    at, actor, action, subject = row
    return Event(_time(at), Told.DEED, str(actor), str(action), str(subject))


def _asked(row: Row[*tuple[object, ...]]) -> list[Event]:
    created_at, who, code, subject, id_text, en_text, state, ended_at, answer = row
    about = (str(who), str(code), str(subject))
    texts = {"id_text": str(id_text), "en_text": str(en_text)}
    events = [Event(_time(created_at), Told.ASKED, *about, **texts)]
    if state != TaskState.OPEN:
        events.append(Event(_time(ended_at), Told.ANSWERED, *about, answer=str(answer or "")))
    return events


def _found(row: Row[*tuple[object, ...]]) -> Event:
    at, kind, reference, name, wanted, observed, outcome = row
    said = f"{name}: {wanted} → {observed}" if name else ""
    answer = " · ".join(str(one) for one in (said, outcome) if one)
    return Event(_time(at), Told.FOUND, SYSTEM, str(kind), str(reference or ""), answer)


def _time(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(value)
    return value


_read_run = reader(RunRecord)

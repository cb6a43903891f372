"""How a run goes through its stores: handed out in shares to whoever glances, passed over where a glance was not enough.

A store that is as recorded costs one write, its watermark (`reviewed_at`); any number of them share one statement.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, case, exists, func, literal, or_, select, tuple_, update

from onboarder.model.ids import MarketCode, MarketplaceName, RunId, StoreId
from onboarder.model.work import RunState, TaskState
from onboarder.records.database import Transaction
from onboarder.records.runs import APPROVED, ASKED, RunRecord, in_scope, run_locked
from onboarder.records.tables import drift, run, store, task
from onboarder.records.utc_time import UtcTime


async def note_seen(tx: Transaction, where: StoreId, wanted: RunId, *, now: datetime) -> None:
    """A pass has looked at the store for the run, or must not be waited for. A mark that another run has set stays."""
    marked = (store.c.id == where, store.c.review_run == wanted)
    await tx.execute(update(store).where(*marked).values(review_run=None, reviewed_at=now))


async def take_share(tx: Transaction, wanted: RunId, *, now: datetime, size: int) -> list[StoreId]:
    """The next stores of the run, for the caller alone to glance at; fewer than `size` were the last ones."""
    record = await still_looking(tx, wanted)
    if record is None or record.handed_to is None:
        return []
    query = select(store.c.id).where(*_chosen(record), store.c.id > record.handed_to)
    rows = await tx.execute(query.order_by(store.c.id).limit(size))
    share = [StoreId(one) for one in rows.scalars()]
    values = {
        "handed_to": share[-1] if len(share) == size else None,
        "handed": run.c.handed + len(share),
        "handed_at": now,
    }
    await tx.execute(update(run).where(run.c.id == wanted).values(values))
    return share


async def still_looking(tx: Transaction, wanted: RunId) -> RunRecord | None:
    """The run, if it is not judged yet; until the end of this transaction it is neither judged nor handed out."""
    record = await run_locked(tx, wanted)
    return record if record is not None and record.state is RunState.OBSERVING else None


async def start_over(tx: Transaction, record: RunRecord, *, now: datetime) -> RunRecord:
    """The run as if it had begun now. What was seen before is looked at again, unless it is dated later."""
    values = {"started_at": now, "handed_at": None}
    await tx.execute(update(run).where(run.c.id == record.id).values(values))
    return replace(record, started_at=now, handed_at=None)


async def unsettled(tx: Transaction, share: Sequence[StoreId]) -> set[StoreId]:
    """Those of the stores about which a task is open or a decision is under way: a pass keeps these in step."""
    told = select(task.c.store_id).where(task.c.store_id.in_(share), task.c.state == TaskState.OPEN)
    decided = select(drift.c.store_id).where(
        drift.c.store_id.in_(share), drift.c.outcome.in_([ASKED, APPROVED])
    )
    return {StoreId(one) for one in (await tx.execute(told.union(decided))).scalars()}


async def note_glanced(
    tx: Transaction, seen: Sequence[tuple[StoreId, int]], *, at: datetime
) -> bool:
    """The watermark of stores (with the generation at the time of the glance) that are as recorded.

    False if one of them was not written: something happened to it meanwhile.
    """
    if not seen:
        return True
    written = await tx.execute(
        update(store)
        .where(
            tuple_(store.c.id, store.c.generation).in_(seen),
            store.c.lease_until.is_(None),
        )
        .values(observed_at=at, reviewed_at=at)
    )
    return int(written.rowcount) == len(seen)


async def hand_over(
    tx: Transaction, wanted: RunId, ids: Sequence[StoreId], *, since: datetime, now: datetime
) -> int:
    """Have a pass look at those of the stores that the run has not looked at `since`. Returns their number.

    Only for a run that is `still_looking` in this transaction: a mark set after the judgement would be in vain.
    """
    return await _mark(tx, wanted, [store.c.id.in_(ids), _unseen(since)], now)


async def hand_over_rest(tx: Transaction, record: RunRecord, *, now: datetime) -> int:
    """The same with all stores of the run that were not glanced at or passed over; nothing is handed out any more."""
    marked = await _mark(tx, record.id, _left(record), now)
    await tx.execute(update(run).where(run.c.id == record.id).values(handed_to=None, handed_at=now))
    return marked


async def any_left(tx: Transaction, record: RunRecord) -> bool:
    """Whether there is a store that was handed out and neither glanced at nor handed over since."""
    return bool(await tx.scalar(select(exists().where(*_left(record)))))


async def not_looked_at(tx: Transaction, record: RunRecord) -> int:
    """Stores of the run that neither a glance nor a pass has seen since it began."""
    unseen = or_(store.c.observed_at.is_(None), store.c.observed_at < record.started_at)
    query = select(func.count()).select_from(store).where(*_open_then(record), unseen)
    return int(await tx.scalar(query) or 0)


def _chosen(record: RunRecord) -> list[ColumnElement[bool]]:
    scope = record.scope
    return in_scope(
        MarketCode(scope["market"]) if "market" in scope else None,
        MarketplaceName(scope["marketplace"]) if "marketplace" in scope else None,
        record.known,
    )


def _left(record: RunRecord) -> list[ColumnElement[bool]]:
    return [
        *_open_then(record),
        _unseen(record.started_at),
        or_(store.c.review_run.is_(None), store.c.review_run != record.id),
    ]


def _open_then(record: RunRecord) -> list[ColumnElement[bool]]:
    """Those of the run that were open when it began."""
    later = or_(store.c.consented_at.is_(None), store.c.consented_at <= record.started_at)
    return [*_chosen(record), later]


def _unseen(since: datetime) -> ColumnElement[bool]:
    return or_(store.c.reviewed_at.is_(None), store.c.reviewed_at < since)


async def _mark(
    tx: Transaction, wanted: RunId, chosen: Collection[ColumnElement[bool]], now: datetime
) -> int:
    """Due at once, or when it was due if that is earlier."""
    at_once = case((store.c.due_at <= now, store.c.due_at), else_=literal(now, UtcTime))
    marked = await tx.execute(
        update(store)
        .where(*chosen)
        .values(review_run=wanted, due_at=at_once, generation=store.c.generation + 1)
    )
    return int(marked.rowcount)

"""Reconciliation runs and the drifts they found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Select,
    func,
    insert,
    or_,
    select,
    update,
)

from onboarder.model.ids import MarketCode, MarketplaceName, Reference, RunId, StoreId
from onboarder.model.recorded import RECREATE, RELIST
from onboarder.model.work import Drift, DriftClass, DriftPolicy, RunState
from onboarder.records import leases
from onboarder.records.codec import reader
from onboarder.records.database import Transaction
from onboarder.records.tables import drift, merchant, run, store

REPAIRING = "repairing"
HELD = "held"
"""Found; nothing is done before the whole run was seen and found plausible."""
APPROVED = "approved"
"""Its policy may be carried out at the store's next pass."""
REPAIRED = "repaired"
ASKED = "asked"
WAITING = "waiting"
"""Found again, while a person has not answered yet."""
RESOLVED = "resolved"
"""Asked about, and gone before anybody answered."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One reconciliation. `totals` counts drifts by class and outcome once it has ended."""

    id: RunId
    state: RunState
    scope: dict[str, str]
    requested_by: str
    started_at: datetime
    ended_at: datetime | None
    stores: int
    totals: dict[str, object]
    known: tuple[MarketplaceName, ...] | None = None
    """The marketplaces that are looked at; None: all there are."""
    handed_to: str | None = None
    """Stores up to this id were handed out to be glanced at; None: all of them."""
    handed_at: datetime | None = None
    handed: int = 0
    unseen: int = 0
    """Once it has ended: stores that nobody got to look at since it began."""

    @property
    def waiting(self) -> int:
        """Stores not handed out yet."""
        return 0 if self.handed_to is None else max(0, self.stores - self.handed)


@dataclass(frozen=True, slots=True)
class DriftRecord:
    """A drift as found in a run, with what was decided and what became of it."""

    id: int
    store_id: StoreId
    kind: DriftClass
    reference: Reference | None
    remote_id: str | None
    field: str | None
    wanted: str
    observed: str
    detail: str
    policy: DriftPolicy
    outcome: str


async def unfinished(tx: Transaction) -> RunRecord | None:
    """The run that was begun and not ended, if there is one in a state that this release knows."""
    query = select(run).where(run.c.ended_at.is_(None), run.c.state.in_(RunState))
    row = (await tx.execute(query.order_by(run.c.started_at))).mappings().first()
    return None if row is None else _read_run(row)


async def begin(
    tx: Transaction,
    wanted: RunId,
    *,
    by: str,
    scope: dict[str, str],
    now: datetime,
    market: MarketCode | None = None,
    marketplace: MarketplaceName | None = None,
    known: Collection[MarketplaceName] | None = None,
) -> int:
    """Start a run over every opened store in scope; returns their number. Nothing is written to the stores.

    `known` are the marketplaces that can be looked at; a run would wait in vain for stores of any other.
    """
    chosen = in_scope(market, marketplace, known)
    count = int(await tx.scalar(select(func.count()).select_from(store).where(*chosen)) or 0)
    await tx.execute(
        insert(run).values(
            id=wanted,
            state=RunState.OBSERVING,
            scope=scope,
            requested_by=by,
            started_at=now,
            stores=count,
            totals={},
            known=None if known is None else sorted(known),
            handed_to="" if count else None,
        )
    )
    return count


async def due(
    tx: Transaction,
    wanted: RunId,
    now: datetime,
    *,
    marketplaces: Collection[MarketplaceName],
    limit: int,
) -> list[StoreId]:
    """Stores of the run that are due for their look or their repairs and leased to nobody alive."""
    repairs = select(drift.c.store_id).where(
        drift.c.run_id == wanted, drift.c.outcome.in_([APPROVED, REPAIRING])
    )
    query = select(store.c.id).where(
        or_(store.c.review_run == wanted, store.c.id.in_(repairs)),
        store.c.marketplace.in_(list(marketplaces)),
        store.c.due_at <= now,
        leases.free(now),
    )
    rows = await tx.execute(query.order_by(store.c.due_at).limit(limit))
    return [StoreId(one) for one in rows.scalars()]


async def unobserved(tx: Transaction, wanted: RunId) -> int:
    """Stores of the run that still wait for a pass over them; those not handed out yet are not among them."""
    query = select(func.count()).select_from(store).where(store.c.review_run == wanted)
    return int(await tx.scalar(query) or 0)


async def add_drifts(
    tx: Transaction, wanted: RunId, found: Sequence[tuple[Drift, DriftPolicy, str]]
) -> None:
    """Record what a look found, each with its policy and outcome (`HELD` or `WAITING`)."""
    rows = [
        {
            "run_id": wanted,
            "store_id": one.store_id,
            "kind": one.kind,
            "reference": one.reference,
            "remote_id": one.remote_id,
            "field": one.field,
            "wanted": one.wanted,
            "observed": one.observed,
            "detail": one.detail,
            "policy": policy,
            "outcome": outcome,
        }
        for one, policy, outcome in found
    ]
    if rows:
        await tx.execute(insert(drift), rows)


async def drifts(
    tx: Transaction, wanted: RunId, *, outcome: str | None = None
) -> list[DriftRecord]:
    """The run's drifts in the order found."""
    query = of_known_class().where(drift.c.run_id == wanted).order_by(drift.c.id)
    if outcome is not None:
        query = query.where(drift.c.outcome == outcome)
    return [read_drift(row) for row in (await tx.execute(query)).mappings()]


async def decide(tx: Transaction, wanted: int, policy: DriftPolicy) -> StoreId | None:
    """A person's answer to a drift that was asked about; the store whose next pass carries it out."""
    found = await tx.scalar(
        update(drift)
        .where(drift.c.id == wanted, drift.c.outcome == ASKED)
        .values(policy=policy, outcome=APPROVED)
        .returning(drift.c.store_id)
    )
    return None if found is None else StoreId(str(found))


async def busy(tx: Transaction, wanted: RunId, *, before: datetime | None = None) -> int:
    """Stores of the run with repairs still going on, or only those of them that come back before a time."""
    query = (
        select(func.count(func.distinct(drift.c.store_id)))
        .select_from(drift.join(store, store.c.id == drift.c.store_id))
        .where(
            drift.c.run_id == wanted,
            drift.c.outcome.in_([APPROVED, REPAIRING]),
            store.c.due_at.is_not(None) if before is None else store.c.due_at < before,
        )
    )
    return int(await tx.scalar(query) or 0)


async def set_outcome(tx: Transaction, ids: Sequence[int], outcome: str) -> None:
    for start in range(0, len(ids), 500):
        chosen = drift.c.id.in_(ids[start : start + 500])
        await tx.execute(update(drift).where(chosen).values(outcome=outcome))


async def close_drifts(
    tx: Transaction, where: StoreId, reference: Reference, repaired: Collection[str]
) -> None:
    """These fields of a listing (or `relist`, `recreate`) were brought back: their drifts are repaired."""
    whole = {RELIST: DriftClass.STATUS_CHANGED, RECREATE: DriftClass.VANISHED}
    kinds = [kind for name, kind in whole.items() if name in repaired]
    await tx.execute(
        update(drift)
        .where(
            drift.c.store_id == where,
            drift.c.reference == reference,
            drift.c.outcome == REPAIRING,
            or_(drift.c.field.in_(sorted(repaired)), drift.c.kind.in_(kinds)),
        )
        .values(outcome=REPAIRED)
    )


async def set_state(tx: Transaction, wanted: RunId, state: RunState) -> None:
    await tx.execute(update(run).where(run.c.id == wanted).values(state=state))


async def end(
    tx: Transaction,
    wanted: RunId,
    state: RunState,
    totals: dict[str, object],
    now: datetime,
    *,
    unseen: int = 0,
) -> None:
    ended = {"state": state, "totals": totals, "unseen": unseen, "ended_at": now}
    await tx.execute(update(run).where(run.c.id == wanted).values(**ended))


async def run_by_id(tx: Transaction, wanted: RunId) -> RunRecord | None:
    row = (await tx.execute(select(run).where(run.c.id == wanted))).mappings().first()
    return None if row is None else _read_run(row)


async def run_locked(tx: Transaction, wanted: RunId) -> RunRecord | None:
    """The same, with nobody else changing the run until the end of this transaction; new drifts of it may be added."""
    query = select(run).where(run.c.id == wanted).with_for_update(key_share=True)
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else _read_run(row)


async def newest(tx: Transaction) -> RunRecord | None:
    """The run begun last."""
    row = (await tx.execute(select(run).order_by(run.c.started_at.desc()))).mappings().first()
    return None if row is None else _read_run(row)


def in_scope(
    market: MarketCode | None,
    marketplace: MarketplaceName | None,
    known: Collection[MarketplaceName] | None,
) -> list[ColumnElement[bool]]:
    """Opened stores of the market and marketplace, where these are given."""
    chosen: list[ColumnElement[bool]] = [store.c.remote_id.is_not(None)]
    if known is not None:
        chosen.append(store.c.marketplace.in_(list(known)))
    if marketplace is not None:
        chosen.append(store.c.marketplace == marketplace)
    if market is not None:
        owners = select(merchant.c.id).where(merchant.c.market == market)
        chosen.append(store.c.merchant_id.in_(owners))
    return chosen


def of_known_class() -> Select[*tuple[object, ...]]:
    """Those of a class that this release knows; what another one found is left to it."""
    columns = [drift.c[name] for name in DriftRecord.__slots__]
    return select(*columns).where(drift.c.kind.in_(DriftClass), drift.c.policy.in_(DriftPolicy))


_read_run = reader(RunRecord)
read_drift = reader(DriftRecord)

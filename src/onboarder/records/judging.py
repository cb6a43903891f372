"""Judging a run as a whole, in statements over all it found: a night of a million stores fits into no process's memory."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update

from onboarder.model.ids import MarketplaceName, RunId
from onboarder.model.work import DriftClass, DriftPolicy, Lane
from onboarder.records import stores
from onboarder.records.database import Transaction
from onboarder.records.runs import APPROVED, HELD
from onboarder.records.tables import drift, listing, merchant, run, store


async def vanished(tx: Transaction, wanted: RunId) -> dict[MarketplaceName, int]:
    """Listings newly found gone, per marketplace."""
    query = (
        select(store.c.marketplace, func.count())
        .select_from(drift.join(store, store.c.id == drift.c.store_id))
        .where(*_held(wanted), drift.c.kind == DriftClass.VANISHED)
        .group_by(store.c.marketplace)
    )
    return {MarketplaceName(name): int(number) for name, number in await tx.execute(query)}


async def listings_held(tx: Transaction, market: str | None) -> dict[str, int]:
    """Listings on record per marketplace, of one market or all: what the plausibility stop measures against."""
    query = (
        select(store.c.marketplace, func.count())
        .select_from(listing.join(store, store.c.id == listing.c.store_id))
        .where(listing.c.remote_id.is_not(None))
        .group_by(store.c.marketplace)
    )
    if market is not None:
        owners = select(merchant.c.id).where(merchant.c.market == market)
        query = query.where(store.c.merchant_id.in_(owners))
    return {str(name): int(number) for name, number in await tx.execute(query)}


async def stop(
    tx: Transaction, wanted: RunId, where: Collection[MarketplaceName], outcome: str
) -> None:
    """Nothing that was found on these marketplaces is acted upon."""
    if where:
        there = or_(*(drift.c.store_id.endswith(f"@{name}", autoescape=True) for name in where))
        await tx.execute(update(drift).where(*_held(wanted), there).values(outcome=outcome))


async def approve(
    tx: Transaction,
    wanted: RunId,
    at_once: Collection[DriftClass],
    outcomes: Mapping[DriftPolicy, str],
    *,
    now: datetime,
) -> None:
    """Let passes carry out what is still held; classes `at_once` get their policy's outcome without a pass."""
    decided = drift.c.kind.in_(at_once)
    touched = select(drift.c.store_id).where(*_held(wanted))
    await stores.wake_those(tx, store.c.id.in_(touched), lane=Lane.NIGHT, now=now)
    for policy, outcome in outcomes.items():
        chosen = (*_held(wanted), decided, drift.c.policy == policy)
        await tx.execute(update(drift).where(*chosen).values(outcome=outcome))
    await tx.execute(update(drift).where(*_held(wanted)).values(outcome=APPROVED))


async def totals(tx: Transaction, wanted: RunId) -> dict[str, dict[str, int]]:
    """The run's drifts by class and outcome."""
    query = select(drift.c.kind, drift.c.outcome, func.count()).where(
        drift.c.run_id == wanted, drift.c.kind.in_(DriftClass), drift.c.policy.in_(DriftPolicy)
    )
    counted: dict[str, dict[str, int]] = {}
    grouped = query.group_by(drift.c.kind, drift.c.outcome).order_by(drift.c.kind)
    for kind, outcome, number in await tx.execute(grouped):
        counted.setdefault(str(kind), {})[str(outcome)] = int(number)
    return counted


async def forget_unobserved(tx: Transaction, wanted: RunId, *, now: datetime) -> int:
    """Give up on the stores that could not be looked at; returns their number."""
    given_up = await tx.execute(
        update(store).where(store.c.review_run == wanted).values(review_run=None, reviewed_at=now)
    )
    await tx.execute(update(run).where(run.c.id == wanted).values(handed_to=None))
    return int(given_up.rowcount)


def _held(wanted: RunId) -> tuple[ColumnElement[bool], ...]:
    """Of a class that this release knows; what another one found is left to it."""
    return (
        drift.c.run_id == wanted,
        drift.c.outcome == HELD,
        drift.c.kind.in_(DriftClass),
        drift.c.policy.in_(DriftPolicy),
    )

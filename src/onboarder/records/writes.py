"""Remote writes and their results: intents before, outcomes after, listings, photos, tasks, audit."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, delete, insert, select, update

from onboarder.model.ids import PhotoHash, Reference, StoreId
from onboarder.model.recorded import Lease, ListingRecord
from onboarder.model.work import IntentKind, IntentState
from onboarder.records import days
from onboarder.records.codec import content_json, failure_json, observed_json
from onboarder.records.database import Transaction
from onboarder.records.tables import audit, intent, listing, remote_photo


def intent_id(lease: Lease, number: int) -> str:
    """Unique per lease and write: the same pass never numbers two writes alike."""
    return f"{lease.store_id}#{lease.token}.{number}"


async def intend(
    tx: Transaction,
    lease: Lease,
    writes: Sequence[tuple[str, IntentKind, Reference]],
    *,
    now: datetime,
    doubt_until: datetime,
) -> None:
    """Record what is about to be sent. Commit before sending."""
    rows = [
        {
            "id": one,
            "store_id": lease.store_id,
            "reference": reference,
            "kind": kind,
            "state": IntentState.PENDING,
            "lease_token": lease.token,
            "sent_at": now,
            "doubt_until": doubt_until,
        }
        for one, kind, reference in writes
    ]
    await tx.execute(insert(intent), rows)


async def prolong_doubts(tx: Transaction, lease: Lease, until: datetime) -> None:
    """What this lease has put on record and not concluded is sent later than first thought."""
    await tx.execute(
        update(intent)
        .where(
            intent.c.store_id == lease.store_id,
            intent.c.lease_token == lease.token,
            intent.c.state == IntentState.PENDING,
        )
        .values(doubt_until=until)
    )


async def conclude(
    tx: Transaction,
    ids: Sequence[str],
    state: IntentState,
    *,
    now: datetime,
    code: str | None = None,
    request_id: str | None = None,
) -> None:
    """Record what became of intents."""
    if not ids:
        return
    ended = None if state is IntentState.UNKNOWN else now
    await tx.execute(
        update(intent)
        .where(intent.c.id.in_(ids))
        .values(state=state, ended_at=ended, code=code, request_id=request_id)
    )


async def save_listings(
    tx: Transaction, where: StoreId, saved: Sequence[ListingRecord], *, now: datetime
) -> None:
    """Insert or overwrite listing records; the day one first goes live is kept with it."""
    if not saved:
        return
    known = set(
        (
            await tx.execute(
                select(listing.c.id).where(listing.c.id.in_([one.id for one in saved]))
            )
        ).scalars()
    )
    fresh = [days.of_a_new_listing(_row(one, where), now) for one in saved if one.id not in known]
    if fresh:
        await tx.execute(insert(listing), fresh)
    for one in saved:
        if one.id in known:
            row = days.of_a_known_listing(_row(one, where), now)
            await tx.execute(update(listing).where(listing.c.id == one.id).values(row))


async def save_photo(tx: Transaction, where: StoreId, photo: PhotoHash, key: str) -> None:
    """Remember an uploaded photo's key."""
    await _replace(tx, remote_photo, {"store_id": where, "hash": photo}, {"key": key})


async def note(
    tx: Transaction,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: dict[str, object] | None = None,
) -> None:
    """Append to the audit trail; `detail` carries no personal data."""
    await tx.execute(
        insert(audit).values(
            at=at, actor=actor, action=action, subject=subject, detail=detail or {}
        )
    )


async def _replace(
    tx: Transaction, table: Table, key: dict[str, object], values: dict[str, object]
) -> None:
    match = [table.c[name] == value for name, value in key.items()]
    await tx.execute(delete(table).where(*match))
    await tx.execute(insert(table).values({**key, **values}))


def _row(one: ListingRecord, where: StoreId) -> dict[str, object]:
    return {
        "id": one.id,
        "store_id": where,
        "reference": one.reference,
        "state": one.state,
        "remote_id": one.remote_id,
        "applied": content_json(one.applied),
        "baseline": observed_json(one.baseline),
        "observed": observed_json(one.observed),
        "observed_at": one.observed_at,
        "reason": one.reason,
        "failure": failure_json(one.failure),
        "refused_digest": one.refused_digest,
        "attempts": one.attempts,
        "not_before": one.not_before,
        "repairs": sorted(one.repairs),
    }

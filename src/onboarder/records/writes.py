"""Remote writes and their results: intents before, outcomes after, listings, photos, tasks, audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Insert, bindparam, func, insert, update

from onboarder.model.ids import PhotoHash, Reference, StoreId
from onboarder.model.recorded import Lease, ListingRecord
from onboarder.model.work import IntentKind, IntentState
from onboarder.records import days
from onboarder.records.codec import content_json, failure_json, observed_json
from onboarder.records.database import IDS, Transaction, new_rows
from onboarder.records.tables import audit, intent, listing, remote_photo


def intent_id(lease: Lease, number: int) -> str:
    """Unique per lease and write: the same pass never numbers two writes alike."""
    return f"{lease.store_id}#{lease.token}.{number}"


@dataclass(frozen=True, slots=True)
class Intended:
    """A remote write about to be sent under a lease; until `doubt` is over, nobody believes in its absence."""

    id: str
    lease: Lease
    kind: IntentKind
    reference: Reference
    doubt: timedelta


async def intend(tx: Transaction, writes: Sequence[Intended], *, now: datetime) -> None:
    """Record what is about to be sent. Commit before sending."""
    rows = [
        {
            "id": one.id,
            "store_id": one.lease.store_id,
            "reference": one.reference,
            "kind": one.kind,
            "state": IntentState.PENDING,
            "lease_token": one.lease.token,
            "sent_at": now,
            "doubt_until": now + one.doubt,
        }
        for one in writes
    ]
    if rows:
        await tx.execute(_INTEND, rows)


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
    doubt: timedelta | None = None,
) -> None:
    """Record what became of intents. `doubt`: how long from now on nobody believes in the absence of what is unknown."""
    if not ids:
        return
    ended = None if state is IntentState.UNKNOWN else now
    became = {"became": state, "ended": ended, "why": code, "request": request_id}
    became["until"] = None if doubt is None else now + doubt
    await tx.execute(_CONCLUDE, {"ids": ids, **became})


async def save_listings(
    tx: Transaction, where: StoreId, saved: Sequence[ListingRecord], *, now: datetime
) -> None:
    """Insert or overwrite listing records; the day one first goes live is kept with it."""
    await save_all(tx, [(where, one) for one in saved], now=now)


async def save_all(
    tx: Transaction, saved: Sequence[tuple[StoreId, ListingRecord]], *, now: datetime
) -> None:
    """The same for the listings of many stores."""
    if saved:
        rows = [days.of_a_listing(_row(one, where), now) for where, one in saved]
        await tx.execute(_listings(tx.dialect.name), rows)


async def save_photo(tx: Transaction, where: StoreId, photo: PhotoHash, key: str) -> None:
    """Remember an uploaded photo's key."""
    await save_photos(tx, [(where, photo, key)])


async def save_photos(tx: Transaction, saved: Sequence[tuple[StoreId, PhotoHash, str]]) -> None:
    """The same for the photos of many stores."""
    if saved:
        rows = [{"store_id": where, "hash": photo, "key": key} for where, photo, key in saved]
        await tx.execute(_photos(tx.dialect.name), rows)


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
    row = {"at": at, "actor": actor, "action": action, "subject": subject, "detail": detail or {}}
    await tx.execute(_NOTE, row)


@cache
def _listings(dialect: str) -> Insert:
    """Over what is there; a listing never moves to another store."""
    fresh = new_rows(dialect, listing)
    there = fresh.excluded
    kept = {name: there[name] for name in _CHANGING}
    day = {"live_at": days.kept_day(there.state, there.live_at)}
    return fresh.on_conflict_do_update(index_elements=[listing.c.id], set_={**kept, **day})


@cache
def _photos(dialect: str) -> Insert:
    fresh = new_rows(dialect, remote_photo)
    key = {"key": fresh.excluded["key"]}
    return fresh.on_conflict_do_update(index_elements=list(remote_photo.primary_key), set_=key)


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


_INTEND, _NOTE = insert(intent), insert(audit)
_CONCLUDE = (
    update(intent)
    .where(intent.c.id.in_(IDS))
    .values(
        state=bindparam("became"),
        ended_at=bindparam("ended"),
        code=bindparam("why"),
        request_id=bindparam("request"),
        doubt_until=func.coalesce(
            bindparam("until", type_=intent.c.doubt_until.type), intent.c.doubt_until
        ),
    )
)
_CHANGING = [name for name in listing.c.keys() if name not in {"id", "store_id", "live_at"}]  # noqa: SIM118  # no mapping
"""All but the id, whose it is, and the day."""

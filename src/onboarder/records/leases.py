"""Leases: who works on a store. Proved before every write of a pass, and let go of at its end.

What a lease is proved by stays locked until the transaction ends, so that nobody takes the store between proof and write.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    RowMapping,
    Update,
    bindparam,
    select,
    update,
)

from onboarder.model.ids import StoreId
from onboarder.model.recorded import Lease
from onboarder.model.work import Lane
from onboarder.records import days
from onboarder.records.codec import Row
from onboarder.records.database import IDS, Transaction
from onboarder.records.held import LONGEST, unheld
from onboarder.records.tables import store

Proofs = Mapping[Lease, RowMapping]
"""Leases that are still ours, with what is known of their stores."""


class LeaseLost(Exception):
    """Somebody else works on the store now; this worker must not write any more."""


@dataclass(frozen=True, slots=True)
class Release:
    """Letting go of a store: when and in which lane to look next, unless it was triggered meanwhile."""

    lease: Lease
    generation: int
    """As it was when the pass began; another one means that the store was triggered since."""
    due_at: datetime | None
    lane: Lane
    values: Row


async def take(
    tx: Transaction, wanted: StoreId, *, owner: str, now: datetime, span: timedelta
) -> Lease | None:
    """The lease, or None if the store is not due or somebody alive holds it."""
    return (await take_all(tx, [wanted], owner=owner, now=now, span=span)).get(wanted)


async def take_all(
    tx: Transaction, wanted: Sequence[StoreId], *, owner: str, now: datetime, span: timedelta
) -> dict[StoreId, Lease]:
    """The leases of those stores that are due and that nobody alive holds."""
    until = now + span
    asked = {"ids": wanted, "by": owner, "now": now, "until": until, "latest": now + LONGEST}
    taken = await tx.execute(_TAKE, asked)
    return {StoreId(one): Lease(StoreId(one), owner, int(token), until) for one, token in taken}


async def prove(tx: Transaction, leases: Collection[Lease]) -> Proofs:
    """Those of the leases that nobody has taken from us."""
    there = await lock(tx, [one.store_id for one in leases])
    return {
        one: there[one.store_id]
        for one in leases
        if one.store_id in there and there[one.store_id]["lease_token"] == one.token
    }


async def lock(tx: Transaction, ids: Sequence[StoreId]) -> dict[StoreId, RowMapping]:
    """What decides about leases and days, of the stores that there are; nobody else changes them until the end."""
    found = await tx.execute(_LOCK, {"ids": ids})
    return {StoreId(row["id"]): row for row in found.mappings()}


async def hold(
    tx: Transaction, lease: Lease, *, until: datetime, now: datetime, values: Row | None = None
) -> None:
    """Prolong the lease and write store values with it; `LeaseLost` if it is no longer ours."""
    if not await prolong(
        tx, [(lease, values or {})], await prove(tx, [lease]), until=until, now=now
    ):
        raise LeaseLost(lease.store_id)


async def prolong(
    tx: Transaction,
    held: Sequence[tuple[Lease, Row]],
    proofs: Proofs,
    *,
    until: datetime,
    now: datetime,
) -> set[Lease]:
    """Prolong leases and write values to their stores; those that are still ours and were not handed back."""
    ours = {one for one in proofs if proofs[one]["lease_until"] is not None}
    rows = [
        (one.store_id, {"lease_until": until, **days.of_a_store(values, proofs[one], now)})
        for one, values in held
        if one in ours
    ]
    await _write(tx, rows)
    return ours


async def release(tx: Transaction, one: Release, *, now: datetime) -> bool:
    """Let go; True if triggered meanwhile, then it is due at once. `LeaseLost` if it is no longer ours."""
    proofs = await prove(tx, [one.lease])
    if one.lease not in proofs:
        raise LeaseLost(one.lease.store_id)
    return bool(await release_all(tx, [one], proofs, now=now))


async def release_all(
    tx: Transaction, releases: Sequence[Release], proofs: Proofs, *, now: datetime
) -> set[Lease]:
    """Let go of stores whose leases are proved; those that were triggered meanwhile, and so are due at once."""
    moved = {one.lease for one in releases if proofs[one.lease]["generation"] != one.generation}
    rows: list[tuple[StoreId, Row]] = []
    for one in releases:
        again = one.lease in moved
        following = {
            "due_at": now if again else one.due_at,
            "lane": proofs[one.lease]["lane"] if again else one.lane,
        }
        nobody = {"lease_owner": None, "lease_until": None}
        rows.append((one.lease.store_id, {**nobody, **following, **one.values}))
    await _write(tx, rows)
    return moved


def free(now: datetime) -> ColumnElement[bool]:
    """Leased to nobody, or to somebody who fell silent."""
    return unheld(store.c.lease_until, now, now + LONGEST)


async def _write(tx: Transaction, rows: Iterable[tuple[StoreId, Row]]) -> None:
    """Rows with the same columns share a statement."""
    alike: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    for where, values in rows:
        alike[tuple(sorted(values))].append({**values, "which": where})
    for some in alike.values():
        await tx.execute(_WRITE, some)


def _taking(which: ColumnElement[bool]) -> Update:
    return (
        update(store)
        .where(store.c.id.in_(IDS), which, store.c.due_at <= _NOW)
        .values(
            lease_owner=bindparam("by"),
            lease_until=bindparam("until"),
            lease_token=store.c.lease_token + 1,
            starts=store.c.starts + 1,
        )
        .returning(store.c.id, store.c.lease_token)
    )


_NOW: BindParameter[datetime] = bindparam("now", type_=store.c.due_at.type)
_LATEST: BindParameter[datetime] = bindparam("latest", type_=store.c.due_at.type)
_TAKE = _taking(unheld(store.c.lease_until, _NOW, _LATEST))
_LOCK = (
    select(
        *(store.c[name] for name in ("id", "lease_token", "lease_until", "generation", "lane")),
        *(store.c[name] for name in days.DECIDE_OF_A_STORE),
    )
    .where(store.c.id.in_(IDS))
    .order_by(
        store.c.id
    )  # in one order, so that two who lock the same stores wait instead of blocking each other
    .with_for_update()
)
_WRITE = update(store).where(store.c.id == bindparam("which"))

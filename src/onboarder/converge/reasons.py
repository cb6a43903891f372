"""Tasks last as long as their reason: what a pass knows decides which of a store's tasks still have one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from onboarder.connector.errors import ActionNeeded
from onboarder.converge.failures import PARKED
from onboarder.converge.pass_records import fresh_record
from onboarder.converge.session import Session
from onboarder.model.ids import Reference
from onboarder.model.recorded import ListingRecord
from onboarder.model.shop import ListingState
from onboarder.records.tasks import OpenTask
from onboarder.rules.standing import REJECTED

LASTING = ("store.", "consent.")
"""Families of codes about a store whose reason can outlast a pass that went well."""


async def report_faults(session: Session) -> None:
    """Products that cannot go there as they are become tasks. Safe to repeat."""
    faults = session.wanted.faults
    if not faults:
        return
    async with session.commit() as tx:
        for reference, advice in faults.items():
            name = session.title(reference)
            said = replace(advice, id=f"{name}: {advice.id}", en=f"{name}: {advice.en}")
            await session.ask(tx, said, subject=fresh_record(session, reference).id)


def answered(session: Session, there: Sequence[OpenTask], *, well: bool) -> list[int]:
    """Of the open tasks those whose reason is gone; those about the store itself only after a pass that went `well`.

    Tasks about the store's standing and about drifts are closed by the look that finds the reason gone, those about the
    merchant's consent by the consent.
    """
    standing = _reasons(session)
    return [
        one.id
        for one in there
        if not one.subject.startswith("drift:")
        and (one.subject, one.code) not in standing
        and (one.subject != session.store.id or (well and not one.code.startswith(LASTING)))
    ]


def _reasons(session: Session) -> set[tuple[str, str]]:
    """Subject and code of every task about a listing that still has its reason."""
    wanted = session.wanted
    found = {
        (str(fresh_record(session, reference).id), advice.code)
        for reference, advice in wanted.faults.items()
    }
    for record in session.work.listings.values():
        content = wanted.listings.get(Reference(record.reference))
        if record.state is ListingState.REJECTED:
            found.add((record.id, REJECTED))
        held_by = _held_by(record, session.now)
        if held_by is not None:
            found.add((record.id, held_by))
        if content is not None and record.refused(content) and record.failure:
            found |= {(record.id, record.failure.code), (record.id, PARKED.code)}
    return found


def _held_by(record: ListingRecord, now: datetime) -> str | None:
    """Code of what a person must do before the listing is tried again, later than now; None if it waits for nobody."""
    failure, until = record.failure, record.not_before or now
    if failure is None or failure.kind != ActionNeeded.__name__ or until <= now:
        return None
    return failure.code

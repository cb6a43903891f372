"""Putting the outcome of a remote write on record: the intent's end, the listing as it is now, and whom to ask."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

from onboarder.connector.advice import UNREADABLE
from onboarder.connector.contract import CreateOutcome
from onboarder.connector.errors import (
    ActionNeeded,
    Gone,
    MarketplaceError,
    OutcomeUnknown,
    Rejected,
    Unsupported,
)
from onboarder.converge import agreed
from onboarder.converge.failures import PARKED, PERSON_WAIT, failure
from onboarder.converge.pass_records import Rest, fresh_record
from onboarder.converge.session import Session
from onboarder.model.ids import PhotoHash, Reference
from onboarder.model.recorded import ListingRecord
from onboarder.model.shop import ListingContent, ListingState, ObservedListing
from onboarder.model.work import IntentState
from onboarder.records import runs, writes
from onboarder.records.database import Transaction

MOST_ATTEMPTS = 6
"""Lost answers for one listing after which it is parked for an operator."""


async def record_creates(
    session: Session,
    contents: Sequence[ListingContent],
    intents: Sequence[str],
    outcomes: Mapping[Reference, CreateOutcome],
) -> list[MarketplaceError | None]:
    """What became of each create, in order; what the answer does not mention is in doubt."""
    ends = {
        intent: outcomes.get(content.reference) or _missing(content.reference)
        for content, intent in zip(contents, intents, strict=True)
    }
    created = {
        intent: _created(session, content, outcome)
        for content, (intent, outcome) in zip(contents, ends.items(), strict=True)
        if isinstance(outcome, ObservedListing)
    }
    failed = [
        (intent, known_record(session, content.reference), content, outcome)
        for content, (intent, outcome) in zip(contents, ends.items(), strict=True)
        if not isinstance(outcome, ObservedListing)
    ]

    async def with_failures(tx: Transaction) -> None:
        for intent, record, content, error in failed:
            await _fail(session, tx, intent, record=record, content=content, error=error)

    lived = not all(is_held(error) for *_, error in failed) or bool(created)
    await _succeed(session, created, with_failures if failed else None, progress=lived)
    return [None if isinstance(one, ObservedListing) else one for one in ends.values()]


async def record_success(session: Session, intent: str, fresh: ListingRecord) -> None:
    """The write happened, and this is the listing now."""
    await _succeed(session, {intent: fresh}, None)


async def record_withheld(session: Session, intent: str, seen: ListingRecord) -> None:
    """The write was not sent, because the merchant has changed the same fields; the night asks who is right."""
    async with session.commit(progress=True) as tx:
        await session.save(tx, seen)
        await writes.conclude(tx, [intent], IntentState.ABSENT, now=session.now)


async def record_failure(
    session: Session,
    intent: str,
    record: ListingRecord,
    content: ListingContent | None,
    error: MarketplaceError,
) -> None:
    """The write of that content failed, or nobody knows."""
    async with session.commit(progress=not is_held(error)) as tx:
        await _fail(session, tx, intent, record=record, content=content, error=error)


async def record_end(session: Session, intents: Sequence[str], error: MarketplaceError) -> None:
    """How writes ended that concern no single listing's content."""
    async with session.commit(progress=True) as tx:
        await _conclude(session, tx, intents, error)


async def record_refused_photo(session: Session, photo: PhotoHash, error: MarketplaceError) -> None:
    """A photo that is refused holds back the listings that still need it, and no others."""
    async with session.commit(progress=True) as tx:
        for content in session.wanted.listings.values():
            record = known_record(session, content.reference)
            there = record.applied is not None and photo in record.applied.photos
            if photo in content.photos and not there:
                await session.save(tx, _failed(session, record, content, error))
                await _ask_about(session, tx, record, content, error)


def known_record(session: Session, reference: Reference) -> ListingRecord:
    """The listing as this pass knows it by now."""
    return session.record(reference) or fresh_record(session, reference)


def is_final(error: MarketplaceError) -> bool:
    """Whether the same content would be refused again."""
    return isinstance(error, Rejected | Unsupported)


def is_held(error: MarketplaceError) -> TypeGuard[ActionNeeded]:
    """Whether this one listing waits for a person and is then tried again."""
    return isinstance(error, ActionNeeded) and error.one_listing


def _missing(reference: Reference) -> OutcomeUnknown:
    return OutcomeUnknown(UNREADABLE, reference=reference, detail="missing from the batch's answer")


def _created(session: Session, content: ListingContent, shown: ObservedListing) -> ListingRecord:
    settled = session.now + session.manifest.settle
    record = known_record(session, content.reference)
    return agreed.created(record, content, shown, now=session.now, settled=settled)


async def _succeed(
    session: Session,
    done: Mapping[str, ListingRecord],
    rest: Rest | None,
    *,
    progress: bool = True,
) -> None:
    """Intents and the listings they led to; drifts whose repair this was are repaired."""
    repaired = {
        fresh.reference: fields
        for fresh in done.values()
        if (fields := known_record(session, fresh.reference).repairs - fresh.repairs)
    }

    async def with_repairs(tx: Transaction) -> None:
        for reference, fields in repaired.items():
            await runs.close_drifts(tx, session.store.id, reference, fields)
        if rest is not None:
            await rest(tx)

    await session.write(
        progress=progress,
        done=list(done),
        listings=list(done.values()),
        rest=with_repairs if repaired else rest,
    )


async def _fail(
    session: Session,
    tx: Transaction,
    intent: str,
    *,
    record: ListingRecord,
    content: ListingContent | None,
    error: MarketplaceError,
) -> None:
    await _conclude(session, tx, [intent], error)
    await session.save(tx, _failed(session, record, content, error))
    await _ask_about(session, tx, record, content, error)


async def _conclude(
    session: Session, tx: Transaction, intents: Sequence[str], error: MarketplaceError
) -> None:
    """Only a lost answer leaves a doubt; every other error says that nothing was changed there."""
    lost = isinstance(error, OutcomeUnknown)
    session.doubtful |= lost
    await writes.conclude(
        tx,
        intents,
        IntentState.UNKNOWN if lost else IntentState.REFUSED,
        now=session.now,
        code=error.advice.code,
        request_id=error.request_id,
        doubt=session.doubt if lost else None,
    )


def _failed(
    session: Session,
    record: ListingRecord,
    content: ListingContent | None,
    error: MarketplaceError,
) -> ListingRecord:
    """The record after an error: refusals are final for this content, doubts and held ones wait, vanished are marked."""
    failed = replace(record, failure=failure(error, session.now))
    digest = content.digest if content is not None else None
    if isinstance(error, Gone) and record.remote_id is not None:
        return replace(failed, state=ListingState.VANISHED)
    if isinstance(error, OutcomeUnknown):
        return replace(
            failed,
            attempts=record.attempts + 1,
            not_before=session.now + session.doubt,
            refused_digest=digest if _parked(record, error) else record.refused_digest,
        )
    if is_held(error):
        return replace(failed, not_before=session.now + (error.look_again or PERSON_WAIT))
    return replace(failed, refused_digest=digest) if is_final(error) else failed


async def _ask_about(
    session: Session,
    tx: Transaction,
    record: ListingRecord,
    content: ListingContent | None,
    error: MarketplaceError,
) -> None:
    parked = _parked(record, error)
    if not (parked or is_final(error) or is_held(error)):
        return
    title = content.title if content is not None else session.title(record.reference)
    said = failure(error, session.now)
    told = replace(
        PARKED if parked else error.advice,
        id=f"{title}: {PARKED.id if parked else said.id}",
        en=f"{title}: {PARKED.en if parked else said.en}",
    )
    await session.ask(tx, told, subject=record.id)


def _parked(record: ListingRecord, error: MarketplaceError) -> bool:
    """Whether this lost answer was one too many."""
    return isinstance(error, OutcomeUnknown) and record.attempts + 1 >= MOST_ATTEMPTS

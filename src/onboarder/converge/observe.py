"""Looking at a store: its state, then all its listings page by page, and what of it differs from our records."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from onboarder.connector.contract import Access, Page
from onboarder.connector.errors import CredentialsExpired, Gone
from onboarder.connector.manifest import Capability
from onboarder.converge import agreed
from onboarder.converge.decisions import Difference, ask_about, policy_for
from onboarder.converge.drift import listing_drifts, store_drifts
from onboarder.converge.pass_records import fresh_record
from onboarder.converge.session import Session
from onboarder.model.ids import Reference, RunId
from onboarder.model.recorded import ListingRecord
from onboarder.model.shop import ListingState, ObservedListing, ObservedStore, StoreState
from onboarder.model.work import Drift, DriftClass, DriftPolicy, IntentKind
from onboarder.records import open_drifts, reviews, runs, tasks
from onboarder.records.database import Transaction
from onboarder.rules.consent import ENDS_SOON, REMIND_BEFORE, ends_soon

MOST_PAGES = 1000
"""A store with more pages than this is answered by a marketplace gone mad."""


def in_review(session: Session) -> bool:
    """Whether something is being decided there: a listing, the store, or the merchant's identity."""
    waiting = any(one.state is ListingState.IN_REVIEW for one in session.work.listings.values())
    return waiting or session.store.state in {StoreState.IN_REVIEW, StoreState.AWAITING_OWNER}


async def observe(session: Session) -> None:
    """Look and record what is seen; for a reconciliation run, record the differences too. Safe to repeat.

    What is seen and what differs go into one transaction: after a crash both are found again. A look counts as one only
    when the last page is on record: what a look cut off in the middle did not see would be created again.
    """
    try:
        await _look(session)
    except CredentialsExpired:
        await note_lost_access(session)
        raise


async def note_lost_access(session: Session) -> None:
    """For a reconciliation run, record that nobody is let in any more, unless that is known. Safe to repeat."""
    store = session.store
    if store.review_run is not None and store.state is not StoreState.AWAITING_OWNER:
        lost = Drift(store.id, DriftClass.AUTHORISATION_LOST, wanted=store.state)
        await _record([], [lost], session, to_the_end=False)


async def _look(session: Session) -> None:
    before = session.store.state
    seen = await store_as_shown(session)
    drifts = store_drifts(session.store.id, before, seen)
    whole = seen is None or not session.manifest.can(Capability.OBSERVE_LISTINGS)
    await _record_store(session, seen, whole=whole)
    if whole:
        await _record([], drifts, session, to_the_end=False)
        return
    shown = await all_listings(session)
    await _adopt_unrecorded(session, shown)
    changed, found = differences(session, shown)
    await _record(changed, drifts + found, session, to_the_end=True)


def differences(
    session: Session, shown: Sequence[ObservedListing]
) -> tuple[list[ListingRecord], list[Drift]]:
    """The records that a look to the last page changes, and how the listings differ."""
    absent = _absent(session, shown)
    drifts = listing_drifts(
        session.store.id, session.wanted.listings, session.work.listings, shown, absent
    )
    return _as_seen(session, shown, absent), drifts


async def store_as_shown(session: Session) -> ObservedStore | None:
    """None as well where the marketplace no longer signs anybody in to it."""
    try:
        return await session.reach(session.connector.observe_store)
    except Gone:
        return None


async def _record(
    records: Sequence[ListingRecord],
    drifts: Sequence[Drift],
    session: Session,
    *,
    to_the_end: bool,
) -> None:
    run = session.store.review_run
    if run is None and not to_the_end:
        return
    looked: dict[str, object] = {"observed_at": session.now} if to_the_end else {}
    async with session.commit(looked) as tx:
        if run is not None:
            await reviews.note_seen(tx, session.store.id, run, now=session.now)
            await _record_drifts(tx, run, drifts, session, to_the_end=to_the_end)
        await session.save(tx, *records)
    await session.reload()


async def _record_drifts(
    tx: Transaction, run: RunId, drifts: Sequence[Drift], session: Session, *, to_the_end: bool
) -> None:
    """One question per difference, however many nights it lasts; a question whose difference is gone is closed."""
    asked = {_likeness(one): one.id for one in await open_drifts.asked(tx, session.store.id)}
    found: list[tuple[Drift, DriftPolicy, str]] = []
    for one in drifts:
        number = asked.pop(_likeness(one), None)
        found.append((one, policy_for(session, one), runs.HELD if number is None else runs.WAITING))
        if number is not None:
            await ask_about(session, tx, number, one)
    await runs.add_drifts(tx, run, found)
    if to_the_end:
        await runs.set_outcome(tx, sorted(asked.values()), runs.RESOLVED)
        subjects = {f"drift:{number}" for number in asked.values()}
        gone = [
            one.id for one in await tasks.open_of(tx, session.store.id) if one.subject in subjects
        ]
        await tasks.close(tx, gone, now=session.now)


def _likeness(drift: Difference) -> tuple[object, ...]:
    return drift.kind, drift.reference, drift.remote_id, drift.field


async def _record_store(session: Session, seen: ObservedStore | None, *, whole: bool) -> None:
    """`whole`: the look ends here."""
    state = StoreState.VANISHED if seen is None else seen.state
    values: dict[str, object] = {"state": state}
    values |= {"observed_at": session.now} if whole else {}
    if seen is not None:
        values |= {"reason": seen.reason, "complete": seen.complete}
        values |= {"url": seen.url} if seen.url else {}
    until = seen.authorised_until if seen is not None else None
    values |= {"authorised_until": until} if until is not None else {}
    async with session.commit(values) as tx:
        await session.stand(tx, state, seen.reason if seen else None)
        if until is not None:
            await _remind(session, tx, until)
    await session.reload()


async def _remind(session: Session, tx: Transaction, until: datetime) -> None:
    """Keep the task about a consent that ends by itself in step with what the marketplace says."""
    where = session.store.id
    if until - session.now < REMIND_BEFORE:
        await session.ask(tx, ends_soon(where, session.manifest, until))
    else:
        await tasks.settle(tx, where, now=session.now, family=ENDS_SOON)


async def all_listings(session: Session) -> list[ObservedListing]:
    """Every page; a listing that moved between pages while they were read counts once."""
    found: dict[str, ObservedListing] = {}
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await session.reach(partial(page_of_listings, session, cursor))
        found |= {one.remote_id: one for one in page.listings}
        cursor = page.next_cursor
        if cursor is None:
            return list(found.values())
    raise RuntimeError(f"{session.store.id}: more than {MOST_PAGES} pages of listings")


async def page_of_listings(session: Session, cursor: str | None, access: Access) -> Page:
    """One page; None: the first. Safe to repeat."""
    return await session.connector.observe_listings(access, cursor)


async def _adopt_unrecorded(session: Session, shown: Sequence[ObservedListing]) -> None:
    """Listings under our References that we do not remember: adopted before anybody creates them again."""
    now, contents = session.now, session.wanted.listings
    sent = {one.reference for one in session.work.doubts if one.kind is IntentKind.CREATE_LISTING}
    found: dict[Reference, ListingRecord] = {}
    for one in reversed(shown):
        if one.reference is None or one.reference not in contents:
            continue
        record = session.record(one.reference) or fresh_record(session, one.reference)
        if record.remote_id is None:
            found[one.reference] = agreed.adopted(
                record,
                contents[one.reference],
                one,
                now=now,
                just_sent=one.reference in sent and record.baseline is None,
            )
    if found:
        async with session.commit() as tx:
            await session.save(tx, *found.values())


def _absent(session: Session, shown: Sequence[ObservedListing]) -> list[Reference]:
    """Recorded listings that no page shows and that had time to appear."""
    remote_ids = {one.remote_id for one in shown}
    references = {one.reference for one in shown}
    return [
        record.reference
        for record in session.work.listings.values()
        if record.remote_id is not None
        and not _known_gone(record)
        and record.remote_id not in remote_ids
        and record.reference not in references
        and (record.not_before is None or record.not_before <= session.now)
    ]


def _known_gone(record: ListingRecord) -> bool:
    """Whether it was decided already to leave it at that."""
    agreed_gone = record.baseline is None or record.baseline.state is ListingState.VANISHED
    return record.state is ListingState.VANISHED and agreed_gone


def _as_seen(
    session: Session, shown: Sequence[ObservedListing], absent: Sequence[Reference]
) -> list[ListingRecord]:
    """The records that the look changes."""
    there = {one.remote_id for one in shown}
    after: dict[Reference, ListingRecord] = {}
    for one in reversed(shown):
        record = session.record(one.reference) if one.reference else None
        if record is None or (one.remote_id != record.remote_id and record.remote_id in there):
            continue
        after[record.reference] = agreed.observed(record, one, now=session.now)
    for reference in absent:
        record = session.work.listings[reference]
        after[reference] = replace(record, state=ListingState.VANISHED, observed_at=session.now)
    return [one for one in after.values() if _noteworthy(session.work.listings[one.reference], one)]


def _noteworthy(before: ListingRecord, after: ListingRecord) -> bool:
    """Whether anything but the time of the look changed: an unchanged listing costs no write."""
    return replace(before, observed_at=None) != replace(after, observed_at=None)

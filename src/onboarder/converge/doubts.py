"""Settling remote writes whose outcome nobody recorded: look for our Reference, adopt what is there, else wait.

Only after the call's deadline and the marketplace's settle time have passed does absence mean that nothing happened.
"""

from collections.abc import Collection, Mapping
from functools import partial

import structlog

from onboarder.connector.manifest import Capability
from onboarder.converge import agreed
from onboarder.converge.observe import page_of_listings
from onboarder.converge.pass_records import as_opened, fresh_record
from onboarder.converge.session import Session
from onboarder.model.ids import Reference
from onboarder.model.recorded import Doubt, ListingRecord
from onboarder.model.shop import ObservedListing
from onboarder.model.work import IntentKind, IntentState
from onboarder.records import runs, writes
from onboarder.records.database import Transaction

log = structlog.get_logger()

WORTH_A_PAGE = 4
"""For so many listings in doubt a page of the store's listings is read, before they are asked for one by one."""
Paged = Mapping[Reference, ObservedListing | None]
"""Listings in doubt that were looked for on pages; None: the pages show everything but it."""


async def settle_doubts(session: Session) -> None:
    """Look up every write in doubt. Safe to repeat."""
    if not session.work.doubts:
        return
    paged = await _by_page(session)
    for doubt in session.work.doubts:
        match doubt.kind:
            case IntentKind.OPEN_STORE:
                await _look_for_store(session, doubt)
            case IntentKind.CREATE_LISTING:
                await _look_for_listing(session, doubt, paged)
            case IntentKind.COMPLETE_STORE:
                # Completing looks before it creates; all it needs is that the settle time is over.
                await _conclude_absent(session, doubt, over=_is_over(session, doubt))
            case _:
                # Setting absolute values again does no harm: the plan sees what is missing.
                await _conclude(session, doubt, IntentState.ABSENT)
    await session.reload()


async def _look_for_store(session: Session, doubt: Doubt) -> None:
    over = _is_over(session, doubt)
    found = await session.call(lambda: session.connector.find_store(session.wanted.store))
    if found is None:
        await _conclude_absent(session, doubt, over=over)
        return
    sealed = await session.seal(found.credentials)
    async with session.commit(as_opened(found.store), progress=True) as tx:
        await session.adopt_credentials(tx, found.credentials, sealed)
        await session.stand(tx, found.store.state, found.store.reason)
        await _adopted(session, tx, doubt)
    log.info("store.adopted", store=session.store.id)


async def _by_page(session: Session) -> Paged:
    """A batch whose answer was lost leaves many in doubt at once, and a page shows them all.

    Only if few pages show everything that is known, and only new listings: of others a page may not tell all.
    """
    sent = {
        one.reference
        for one in session.work.doubts
        if one.kind is IntentKind.CREATE_LISTING and _never_listed(_record(session, one))
    }
    pages, limits = len(sent) // WORTH_A_PAGE, session.manifest.limits
    known = sum(one.remote_id is not None for one in session.work.listings.values())
    if not session.manifest.can(Capability.OBSERVE_LISTINGS):
        return {}
    if known + len(sent) > pages * limits.page_size:
        return {}
    return await _on_pages(session, sent, pages)


async def _on_pages(session: Session, sent: Collection[Reference], pages: int) -> Paged:
    """The first of each that so many pages show."""
    found: dict[Reference, ObservedListing] = {}
    cursor: str | None = None
    for _ in range(pages):
        page = await session.reach(partial(page_of_listings, session, cursor))
        shown = [one for one in page.listings if one.reference in sent]
        found = {one.reference: one for one in reversed(shown) if one.reference} | found
        cursor = page.next_cursor
        if cursor is None:
            return dict.fromkeys(sent) | found
    return found


async def _shown(
    session: Session, doubt: Doubt, paged: Paged, *, over: bool
) -> ObservedListing | None:
    """What no page shows is asked for by its Reference once its absence would prove something."""
    found = paged.get(doubt.reference)
    if found is None and (over or doubt.reference not in paged):
        return await session.reach(lambda way: session.connector.find_listing(way, doubt.reference))
    return found


async def _look_for_listing(session: Session, doubt: Doubt, paged: Paged) -> None:
    over = _is_over(session, doubt)
    found = await _shown(session, doubt, paged, over=over)
    if found is None:
        await _conclude_absent(session, doubt, over=over)
        return
    content, record = session.wanted.listings.get(doubt.reference), _record(session, doubt)
    settled = (
        agreed.observed(record, found, now=session.now)
        if content is None
        else agreed.adopted(
            record, content, found, now=session.now, just_sent=_never_listed(record)
        )
    )
    async with session.commit(progress=True) as tx:
        await session.save(tx, settled)
        repaired = record.repairs - settled.repairs
        await runs.close_drifts(tx, session.store.id, doubt.reference, repaired)
        await _adopted(session, tx, doubt)
    log.info("listing.adopted", store=session.store.id, reference=doubt.reference)


def _record(session: Session, doubt: Doubt) -> ListingRecord:
    return session.record(doubt.reference) or fresh_record(session, doubt.reference)


def _never_listed(record: ListingRecord) -> bool:
    """Whether the create in doubt is the first: nothing was ever seen on sale that a person could have taken down."""
    return record.baseline is None


async def _adopted(session: Session, tx: Transaction, doubt: Doubt) -> None:
    done = IntentState.DONE
    await writes.conclude(tx, [doubt.intent_id], done, now=session.now, code="adopted")


def _is_over(session: Session, doubt: Doubt) -> bool:
    """Whether a look that begins now proves by what it does not show that nothing happened."""
    return session.now >= doubt.until


async def _conclude_absent(session: Session, doubt: Doubt, *, over: bool) -> None:
    """`over` from before the look: what appeared since it began was not seen."""
    if over:
        await _conclude(session, doubt, IntentState.ABSENT)


async def _conclude(session: Session, doubt: Doubt, state: IntentState) -> None:
    async with session.commit() as tx:
        await writes.conclude(tx, [doubt.intent_id], state, now=session.now)

"""A store that only its owner can open: prepared here, then waiting for the merchant's consent without any call."""

import structlog

from onboarder.connector.manifest import Capability, CredentialKind
from onboarder.converge.apps import choose_app
from onboarder.converge.failures import Next
from onboarder.converge.links import bearer_of, personal_link
from onboarder.converge.reasons import report_faults
from onboarder.converge.session import Session
from onboarder.model.shop import StoreState
from onboarder.records import consent
from onboarder.rules.consent import needed, needed_again

log = structlog.get_logger()


def awaits_consent(session: Session) -> bool:
    """Whether nothing can be called before the merchant has followed the personal link."""
    work, manifest = session.work, session.manifest
    if manifest.credentials is not CredentialKind.CONSENT:
        return False
    if work.store.remote_id is None:
        return not manifest.can(Capability.OPEN_STORE)
    return work.credentials is None or work.credentials.lost_at is not None


async def prepare_draft(session: Session) -> Next:
    """Link, task, and what of the products cannot go there; then the store waits until something changes.

    Safe to repeat: nothing is made twice. `ActionNeeded` if no app of ours has room for the store.
    """
    refused = session.wanted.refusal
    if refused is not None:
        return Next(None, counts=False, ask=refused)
    await choose_app(session)
    await report_faults(session)
    async with session.commit({"state": StoreState.AWAITING_OWNER}) as tx:
        await personal_link(
            tx,
            session.around.vault,
            bearer_of(session.work),
            now=session.now,
            span=session.around.link_span,
        )
    known = session.store.remote_id is not None
    task = (needed_again if known else needed)(session.store.id, session.manifest)
    return Next(None, counts=False, ask=task)


async def note_lost_consent(session: Session, generation: int) -> Next | None:
    """After credentials that only the merchant can give anew: wait for them. None if they may just have been given."""
    if session.manifest.credentials is not CredentialKind.CONSENT:
        return None
    async with session.commit() as tx:
        lost = await consent.lose(tx, session.store.id, generation=generation, now=session.now)
    if not lost:
        return None
    log.info("consent.lost", store=session.store.id)
    return await prepare_draft(session)

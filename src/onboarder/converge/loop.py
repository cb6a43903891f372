"""The one loop: lease a store, settle doubts, look, plan, apply, say when to come back.

A canvasser's trigger, a retry, a changed register and the night all only mark a store due; this is what then happens.
Running it when nothing is to be done changes nothing.
"""

from datetime import timedelta
from enum import StrEnum
from functools import partial

import structlog

from onboarder.connector.budget import in_lane
from onboarder.connector.errors import Advice, CredentialsExpired, MarketplaceError
from onboarder.connector.manifest import CredentialKind
from onboarder.converge.apply import Appliance
from onboarder.converge.aside import put_aside
from onboarder.converge.bound import Bound
from onboarder.converge.decisions import carry_out_decisions
from onboarder.converge.doubts import settle_doubts
from onboarder.converge.draft import awaits_consent, note_lost_consent, prepare_draft
from onboarder.converge.failures import (
    INTERNAL,
    PARKED,
    Next,
    after,
    backoff,
    failure,
    unusable,
)
from onboarder.converge.observe import in_review, note_lost_access, observe
from onboarder.converge.parked import DEADLY, ENDLESS
from onboarder.converge.plan import CompleteStore, OpenStore, Plan, plan
from onboarder.converge.quotas import within_quotas
from onboarder.converge.reasons import answered, report_faults
from onboarder.converge.session import Session
from onboarder.converge.surroundings import Surroundings
from onboarder.model.ids import RunId, StoreId, marketplace_of
from onboarder.model.recorded import Doubt, StoreRecord
from onboarder.model.work import Lane
from onboarder.problems import ConfigProblem
from onboarder.records import reviews
from onboarder.records.clerk import Ending
from onboarder.records.codec import failure_json
from onboarder.records.database import RecordsBusy, Transaction
from onboarder.records.leases import LeaseLost, Release

log = structlog.get_logger()

MOST_STARTS = 8
"""Passes begun without any progress (each ended by the worker's death) after which a store is parked.

With 5, a storm of 200 kills over 2,000 stores parked one that had only been near each time.
"""
MOST_INTERNAL = 5
"""Unexpected errors, passes cut off or vain tries to read a store, in a row, after which it is parked."""
SILENT = 0.95
"""Share of the lease's span after which a pass that wrote nothing is cut off, just before another may take the store."""
SHORTEST_WAIT = timedelta(milliseconds=100)
SOON = timedelta(minutes=5)
"""A store that comes back within this keeps its lane: the person at the stall is still there."""
EARLY = timedelta(seconds=1)
"""After the settle time, for what was sent at its beginning to be over."""
ROUNDS = 4
"""Plans per pass: opening, completing and listing each change what can be planned next."""


class PassEnd(StrEnum):
    """How one pass over a store ended."""

    NOT_OURS = "not_ours"
    """Not due, or another worker holds the lease."""
    DONE = "done"
    AGAIN = "again"
    """Triggered meanwhile: due again at once."""
    UNREADABLE = "unreadable"
    """What is on record about the store means nothing to this release; left as it is and tried again later."""
    LOST = "lost"
    """The lease or the database went away under us; nothing was written after that."""


async def converge(around: Surroundings, store: StoreId, *, owner: str) -> PassEnd:
    """One pass over one store. Never raises for what happens at the marketplace. Safe to repeat at any time."""
    try:
        session = await _begin(around, store, owner)
        if isinstance(session, PassEnd):
            return session
        with (
            in_lane(session.store.lane, store),
            structlog.contextvars.bound_contextvars(store=store),
        ):
            return await _pass(session)
    except (LeaseLost, RecordsBusy) as error:
        log.warning("pass.lost", store=store, why=type(error).__name__)
        return PassEnd.LOST


async def _begin(around: Surroundings, store: StoreId, owner: str) -> Session | PassEnd:
    """The lease and all that is known, or why there is nothing for us to do."""
    if marketplace_of(store) not in around.marketplaces:
        return PassEnd.NOT_OURS
    lease = await around.clerk.lease(store, owner=owner)
    if lease is None:
        return PassEnd.NOT_OURS
    try:
        return Session(around, lease, await around.clerk.load(store))
    except (ValueError, TypeError, LookupError) as error:
        await put_aside(around, lease, error, most=MOST_INTERNAL)
        return PassEnd.UNREADABLE


async def _pass(session: Session) -> PassEnd:
    begun, around = session.store, session.around
    error: MarketplaceError | None = None
    bound = session.bound = Bound(around.pass_span, silent=around.lease_span * SILENT)
    try:
        async with bound:
            following = await _work(session)
    except (LeaseLost, RecordsBusy):
        raise
    except (MarketplaceError, ConfigProblem) as caught:
        error = unusable(caught) if isinstance(caught, ConfigProblem) else caught
        following = await _after(session, error, begun.generation)
        log.info(
            "pass.held", error=type(error).__name__, code=error.advice.code, detail=error.detail
        )
    except Exception as caught:
        log.exception("pass.cut_off" if bound.reached else "pass.failed")
        following = _internal(begun.attempts, session, ENDLESS if bound.reached else PARKED)
        error = MarketplaceError(following.ask or INTERNAL, detail=type(caught).__name__)
    return await _let_go(session, begun, following, error)


async def _work(session: Session) -> Next:
    if session.store.starts > MOST_STARTS:
        return Next(None, counts=True, ask=DEADLY)
    if session.store.withdrawn_at is not None:
        return Next(None, counts=False, ask=None)  # the task came with the withdrawal
    # A missing app is told of before anything is intended.
    session.marketplace.serving(session.store.app)
    if awaits_consent(session):
        await note_lost_access(session)  # a glance may have learned it, which records nothing
        return await prepare_draft(session)
    await settle_doubts(session)
    if _look_needed(session):
        await observe(session)
    refused = session.wanted.refusal
    if refused is not None:
        return Next(None, counts=False, ask=refused)
    await carry_out_decisions(session)
    await report_faults(session)
    return _next_look(session, await _carry_out(session))


async def _carry_out(session: Session) -> Plan:
    """Plan and apply until nothing more can be done now; returns the last plan."""
    appliance = Appliance(session)
    for _ in range(ROUNDS):
        todo = await _todo(session)
        first = [step for step in todo.steps if isinstance(step, OpenStore | CompleteStore)]
        await appliance.apply(first or todo.steps)
        if not first:
            break
        if session.store.observed_at is None:
            # Found, not opened: see what it holds before anything is created in it.
            await observe(session)
    if session.doubtful:
        await session.reload()
    return await _todo(session)


async def _todo(session: Session) -> Plan:
    """What the plan says, within the marketplace's quotas."""
    todo = plan(session.wanted, session.work, session.manifest, session.now)
    return await within_quotas(session, todo)


def _look_needed(session: Session) -> bool:
    """Before anything is planned for an opened store, a look no older than this process and the freshness."""
    if session.store.remote_id is None:
        return False
    seen = session.store.observed_at
    oldest = max(session.now - session.around.fresh_for, session.around.started_at)
    return (
        session.store.review_run is not None or seen is None or seen < oldest or in_review(session)
    )


def _next_look(session: Session, todo: Plan) -> Next:
    """When to come back by ourselves; the night looks at everything anyway."""
    waits = [_until_looked_for(session, doubt) for doubt in session.work.doubts]
    if todo.later is not None:
        waits.append(todo.later - session.now)
    if in_review(session):
        rungs = session.around.look_again
        waits.append(rungs[min(session.store.looks, len(rungs) - 1)])
    if todo.steps:
        # Done without an error and still to do: never simply forgotten.
        waits.append(backoff(session.store.attempts, session.around.random))
    wait = max(min(waits), SHORTEST_WAIT) if waits else None
    settled = not (todo.steps or todo.later or session.work.doubts)
    return Next(wait, counts=bool(todo.steps), ask=None, forgets=settled)


def _until_next(session: Session, following: Next) -> timedelta | None:
    """What is in doubt is looked for while a person is waited for, who has no part in it, unless all work stopped."""
    waits = [_until_looked_for(session, doubt) for doubt in session.work.doubts]
    ahead = [one for one in waits if one > timedelta()]
    stopped = following.parks or session.store.withdrawn_at is not None
    return following.wait if stopped or not following.far_off or not ahead else min(ahead)


def _until_looked_for(session: Session, doubt: Doubt) -> timedelta:
    """What became of a lost answer's write mostly shows soon; again when its absence proves that nothing did."""
    sent = doubt.until - session.doubt
    soon = sent + session.manifest.settle + EARLY
    return (soon if session.now < soon else doubt.until) - session.now


async def _after(session: Session, error: MarketplaceError, generation: int) -> Next:
    attempts, random = session.store.attempts, session.around.random
    kind = session.manifest.credentials
    if isinstance(error, CredentialsExpired) and kind is CredentialKind.CONSENT:
        waiting = await note_lost_consent(session, generation)
        # Triggered meanwhile, perhaps by new consent: the next pass finds out.
        return waiting or Next(backoff(attempts, random), counts=False, ask=None)
    return after(error, attempts, random, our_login=kind is CredentialKind.LOGIN)


async def _let_go(
    session: Session, begun: StoreRecord, following: Next, error: MarketplaceError | None
) -> PassEnd:
    if session.doubtful:
        await session.reload()
    now, wait = session.now, _until_next(session, following)
    values = _tally(session, following, error)
    release = Release(
        session.lease,
        begun.generation,
        due_at=None if wait is None else now + wait,
        lane=session.store.lane if wait is not None and wait <= SOON else Lane.NIGHT,
        values=values,
    )
    asked = begun.review_run if session.store.review_run == begun.review_run else None
    # No reconciliation waits for what only a person can mend, or the marketplace's next day brings.
    given_up = asked if following.far_off else None
    rest = partial(_ask_and_give_up, session, following.ask, given_up)
    gone = partial(answered, session, well=following.forgets)
    moved = await session.around.clerk.end(Ending(release, gone, rest))
    return PassEnd.AGAIN if moved else PassEnd.DONE


async def _ask_and_give_up(
    session: Session, advice: Advice | None, run: RunId | None, tx: Transaction
) -> None:
    """What there is to ask, and which run need not wait."""
    if advice is not None:
        await session.ask(tx, advice)
    if run is not None:
        await reviews.note_seen(tx, session.store.id, run, now=session.now)


def _tally(session: Session, following: Next, error: MarketplaceError | None) -> dict[str, object]:
    """Failures, looks and starts in a row."""
    store = session.store
    kept = 0 if following.forgets else store.attempts
    return {
        "starts": _starts(session, following),
        "attempts": store.attempts + 1 if following.counts else kept,
        "looks": store.looks + (not session.work.doubts) if in_review(session) else 0,
        "failure": None if error is None else failure_json(failure(error, session.now)),
    }


def _starts(session: Session, following: Next) -> int:
    """None, once a pass got through or parked the store, which then begins anew.

    One that only waits for what is in doubt tells nothing, and counts as never begun: it was perhaps lost with a worker
    that this store killed.
    """
    goes_on = following.wait is not None and not session.progressed
    return max(0, session.store.starts - 1) if goes_on and session.work.doubts else 0


def _internal(attempts: int, session: Session, parked: Advice) -> Next:
    """An error of our own: tried again a few times, then parked with an operator's task."""
    if attempts + 1 >= MOST_INTERNAL:
        return Next(None, counts=True, ask=parked)
    return Next(backoff(attempts, session.around.random), counts=True, ask=INTERNAL)

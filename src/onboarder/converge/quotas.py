"""Quotas in the loop: what is over waits for the marketplace's next day, and full apps for their operator."""

from dataclasses import replace
from datetime import datetime, timedelta

from onboarder.connector.manifest import Quotas
from onboarder.converge.apps import choose_app
from onboarder.converge.plan import (
    CreateListing,
    ListingStep,
    OpenStore,
    Plan,
    UploadPhoto,
    photos_sent,
)
from onboarder.converge.session import Session
from onboarder.records import quotas


async def within_quotas(session: Session, todo: Plan) -> Plan:
    """The part of a plan that the quotas leave room for. `ActionNeeded` if no app has a place for a new store."""
    limits, now = session.marketplace.quotas, session.now
    if OpenStore() in todo.steps:
        await choose_app(session)
    if limits.creates_a_day is None:
        return todo
    async with session.around.database.read() as tx:
        if _is_settled(await quotas.opened_at(tx, session.store.id), limits, now):
            return todo
        used = await quotas.creates_since(tx, session.store.id, limits.day_began(now))
    return rationed(todo, limits.creates_a_day - used, limits.next_day(now))


def rationed(todo: Plan, left: int, reset: datetime) -> Plan:
    """The plan with no more than `left` creates; the rest, with the photos only they need, comes after `reset`. Pure."""
    creates = [step for step in todo.steps if isinstance(step, CreateListing)]
    over = creates[max(0, left) :]
    if not over:
        return todo
    kept = [step for step in todo.steps if step not in over]
    sent = {photo for step in kept if isinstance(step, ListingStep) for photo in photos_sent(step)}
    steps = tuple(step for step in kept if not isinstance(step, UploadPhoto) or step.photo in sent)
    later = reset if todo.later is None else min(todo.later, reset)
    return replace(todo, steps=steps, later=later)


def _is_settled(opened: datetime | None, limits: Quotas, now: datetime) -> bool:
    """Whether a store is no longer a new one; one opened on an unknown day is taken to be new."""
    days = limits.new_for_days
    return days is not None and opened is not None and now - opened >= timedelta(days=days)

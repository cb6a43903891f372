"""Plan, approve, run: what a coordinator approved is carried out exactly as it was, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from onboarder.converge.doorbell import Doorbell
from onboarder.converge.orders import lane_for, permitted
from onboarder.converge.outlook import Outlook, outlook
from onboarder.converge.surroundings import Marketplace, Surroundings
from onboarder.model.ids import MarketCode, MarketplaceName, MerchantId, StoreId
from onboarder.model.people import Merchant
from onboarder.model.plans import PlanState, StoreSteps
from onboarder.office.frozen import differences, digest_of, share_of, steps_of
from onboarder.people.roles import Person, Role
from onboarder.records import plans, register, stores, writes
from onboarder.records.database import Transaction
from onboarder.records.plans import PlanRecord
from onboarder.records.usage import used
from onboarder.records.works import works


class PlanWhy(StrEnum):
    """Why a plan is not drawn up, approved or run; the API's codes are the same words."""

    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    NOTHING_CHOSEN = "nothing_chosen"
    """No merchant of the programme is meant."""
    OTHER_DIGEST = "other_digest"
    """The steps that were looked at are not those of this plan."""
    NOT_APPROVED = "not_approved"


class PlanRefused(Exception):
    """What was asked for is not done; nothing has changed."""

    def __init__(self, why: PlanWhy) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose stores are meant, and where: a whole market, or the merchants named."""

    market: MarketCode | None
    merchants: tuple[MerchantId, ...]
    marketplaces: tuple[MarketplaceName, ...]


async def draw_up(around: Surroundings, number: str, chosen: Chosen, *, by: Person) -> PlanRecord:
    """Look at everything that would be done and keep it under this id. Changes nothing else; safe to repeat."""
    _must_coordinate(by)
    async with around.database.write() as tx:
        now = around.clock()
        seen = await _look(tx, around, chosen, now)
        steps = steps_of(seen)
        lane = lane_for(len(steps))
        plan = PlanRecord(
            id=number,
            programme=around.programme.code,
            market=chosen.market,
            merchants=chosen.merchants,
            marketplaces=chosen.marketplaces,
            digest=digest_of(steps),
            state=PlanState.DRAFTED,
            shares=tuple(share_of(replace(one, lane=lane)) for one in seen),
            differences=(),
            made_by=by.id,
            made_at=now,
        )
        await plans.add(tx, plan, steps)
        return await _found(tx, around, number)


async def approve(around: Surroundings, number: str, digest: str, *, by: Person) -> PlanRecord:
    """Approve exactly the steps that `digest` stands for. Safe to repeat."""
    _must_coordinate(by)
    async with around.database.write() as tx:
        now = around.clock()
        done = await plans.approve(tx, around.programme.code, number, digest, by=by.id, now=now)
        plan = await _found(tx, around, number)
        if plan.digest != digest:
            raise PlanRefused(PlanWhy.OTHER_DIGEST)
        if done:
            await _note(tx, plan, "plan.approved", by, now)
    return plan


async def run(around: Surroundings, doorbell: Doorbell, number: str, *, by: Person) -> PlanRecord:
    """Order the approved steps, or stop and say what differs. Carried out once, however often it is asked for.

    The steps are looked at again in the transaction that orders them.
    """
    _must_coordinate(by)
    due: list[StoreId] = []
    async with around.database.write() as tx:
        now = around.clock()
        taken = await plans.take(tx, around.programme.code, number, by=by.id, now=now)
        plan = await _found(tx, around, number)
        if not taken and plan.state is PlanState.DRAFTED:
            raise PlanRefused(PlanWhy.NOT_APPROVED)
        if taken:
            due = await _order_or_stop(tx, around, plan, by, now)
            plan = await _found(tx, around, number)
    lane = lane_for(len(due))
    await doorbell.ring([(one, lane) for one in due])
    return plan


async def _order_or_stop(
    tx: Transaction, around: Surroundings, plan: PlanRecord, by: Person, now: datetime
) -> list[StoreId]:
    chosen = Chosen(plan.market, plan.merchants, plan.marketplaces)
    found = steps_of(await _look(tx, around, chosen, now))
    if digest_of(found) != plan.digest:
        await plans.stop(tx, plan.id, differences(await plans.steps_of(tx, plan.id), found))
        await _note(tx, plan, "plan.stopped", by, now)
        return []
    ordered = await stores.trigger(tx, _pairs(found), lane=lane_for(len(found)), by=by.id, now=now)
    await _note(tx, plan, "plan.ordered", by, now)
    for one in ordered:
        await writes.note(
            tx,
            at=now,
            actor=by.id,
            action="store.ordered",
            subject=one,
            detail={"plan": plan.id},
        )
    return ordered


async def _look(
    tx: Transaction, around: Surroundings, chosen: Chosen, now: datetime
) -> list[Outlook]:
    merchants = await _merchants(tx, around, chosen)
    found: list[Outlook] = []
    for name in chosen.marketplaces:
        marketplace = around.marketplaces.get(name)
        if marketplace is None:
            raise PlanRefused(PlanWhy.NOTHING_CHOSEN)
        found.append(await _outlook(tx, around, marketplace, merchants, now))
    return found


async def _outlook(
    tx: Transaction,
    around: Surroundings,
    marketplace: Marketplace,
    merchants: Sequence[Merchant],
    now: datetime,
) -> Outlook:
    """Whoever does not agree is refused before anything is looked at, as when a single store is ordered."""
    name, manifest = marketplace.name, marketplace.connector.manifest
    asked = await permitted(tx, [one.id for one in merchants], [name])
    refused = [(owner, why) for (owner, _), why in asked if why is not None]
    out = {owner for owner, _ in refused}
    known = ("", *marketplace.apps)
    seen = outlook(
        await works(tx, [one for one in merchants if one.id not in out], name),
        marketplace=name,
        manifest=manifest,
        categories=marketplace.categories,
        programme=around.programme,
        per_second=marketplace.per_second or manifest.requests_per_second,
        now=now,
        quotas=marketplace.quotas,
        apps=known,
        used=await used(tx, name, known, marketplace.quotas, now),
    )
    seen.merchants += len(refused)
    seen.refused += refused
    return seen


async def _merchants(tx: Transaction, around: Surroundings, chosen: Chosen) -> list[Merchant]:
    every: Mapping[MerchantId, Merchant] = await register.merchants(
        tx, around.programme.code, chosen.market
    )
    wanted = chosen.merchants or tuple(every)
    found = [every[one] for one in wanted if one in every]
    if not found or len(found) != len(wanted):
        raise PlanRefused(PlanWhy.NOTHING_CHOSEN)
    return found


async def _found(tx: Transaction, around: Surroundings, number: str) -> PlanRecord:
    plan = await plans.find(tx, around.programme.code, number)
    if plan is None:
        raise PlanRefused(PlanWhy.NOT_FOUND)
    return plan


async def _note(tx: Transaction, plan: PlanRecord, action: str, by: Person, now: datetime) -> None:
    detail: dict[str, object] = {"digest": plan.digest}
    await writes.note(tx, at=now, actor=by.id, action=action, subject=plan.id, detail=detail)


def _must_coordinate(by: Person) -> None:
    if by.role is not Role.COORDINATOR:
        raise PlanRefused(PlanWhy.NOT_ALLOWED)


def _pairs(steps: Sequence[StoreSteps]) -> list[tuple[MerchantId, MarketplaceName]]:
    parts = (one.store.rpartition("@") for one in steps)
    return [(MerchantId(owner), MarketplaceName(name)) for owner, _, name in parts]

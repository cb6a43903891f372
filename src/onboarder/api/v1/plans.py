"""`/plans`: what would be done for a market or a selection, approved by a coordinator, carried out exactly so or not."""

from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, NoReturn

from fastapi import APIRouter, Depends, Path
from pydantic import Field, TypeAdapter

from onboarder.api.premises import Premises
from onboarder.api.v1.bodies import ULID, Page, Sent, Shown, Ulid
from onboarder.api.v1.door import allowed
from onboarder.api.v1.once import Repeatable
from onboarder.api.v1.paging import Paged, moment
from onboarder.api.v1.refusal import Refusal
from onboarder.model.ids import MarketCode, MarketplaceName, MerchantId
from onboarder.model.plans import Difference, PlanState, Share
from onboarder.office import plans as use_case
from onboarder.office.plans import Chosen, PlanRefused, PlanWhy
from onboarder.people.roles import Person, Role
from onboarder.records import plans
from onboarder.records.plans import PlanRecord

Coordinator = Annotated[Person, Depends(allowed(Role.COORDINATOR))]
Office = Annotated[Person, Depends(allowed(Role.COORDINATOR, Role.OPERATOR))]
PlanKey = Annotated[str, Path(pattern=ULID)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@-]{1,64}$", examples=["KNM"])]


class PlanSent(Sent):
    """A whole market, or the merchants named."""

    id: Ulid
    market: Code | None = None
    merchants: Annotated[tuple[Code, ...], Field(max_length=2000)] | None = None
    marketplaces: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]


class ApprovalSent(Sent):
    """`digest`: that of the plan that was looked at."""

    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=["0" * 64])]


class PlanShown(Shown):
    """`digest` stands for every single step. `differences` say why a plan was stopped."""

    id: str
    state: PlanState
    digest: str
    market: str | None
    merchants: list[str]
    marketplaces: list[str]
    stores: int
    products: int
    calls: int
    minutes: float
    refused: int
    shares: list[Share]
    differences: list[Difference]
    made_by: str
    made_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None


def router(premises: Premises) -> APIRouter:
    """`/plans`."""
    made = APIRouter(tags=["plans"])
    _drawing_up(made, premises)
    _carrying_out(made, premises)
    return made


def _drawing_up(made: APIRouter, premises: Premises) -> None:
    around = premises.around

    @made.get("/plans")
    async def newest(who: Office, paging: Paged) -> Page[PlanShown]:
        async with around.database.read() as tx:
            before = _place(paging.after) if paging.after else None
            rows = await plans.newest(tx, who.programme, before=before, limit=paging.most)
        return paging.page(rows, lambda one: f"{one.made_at.isoformat()}|{one.id}", _shown)

    @made.post("/plans", status_code=201)
    async def draw_up(who: Coordinator, sent: PlanSent, once: Repeatable) -> PlanShown:
        """Look, and change nothing."""

        async def work() -> str:
            chosen = Chosen(
                MarketCode(sent.market) if sent.market else None,
                tuple(map(MerchantId, sent.merchants or ())),
                tuple(map(MarketplaceName, sent.marketplaces)),
            )
            if (sent.market is None) == (not sent.merchants):
                raise Refusal("nothing_chosen")
            return (await _answered(use_case.draw_up(around, sent.id, chosen, by=who))).id

        return _shown(await _find(premises, who, await once.do(work)))

    @made.get("/plans/{plan}")
    async def one(plan: PlanKey, who: Office) -> PlanShown:
        return _shown(await _find(premises, who, plan))


def _carrying_out(made: APIRouter, premises: Premises) -> None:
    around = premises.around

    @made.post("/plans/{plan}/approval")
    async def approve(plan: PlanKey, who: Coordinator, sent: ApprovalSent) -> PlanShown:
        """Safe to repeat, without a key."""
        return _shown(await _answered(use_case.approve(around, plan, sent.digest, by=who)))

    @made.post("/plans/{plan}/run")
    async def run(plan: PlanKey, who: Coordinator) -> PlanShown:
        """Order exactly what was approved. Carried out once, however often it is sent; 409 `plan_changed` if it differs."""
        ended = await _answered(use_case.run(around, premises.doorbell, plan, by=who))
        if ended.state is PlanState.STOPPED:
            raise Refusal(
                "plan_changed",
                told={"differences": _PLAIN.dump_python(ended.differences, mode="json")},
            )
        return _shown(ended)


async def _find(premises: Premises, who: Person, wanted: str) -> PlanRecord:
    async with premises.around.database.read() as tx:
        found = await plans.find(tx, who.programme, wanted)
    if found is None:
        raise Refusal("not_found")
    return found


async def _answered(work: Awaitable[PlanRecord]) -> PlanRecord:
    with _refusals():
        return await work


@contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except PlanRefused as refused:
        _refuse(refused.why)


def _refuse(why: PlanWhy) -> NoReturn:
    """The API's codes are the same words."""
    raise Refusal(why) from None


def _place(key: str) -> tuple[datetime, str]:
    at, _, number = key.partition("|")
    return moment(at), number


def _shown(plan: PlanRecord) -> PlanShown:
    shares = plan.shares
    return PlanShown(
        id=plan.id,
        state=plan.state,
        digest=plan.digest,
        market=plan.market,
        merchants=list(plan.merchants),
        marketplaces=list(plan.marketplaces),
        stores=sum(one.stores + one.drafts for one in shares),
        products=sum(one.listings + one.updates + one.withdrawals for one in shares),
        calls=sum(one.calls for one in shares),
        minutes=max((one.minutes for one in shares), default=0.0),
        refused=sum(reason.count for one in shares for reason in one.refused),
        shares=list(shares),
        differences=list(plan.differences),
        made_by=plan.made_by,
        made_at=plan.made_at,
        approved_by=plan.approved_by,
        approved_at=plan.approved_at,
        ended_by=plan.ended_by,
        ended_at=plan.ended_at,
    )


_PLAIN = TypeAdapter(tuple[Difference, ...])

"""`/nights`: the nightly comparisons, with what they found, repaired and left."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from onboarder.api.premises import Premises
from onboarder.api.v1.bodies import Page, Shown
from onboarder.api.v1.door import allowed
from onboarder.api.v1.paging import Paged, moment
from onboarder.api.v1.refusal import Refusal
from onboarder.model.ids import RunId
from onboarder.model.work import RunState
from onboarder.office.nights import NightLine, night
from onboarder.people.roles import Person, Role
from onboarder.records.findings import Finding
from onboarder.records.history import recent_runs
from onboarder.records.runs import RunRecord

MOST_DRIFTS = 1000
Figures = Annotated[Person, Depends(allowed(Role.VIEWER, Role.COORDINATOR, Role.OPERATOR))]
RunKey = Annotated[str, Path(pattern=r"^[0-9T]{1,40}$")]


class RunShown(Shown):
    run: str
    state: RunState
    scope: dict[str, str]
    begun_at: datetime
    ended_at: datetime | None
    stores: int


class LineShown(Shown):
    """One class of drifts in one market."""

    kind: str
    market: str
    found: int
    repaired: int
    adopted: int
    left: int


class DriftShown(Shown):
    store: str
    kind: str
    product: str
    field: str | None
    wanted: str
    observed: str
    outcome: str


class NightShown(RunShown):
    """`drifts` is empty for viewers, and ends after the first thousand."""

    lines: list[LineShown]
    drifts: list[DriftShown]


def router(premises: Premises) -> APIRouter:
    """`/nights`."""
    made, around = APIRouter(tags=["nights"]), premises.around

    @made.get("/nights")
    async def newest(who: Figures, paging: Paged) -> Page[RunShown]:
        del who
        async with around.database.read() as tx:
            before = moment(paging.after) if paging.after else None
            rows = await recent_runs(tx, before=before, limit=paging.most)
        return paging.page(rows, lambda one: one.started_at.isoformat(), _run)

    @made.get("/nights/{run}")
    async def one(run: RunKey, who: Figures) -> NightShown:
        async with around.database.read() as tx:
            seen = await night(tx, who.programme, RunId(run))
        if seen is None:
            raise Refusal("not_found")
        single = () if who.role is Role.VIEWER else seen.found[:MOST_DRIFTS]
        return NightShown(
            **_run(seen.run).model_dump(),
            lines=[_line(line) for line in seen.lines],
            drifts=[_drift(found) for found in single],
        )

    return made


def _run(run: RunRecord) -> RunShown:
    return RunShown(
        run=run.id,
        state=run.state,
        scope=run.scope,
        begun_at=run.started_at,
        ended_at=run.ended_at,
        stores=run.stores,
    )


def _line(line: NightLine) -> LineShown:
    return LineShown(
        kind=line.kind,
        market=line.market,
        found=line.found,
        repaired=line.repaired,
        adopted=line.adopted,
        left=line.left,
    )


def _drift(found: Finding) -> DriftShown:
    drift = found.drift
    return DriftShown(
        store=drift.store_id,
        kind=drift.kind,
        product=found.product,
        field=drift.field,
        wanted=drift.wanted,
        observed=drift.observed,
        outcome=drift.outcome,
    )

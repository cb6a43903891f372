"""Plans that coordinators approve. A plan is carried out at most once, whoever presses and however often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Select, select, update

from onboarder.model.ids import MarketCode, MarketplaceName, MerchantId, ProgrammeCode
from onboarder.model.plans import Difference, PlanState, Share, StoreSteps
from onboarder.records.codec import reader
from onboarder.records.database import Transaction, insert_new
from onboarder.records.office_tables import approved_plan


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A plan for a market, or for the merchants named; `digest` stands for every one of its steps."""

    id: str
    programme: ProgrammeCode
    market: MarketCode | None
    merchants: tuple[MerchantId, ...]
    marketplaces: tuple[MarketplaceName, ...]
    digest: str
    state: PlanState
    shares: tuple[Share, ...]
    differences: tuple[Difference, ...]
    made_by: str
    made_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None


async def add(tx: Transaction, plan: PlanRecord, steps: Sequence[StoreSteps]) -> None:
    """Keep a plan; one with that id stays as it is. Safe to repeat."""
    row = {name: getattr(plan, name) for name in PlanRecord.__slots__}
    lists = {
        "merchants": list(plan.merchants),
        "marketplaces": list(plan.marketplaces),
        "shares": _SHARES.dump_python(plan.shares, mode="json"),
        "differences": _DIFFERENCES.dump_python(plan.differences, mode="json"),
        "steps": _STEPS.dump_python(tuple(steps), mode="json"),
    }
    await insert_new(tx, approved_plan, [{**row, **lists}])


async def find(tx: Transaction, programme: ProgrammeCode, wanted: str) -> PlanRecord | None:
    query = _plans(programme).where(approved_plan.c.id == wanted)
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else _read(row)


async def newest(
    tx: Transaction,
    programme: ProgrammeCode,
    *,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[PlanRecord]:
    """Plans, newest first; after a place in that order, made of a plan's time and id."""
    at, number = approved_plan.c.made_at, approved_plan.c.id
    query = _plans(programme).order_by(at.desc(), number.desc()).limit(limit)
    if before is not None:
        query = query.where((at < before[0]) | ((at == before[0]) & (number < before[1])))
    return [_read(row) for row in (await tx.execute(query)).mappings()]


async def steps_of(tx: Transaction, wanted: str) -> tuple[StoreSteps, ...]:
    """Every planned step; KeyError if there is no such plan."""
    query = select(approved_plan.c.steps).where(approved_plan.c.id == wanted)
    row = (await tx.execute(query)).first()
    if row is None:
        raise KeyError(wanted)
    return _STEPS.validate_python(row[0])


async def approve(
    tx: Transaction, programme: ProgrammeCode, wanted: str, digest: str, *, by: str, now: datetime
) -> bool:
    """Approve exactly these steps; False if the plan is another one or not a draft any more."""
    done = await tx.execute(
        update(approved_plan)
        .where(
            approved_plan.c.id == wanted,
            approved_plan.c.programme == programme,
            approved_plan.c.digest == digest,
            approved_plan.c.state == PlanState.DRAFTED,
        )
        .values(state=PlanState.APPROVED, approved_by=by, approved_at=now)
    )
    return bool(done.rowcount)


async def take(
    tx: Transaction, programme: ProgrammeCode, wanted: str, *, by: str, now: datetime
) -> bool:
    """Make an approved plan the ordered one; of any number at once exactly one gets True."""
    done = await tx.execute(
        update(approved_plan)
        .where(
            approved_plan.c.id == wanted,
            approved_plan.c.programme == programme,
            approved_plan.c.state == PlanState.APPROVED,
        )
        .values(state=PlanState.ORDERED, ended_by=by, ended_at=now)
    )
    return bool(done.rowcount)


async def stop(tx: Transaction, wanted: str, differences: Sequence[Difference]) -> None:
    """The plan was taken and is not carried out, for these differences."""
    listed = _DIFFERENCES.dump_python(tuple(differences), mode="json")
    chosen = update(approved_plan).where(approved_plan.c.id == wanted)
    await tx.execute(chosen.values(state=PlanState.STOPPED, differences=listed))


def _plans(programme: ProgrammeCode) -> Select[*tuple[object, ...]]:
    columns = [approved_plan.c[name] for name in PlanRecord.__slots__]
    return select(*columns).where(approved_plan.c.programme == programme)


_SHARES = TypeAdapter(tuple[Share, ...])
_STEPS = TypeAdapter(tuple[StoreSteps, ...])
_DIFFERENCES = TypeAdapter(tuple[Difference, ...])
_read = reader(PlanRecord)

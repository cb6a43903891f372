"""What a reconciliation run found, with the words people know it by."""

from dataclasses import dataclass

from sqlalchemy import select

from onboarder.model.ids import ProgrammeCode, RunId
from onboarder.records.codec import reader
from onboarder.records.database import Transaction
from onboarder.records.runs import DriftRecord
from onboarder.records.tables import drift, merchant, product, run, store


@dataclass(frozen=True, slots=True)
class Finding:
    """A drift with its place in the market and the product's name ('' where it is not about a product of ours)."""

    drift: DriftRecord
    marketplace: str
    market: str
    stall: str
    product: str


async def findings(
    tx: Transaction, wanted: RunId, *, programme: ProgrammeCode | None = None
) -> list[Finding]:
    """The run's drifts in the order found, of one programme or all."""
    query = (
        select(
            *(drift.c[name] for name in DriftRecord.__slots__),
            store.c.marketplace,
            merchant.c.market,
            merchant.c.stall,
            product.c.name.label("product"),
        )
        .select_from(drift)
        .join(store, store.c.id == drift.c.store_id)
        .join(merchant, merchant.c.id == store.c.merchant_id)
        .outerjoin(product, product.c.id == drift.c.reference)
        .where(drift.c.run_id == wanted)
        .order_by(drift.c.id)
    )
    if programme is not None:
        query = query.where(merchant.c.programme == programme)
    return [
        Finding(
            _read_drift(row), row["marketplace"], row["market"], row["stall"], row["product"] or ""
        )
        for row in (await tx.execute(query)).mappings()
    ]


async def latest_runs(tx: Transaction, limit: int = 10) -> list[RunId]:
    """The last runs' ids, newest first."""
    query = select(run.c.id).order_by(run.c.started_at.desc()).limit(limit)
    return [RunId(one) for one in (await tx.execute(query)).scalars()]


_read_drift = reader(DriftRecord)

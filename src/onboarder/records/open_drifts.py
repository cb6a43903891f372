"""Drifts that are still open: a person was asked, or what was decided is to be carried out at the next pass."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from onboarder.model.ids import StoreId
from onboarder.records.database import IDS, Transaction
from onboarder.records.runs import APPROVED, ASKED, DriftRecord, of_known_class, read_drift
from onboarder.records.tables import drift


async def asked(tx: Transaction, where: StoreId) -> list[DriftRecord]:
    """The store's drifts that wait for a person's answer."""
    query = of_known_class().where(drift.c.store_id == where, drift.c.outcome == ASKED)
    return [read_drift(row) for row in (await tx.execute(query)).mappings()]


async def approved(
    tx: Transaction, wanted: Sequence[StoreId]
) -> Mapping[StoreId, Sequence[DriftRecord]]:
    """Those to be carried out, by store and in the order found; of those stores that have any."""
    found: defaultdict[StoreId, list[DriftRecord]] = defaultdict(list)
    for row in (await tx.execute(_APPROVED, {"ids": wanted})).mappings():
        found[StoreId(row["store_id"])].append(read_drift(row))
    return found


_APPROVED = (
    of_known_class()
    .where(drift.c.store_id.in_(IDS), drift.c.outcome == APPROVED)
    .order_by(drift.c.id)
)

"""Stores that do not get on although nobody is asked to do anything: failing again and again, or waiting too long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Text, and_, cast, exists, func, or_, select

from onboarder.model.ids import MarketCode, MerchantId, ProgrammeCode, StoreId
from onboarder.model.shop import StoreState
from onboarder.model.work import Failure, TaskState
from onboarder.records.codec import reader
from onboarder.records.database import Transaction
from onboarder.records.tables import merchant, store, task


@dataclass(frozen=True, slots=True)
class HeldUpStore:
    """A store without an open task. `failure` is its last pass's, None if it only waits; `since` when it was ordered,
    or when the marketplace let us in.
    """

    id: StoreId
    merchant_id: MerchantId
    market: MarketCode
    stall: str
    state: StoreState
    failure: Failure | None
    since: datetime


async def held_up(
    tx: Transaction,
    programme: ProgrammeCode,
    patience: Mapping[StoreState, timedelta],
    *,
    now: datetime,
) -> list[HeldUpStore]:
    """Those that failed, and those in a state for longer than the patience with it, the longest waiting first."""
    since = func.coalesce(store.c.consented_at, store.c.created_at)
    asked = exists().where(task.c.store_id == store.c.id, task.c.state == TaskState.OPEN)
    late = [and_(store.c.state == state, since < now - span) for state, span in patience.items()]
    failing = cast(store.c.failure, Text) != "null"
    columns = [store.c[name] for name in ("id", "merchant_id", "state", "failure")]
    query = (
        select(*columns, merchant.c.market, merchant.c.stall, since.label("since"))
        .join(merchant, merchant.c.id == store.c.merchant_id)
        .where(merchant.c.programme == programme, ~asked, or_(failing, *late))
        .where(store.c.state.in_(StoreState))
        .order_by(since, store.c.id)
    )
    return [_read(row) for row in (await tx.execute(query)).mappings()]


_read = reader(HeldUpStore)

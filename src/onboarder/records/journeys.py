"""How far every merchant has come, and since when: what the office's figures are counted from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum

from sqlalchemy import ColumnElement, RowMapping, Select, Subquery, case, func, select

from onboarder.model.ids import MarketCode, MarketplaceName, ProgrammeCode
from onboarder.model.shop import ListingState, StoreState
from onboarder.records.database import Transaction
from onboarder.records.tables import listing, merchant, store


class Stage(StrEnum):
    """The way of a merchant, in order."""

    REGISTERED = "registered"
    TRAINED = "trained"
    DRAFT = "draft"
    """A store was ordered."""
    CONSENT = "consent"
    """The marketplace let us into the shop: its owner agreed, or it was applied for."""
    OPEN = "open"
    LIVE = "live"
    """The first listing is on sale."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One merchant, without a name. `days` has every stage that was reached; None where nobody knows since when."""

    market: MarketCode
    canvasser: str
    """Who trained the merchant, else who registered them; '' if nobody is known."""
    days: Mapping[Stage, date | None]
    stopped: bool
    """A store was open once, and none is now."""


async def journeys(
    tx: Transaction,
    programme: ProgrammeCode,
    marketplaces: Collection[MarketplaceName],
    zone: tzinfo,
    *,
    practice: bool = False,
) -> list[Journey]:
    """All merchants of the programme; stores on other marketplaces do not count. Days are those of the zone.

    `practice`: those that were invented for practice too.
    """
    query = _ways(programme, marketplaces)
    wanted = query if practice else query.where(merchant.c.practice.is_(False))
    rows = (await tx.execute(wanted)).mappings()
    return [_read(row, zone) for row in rows]


_FROM_THE_REGISTER = "import"
"""Stands for nobody in `merchant.registered_by`."""


def _ways(
    programme: ProgrammeCode, marketplaces: Collection[MarketplaceName]
) -> Select[*tuple[object, ...]]:
    here = store.c.marketplace.in_(sorted(marketplaces))
    shops, goods = _shops(here), _goods(here)
    columns = [one for one in (*shops.c, *goods.c) if one.name != "merchant_id"]
    return (
        select(
            merchant.c.market,
            merchant.c.registered_by,
            merchant.c.registered_at,
            merchant.c.trained_on,
            merchant.c.trained_by,
            *columns,
        )
        .outerjoin(shops, shops.c.merchant_id == merchant.c.id)
        .outerjoin(goods, goods.c.merchant_id == merchant.c.id)
        .where(merchant.c.programme == programme)
        .order_by(merchant.c.id)
    )


def _shops(here: ColumnElement[bool]) -> Subquery:
    return (
        select(
            store.c.merchant_id,
            func.min(store.c.created_at).label("draft_at"),
            func.min(store.c.consented_at).label("consent_at"),
            _any(store.c.remote_id.is_not(None)).label("consent"),
            func.min(store.c.opened_at).label("open_at"),
            _any(store.c.state == StoreState.OPEN).label("open"),
        )
        .where(here)
        .group_by(store.c.merchant_id)
        .subquery()
    )


def _goods(here: ColumnElement[bool]) -> Subquery:
    return (
        select(
            store.c.merchant_id,
            func.min(listing.c.live_at).label("live_at"),
            _any(listing.c.state == ListingState.LIVE).label("live"),
        )
        .join(store, store.c.id == listing.c.store_id)
        .where(here)
        .group_by(store.c.merchant_id)
        .subquery()
    )


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0))


def _read(row: RowMapping, zone: tzinfo) -> Journey:
    registered_by = row["registered_by"]
    known = "" if registered_by == _FROM_THE_REGISTER else registered_by
    days: dict[Stage, date | None] = {Stage.REGISTERED: _day(row["registered_at"], zone)}
    if row["trained_on"] is not None and row["trained_by"] is not None:
        days[Stage.TRAINED] = _day(row["trained_on"], zone)
    if row["draft_at"] is not None:
        days[Stage.DRAFT] = _day(row["draft_at"], zone)
    for stage in (Stage.CONSENT, Stage.OPEN, Stage.LIVE):
        at = row[f"{stage}_at"]
        if at is not None or row[stage]:
            days[stage] = _day(at, zone)
    return Journey(
        market=MarketCode(str(row["market"])),
        canvasser=str(row["trained_by"] or known or ""),
        days=days,
        stopped=Stage.OPEN in days and not row["open"],
    )


def _day(at: object, zone: tzinfo) -> date | None:
    """The day in the zone."""
    match at:
        case datetime():
            return at.astimezone(zone).date()
        case date():
            return at
        case _:
            return None

"""The days on which things came about: written once, when the records first see the state, and never changed."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case

from onboarder.model.shop import ListingState, StoreState
from onboarder.records.codec import Row
from onboarder.records.tables import listing, store


def of_a_store(values: Row, now: datetime) -> Row:
    """The values to write to a store, with the days they bring about.

    What was open or let us in before days were recorded gets none: an unknown day must not look like today.
    """
    days: dict[str, object] = {}
    if values.get("remote_id") is not None:
        fresh = and_(store.c.consented_at.is_(None), store.c.remote_id.is_(None))
        days["consented_at"] = case((fresh, now), else_=store.c.consented_at)
    if values.get("state") == StoreState.OPEN:
        fresh = and_(store.c.opened_at.is_(None), store.c.state != StoreState.OPEN)
        days["opened_at"] = case((fresh, now), else_=store.c.opened_at)
    return {**values, **days}


def of_a_listing(row: Mapping[str, object], now: datetime) -> dict[str, object]:
    """The row to write of a listing, with the day it would bring about: `kept_day` decides whether it does."""
    return {**row, "live_at": now if row["state"] == ListingState.LIVE else None}


def kept_day(state: ColumnElement[str], day: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """Of a listing on record that such a row is written over: the day it went live, unless it goes live only now."""
    fresh = and_(
        state == ListingState.LIVE,
        listing.c.live_at.is_(None),
        listing.c.state != ListingState.LIVE,
    )
    return case((fresh, day), else_=listing.c.live_at)

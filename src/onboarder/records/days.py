"""The days on which things came about: written once, when the records first see the state, and never changed."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, and_, case

from onboarder.model.shop import ListingState, StoreState
from onboarder.records.codec import Row
from onboarder.records.tables import listing

DECIDE_OF_A_STORE = ("state", "remote_id", "consented_at", "opened_at")
"""What must be known of a store before it is written to."""


def of_a_store(values: Row, there: RowMapping, now: datetime) -> Row:
    """The values to write over what is `there`, with the days they bring about.

    What was open or let us in before days were recorded gets none: an unknown day must not look like today.
    """
    brought: dict[str, datetime] = {}
    let_in = values.get("remote_id") is not None and there["remote_id"] is None
    if let_in and there["consented_at"] is None:
        brought["consented_at"] = now
    opens = values.get("state") == StoreState.OPEN and there["state"] != StoreState.OPEN
    if opens and there["opened_at"] is None:
        brought["opened_at"] = now
    return {**values, **brought}


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

# pyright: reportUnknownArgumentType=false
# SQLAlchemy gives JSON columns no type parameter.
"""The tables of consent: personal links, what came back through them, and the marketplaces' messages."""

from sqlalchemy import JSON, Column, ForeignKey, String, Table, Text

from onboarder.records.tables import metadata
from onboarder.records.utc_time import UtcTime

consent_link = Table(
    "consent_link",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("store_id", ForeignKey("store.id"), nullable=False, index=True),
    Column("canvasser", String(64), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)

consent_state = Table(
    "consent_state",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("store_id", ForeignKey("store.id"), nullable=False, index=True),
    Column("canvasser", String(64), nullable=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

webhook_event = Table(
    "webhook_event",
    metadata,
    Column("marketplace", String(32), primary_key=True),
    Column("event_id", String(128), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("stores", JSON, nullable=False),
    Column("received_at", UtcTime, nullable=False),
)

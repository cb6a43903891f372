"""The tables of field work: what merchants agreed to at the stall, sealed identity numbers, uploads in pieces."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from onboarder.records.tables import metadata
from onboarder.records.utc_time import UtcTime

consent_given = Table(
    "consent_given",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("merchant_id", String(64), ForeignKey("merchant.id"), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("marketplace", String(32)),
    Column("text_version", String(16), nullable=False),
    Column("text_digest", String(64), nullable=False),
    Column("given", Boolean, nullable=False),
    Column("read_aloud", Boolean, nullable=False),
    Column("signature", Text),
    Column("at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("by", String(64), nullable=False),
    Index(None, "merchant_id", "recorded_at"),
)
"""Appended only: triggers refuse every change. `at` is the phone's clock, `recorded_at` ours."""

identity = Table(
    "identity",
    metadata,
    Column("merchant_id", String(64), ForeignKey("merchant.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("by", String(64), nullable=False),
)
"""Readable with the merchant's own key alone, and not at all once that is destroyed."""

upload = Table(
    "upload",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("received", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("photo", String(64)),
    Column("created_at", UtcTime, nullable=False),
    Column("touched_at", UtcTime, nullable=False),
    Index(None, "account", "created_at"),
    Index(None, "touched_at"),
)

"""The tables of office work: plans that a coordinator approves, registers that are being brought in."""

from sqlalchemy import JSON, Column, Index, String, Table

from onboarder.records.tables import metadata
from onboarder.records.utc_time import UtcTime

approved_plan = Table(
    "approved_plan",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("programme", String(32), nullable=False),
    Column("market", String(16)),
    Column("merchants", JSON, nullable=False),
    Column("marketplaces", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("shares", JSON, nullable=False),
    Column("steps", JSON, nullable=False),
    Column("differences", JSON, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("approved_by", String(64)),
    Column("approved_at", UtcTime),
    Column("ended_by", String(64)),
    Column("ended_at", UtcTime),
    Index(None, "programme", "made_at"),
)

register_import = Table(
    "register_import",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("programme", String(32), nullable=False),
    Column("state", String(12), nullable=False),
    Column("files", JSON, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("saved_at", UtcTime),
    Index(None, "programme", "made_at"),
)

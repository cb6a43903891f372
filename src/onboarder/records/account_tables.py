# pyright: reportUnknownArgumentType=false
# SQLAlchemy gives columns with a foreign key no type parameter.
"""The tables of people who sign in: accounts, phones being enrolled, sessions, failed tries, answers kept for repeats."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from onboarder.records.tables import metadata
from onboarder.records.utc_time import UtcTime

account = Table(
    "account",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("handle", String(80), nullable=False, unique=True),
    Column("programme", String(32), nullable=False),
    Column("role", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("password", Text),
    Column("totp", Text),
    Column("totp_used", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("disabled_at", UtcTime),
    Index(None, "programme", "id"),
)

account_market = Table(
    "account_market",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("market", String(16), primary_key=True),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

session = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("device", String(26), nullable=False, unique=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("title", String(80), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("idle_until", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("pin", Text),
    Column("pin_tries", Integer, nullable=False, server_default="0"),
    Column("pin_due_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("ended_by", String(64)),
)

attempt = Table(
    "attempt",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("account_id", String(40), primary_key=True),
    Column("key", String(26), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("claim", String(16), nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("made", String(128)),
)

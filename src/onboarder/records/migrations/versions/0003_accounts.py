"""Accounts, enrolments, sessions, failed tries, answers kept for repeats."""

import sqlalchemy as sa
from alembic import op

from onboarder.records.utc_time import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _accounts()
    _sessions()
    op.create_table(
        "attempt",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", UtcTime, nullable=False),
        sa.Column("until", UtcTime, nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(26), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("claim", sa.String(16), nullable=False),
        sa.Column("begun_at", UtcTime, nullable=False),
        sa.Column("made", sa.String(128)),
    )


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("handle", sa.String(80), nullable=False, unique=True),
        sa.Column("programme", sa.String(32), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("totp", sa.Text()),
        sa.Column("totp_used", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("disabled_at", UtcTime),
    )
    op.create_index("ix_account_programme_id", "account", ["programme", "id"])
    op.create_table(
        "account_market",
        sa.Column("account_id", sa.String(40), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("market", sa.String(16), primary_key=True),
    )


def _sessions() -> None:
    op.create_table(
        "enrolment",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column(
            "account_id", sa.String(40), sa.ForeignKey("account.id"), nullable=False, index=True
        ),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("used_at", UtcTime),
    )
    op.create_table(
        "session",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("device", sa.String(26), nullable=False, unique=True),
        sa.Column(
            "account_id", sa.String(40), sa.ForeignKey("account.id"), nullable=False, index=True
        ),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("seen_at", UtcTime, nullable=False),
        sa.Column("idle_until", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("pin", sa.Text()),
        sa.Column("pin_tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("pin_due_at", UtcTime),
        sa.Column("ended_at", UtcTime),
        sa.Column("ended_by", sa.String(64)),
    )

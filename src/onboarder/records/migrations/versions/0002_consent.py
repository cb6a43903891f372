"""Consent: credentials that are renewed once, personal links, the marketplaces' messages."""

import sqlalchemy as sa
from alembic import op

from onboarder.records import consent_tables as tables
from onboarder.records.utc_time import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ADDED = (tables.consent_link, tables.consent_state, tables.webhook_event)


def upgrade() -> None:
    for column in (
        sa.Column("renewable_until", UtcTime),
        sa.Column("renew_by", UtcTime),
        sa.Column("generation", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("renewer", sa.String(80)),
        sa.Column("renewer_until", UtcTime),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("lost_at", UtcTime),
    ):
        op.add_column("credential", column)
    op.add_column("store", sa.Column("authorised_until", UtcTime))
    present = sa.text("remote_id IS NOT NULL")
    op.create_index(
        "uq_store_remote",
        "store",
        ["marketplace", "remote_id"],
        unique=True,
        sqlite_where=present,
        postgresql_where=present,
    )
    for table in ADDED:
        table.create(op.get_bind())

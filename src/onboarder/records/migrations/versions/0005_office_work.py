"""Office work: approved plans, registers being brought in, the days on which things came about."""

import sqlalchemy as sa
from alembic import op

from onboarder.records.utc_time import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was open or live before stays without a day: nobody recorded it."""
    op.add_column("store", sa.Column("consented_at", UtcTime))
    op.add_column("store", sa.Column("opened_at", UtcTime))
    op.add_column("listing", sa.Column("live_at", UtcTime))
    op.create_table(
        "approved_plan",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("programme", sa.String(32), nullable=False),
        sa.Column("market", sa.String(16)),
        sa.Column("merchants", sa.JSON(), nullable=False),
        sa.Column("marketplaces", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_at", UtcTime, nullable=False),
        sa.Column("approved_by", sa.String(64)),
        sa.Column("approved_at", UtcTime),
        sa.Column("ended_by", sa.String(64)),
        sa.Column("ended_at", UtcTime),
        sa.PrimaryKeyConstraint("id", name="pk_approved_plan"),
    )
    op.create_index("ix_approved_plan_programme_made_at", "approved_plan", ["programme", "made_at"])
    op.create_table(
        "register_import",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("programme", sa.String(32), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_at", UtcTime, nullable=False),
        sa.Column("saved_at", UtcTime),
        sa.PrimaryKeyConstraint("id", name="pk_register_import"),
    )
    op.create_index(
        "ix_register_import_programme_made_at", "register_import", ["programme", "made_at"]
    )

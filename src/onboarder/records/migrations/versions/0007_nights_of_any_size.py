"""Nights of any size: a run hands its stores out in shares, and a store says when a run last looked at it."""

import sqlalchemy as sa
from alembic import op

from onboarder.records.utc_time import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A run under way has marked its stores already: it has nothing to hand out."""
    op.add_column("store", sa.Column("reviewed_at", UtcTime))
    op.add_column("run", sa.Column("known", sa.JSON()))
    op.add_column("run", sa.Column("handed_to", sa.String(96)))
    op.add_column("run", sa.Column("handed_at", UtcTime))
    op.add_column("run", sa.Column("handed", sa.Integer(), nullable=False, server_default="0"))

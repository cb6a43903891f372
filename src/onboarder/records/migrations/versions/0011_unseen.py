"""How many stores a reconciliation did not get to look at. An older release leaves it at none."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("unseen", sa.Integer(), nullable=False, server_default="0"))

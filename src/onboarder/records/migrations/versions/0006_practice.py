"""Merchants that people invented for practice are marked, so that no figure counts them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whoever is on record already is real."""
    op.add_column(
        "merchant", sa.Column("practice", sa.Boolean(), nullable=False, server_default=sa.false())
    )

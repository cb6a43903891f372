"""The app that a store was given to. An older release leaves it open, which means the marketplace's first."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("store", sa.Column("app", sa.String(32)))

"""Each marketplace's due stores by themselves: every sweep looks for those of one."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_store_due_of",
        "store",
        ["marketplace", "lane", "due_at"],
        sqlite_where=DUE,
        postgresql_where=DUE,
    )
    op.drop_index("ix_store_due", "store")

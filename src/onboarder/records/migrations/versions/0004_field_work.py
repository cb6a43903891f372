"""Field work: consents given at the stall, uploads, sealed identity numbers, answers kept for repeats."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""

"""Field work: consents given at the stall, sealed identity numbers, uploads in pieces."""

import sqlalchemy as sa
from alembic import op

from onboarder.records.utc_time import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STAYS = "what was agreed to is appended only"


def upgrade() -> None:
    """Merchants that are there came by an import, as long ago as they were last changed."""
    op.add_column(
        "merchant",
        sa.Column("registered_by", sa.String(64), nullable=False, server_default="import"),
    )
    op.add_column("merchant", sa.Column("registered_at", UtcTime))
    op.add_column("merchant", sa.Column("device", sa.String(64)))
    op.execute("UPDATE merchant SET registered_at = changed_at")
    op.create_index("ix_merchant_phone", "merchant", ["phone"])
    in_the_field = sa.text("registered_by != 'import'")
    op.create_index(
        "uq_merchant_field",
        "merchant",
        ["register_key"],
        unique=True,
        sqlite_where=in_the_field,
        postgresql_where=in_the_field,
    )
    op.add_column("store", sa.Column("withdrawn_at", UtcTime))
    _consents()
    _identities()
    _uploads()
    _keep_consents()


def _consents() -> None:
    op.create_table(
        "consent_given",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("merchant_id", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("marketplace", sa.String(32)),
        sa.Column("text_version", sa.String(16), nullable=False),
        sa.Column("text_digest", sa.String(64), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("read_aloud", sa.Boolean(), nullable=False),
        sa.Column("signature", sa.Text()),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("recorded_at", UtcTime, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name="fk_consent_given_merchant_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_consent_given"),
    )
    op.create_index(
        "ix_consent_given_merchant_id_recorded_at", "consent_given", ["merchant_id", "recorded_at"]
    )


def _identities() -> None:
    op.create_table(
        "identity",
        sa.Column("merchant_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcTime, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name="fk_identity_merchant_id"),
        sa.PrimaryKeyConstraint("merchant_id", "kind", name="pk_identity"),
    )


def _uploads() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("photo", sa.String(64)),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("touched_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
    )
    op.create_index("ix_upload_account_created_at", "upload", ["account", "created_at"])
    op.create_index("ix_upload_touched_at", "upload", ["touched_at"])


def _keep_consents() -> None:
    """Neither an update nor a delete reaches a consent, whoever sends it."""
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER consent_given_no_{event.lower()} BEFORE {event} ON consent_given "
                f"BEGIN SELECT RAISE(ABORT, '{STAYS}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION consent_given_stays() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{STAYS}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER consent_given_no_change BEFORE UPDATE OR DELETE ON consent_given "
        "FOR EACH ROW EXECUTE FUNCTION consent_given_stays()"
    )

# pyright: reportUnknownArgumentType=false
# SQLAlchemy gives JSON columns no type parameter.
"""The tables. Times are UTC; money is whole rupiah; JSON columns hold one model value each, always read whole."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

from onboarder.records.utc_time import UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

canvasser = Table(
    "canvasser",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("programme", String(32), nullable=False),
)

merchant = Table(
    "merchant",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("programme", String(32), nullable=False),
    Column("market", String(16), nullable=False),
    Column("register_key", String(128), nullable=False),
    Column("name", String(200), nullable=False),
    Column("shop_name", String(200), nullable=False),
    Column("stall", String(100), nullable=False),
    Column("phone", String(20)),
    Column("email", String(200)),
    Column("goods", String(200), nullable=False),
    Column("trained_on", Date),
    Column("trained_by", String(64)),
    Column("changed_at", UtcTime, nullable=False),
    Column("registered_by", String(64), nullable=False, server_default="import"),
    Column("registered_at", UtcTime),
    Column("device", String(64)),
    Column("practice", Boolean, nullable=False, server_default=false()),
    Index(None, "programme", "market"),
    Index(None, "phone"),
    Index(
        "uq_merchant_field",
        "register_key",
        unique=True,
        sqlite_where=text("registered_by != 'import'"),
        postgresql_where=text("registered_by != 'import'"),
    ),
)
"""`register_key`: the register's, or the ULID of a phone that registered in the field. `practice`: of a training."""

product = Table(
    "product",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("merchant_id", ForeignKey("merchant.id"), nullable=False, index=True),
    Column("product_key", String(200), nullable=False),
    Column("name", String(500), nullable=False),
    Column("description", Text, nullable=False),
    Column("category", String(64), nullable=False),
    Column("weight_grams", Integer, nullable=False),
    Column("photos", JSON, nullable=False),
    Column("variants", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("subject", String(160), primary_key=True),
    Column("answer", String(160), nullable=False),
    Column("at", UtcTime, nullable=False),
)

store = Table(
    "store",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("merchant_id", ForeignKey("merchant.id"), nullable=False, index=True),
    Column("marketplace", String(32), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("remote_id", String(128)),
    Column("complete", Boolean, nullable=False),
    Column("reason", Text),
    Column("url", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("observed_at", UtcTime),
    Column("requested_by", String(64), nullable=False),
    Column("failure", JSON),
    Column("attempts", Integer, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("starts", Integer, nullable=False),
    Column("lane", String(8), nullable=False),
    Column("due_at", UtcTime),
    Column("generation", Integer, nullable=False),
    Column("review_run", String(40)),
    Column("reviewed_at", UtcTime),
    Column("lease_owner", String(80)),
    Column("lease_until", UtcTime),
    Column("lease_token", Integer, nullable=False),
    Column("authorised_until", UtcTime),
    Column("withdrawn_at", UtcTime),
    Column("consented_at", UtcTime),
    Column("opened_at", UtcTime),
    Column("app", String(32)),
    Index(None, "marketplace", "state"),
    Index(
        "uq_store_remote",
        "marketplace",
        "remote_id",
        unique=True,
        sqlite_where=text("remote_id IS NOT NULL"),
        postgresql_where=text("remote_id IS NOT NULL"),
    ),
    Index(
        "ix_store_due_of",
        *("marketplace", "lane", "due_at"),
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index(None, "review_run"),
)

credential = Table(
    "credential",
    metadata,
    Column("store_id", ForeignKey("store.id"), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("expires_at", UtcTime),
    Column("renewable_until", UtcTime),
    Column("renew_by", UtcTime),
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("renewer", String(80)),
    Column("renewer_until", UtcTime),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("lost_at", UtcTime),
)

remote_photo = Table(
    "remote_photo",
    metadata,
    Column("store_id", ForeignKey("store.id"), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("key", Text, nullable=False),
)

listing = Table(
    "listing",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("store_id", ForeignKey("store.id"), nullable=False, index=True),
    Column("reference", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("remote_id", String(128)),
    Column("applied", JSON),
    Column("baseline", JSON),
    Column("observed", JSON),
    Column("observed_at", UtcTime),
    Column("reason", Text),
    Column("failure", JSON),
    Column("refused_digest", String(64)),
    Column("attempts", Integer, nullable=False),
    Column("not_before", UtcTime),
    Column("repairs", JSON, nullable=False),
    Column("live_at", UtcTime),
)

intent = Table(
    "intent",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("store_id", ForeignKey("store.id"), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(10), nullable=False),
    Column("lease_token", Integer, nullable=False),
    Column("sent_at", UtcTime, nullable=False),
    Column("doubt_until", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("code", String(80)),
    Column("request_id", String(128)),
    Index(None, "store_id", "state"),
)

task = Table(
    "task",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("store_id", ForeignKey("store.id"), nullable=False, index=True),
    Column("merchant_id", String(64), nullable=False),
    Column("subject", String(160), nullable=False),
    Column("code", String(80), nullable=False),
    Column("who", String(20), nullable=False),
    Column("id_text", Text, nullable=False),
    Column("en_text", Text, nullable=False),
    Column("choices", JSON, nullable=False),
    Column("state", String(8), nullable=False),
    Column("answer", String(20)),
    Column("created_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Index(
        "uq_task_open",
        "subject",
        "code",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

run = Table(
    "run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("scope", JSON, nullable=False),
    Column("requested_by", String(64), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("stores", Integer, nullable=False),
    Column("totals", JSON, nullable=False),
    Column("known", JSON),
    Column("handed_to", String(96)),
    Column("handed_at", UtcTime),
    Column("handed", Integer, nullable=False, server_default="0"),
    Column("unseen", Integer, nullable=False, server_default="0"),
)

drift = Table(
    "drift",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", ForeignKey("run.id"), nullable=False, index=True),
    Column("store_id", String(96), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("reference", String(64)),
    Column("remote_id", String(128)),
    Column("field", String(20)),
    Column("wanted", Text, nullable=False),
    Column("observed", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("policy", String(10), nullable=False),
    Column("outcome", String(10), nullable=False),
    Index(None, "store_id", "outcome"),
)

lock = Table(
    "lock",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
)

worker = Table(
    "worker",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(160), nullable=False, index=True),
    Column("detail", JSON, nullable=False),
)

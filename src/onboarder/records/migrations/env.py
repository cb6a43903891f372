"""Alembic's entry: runs inside the connection that `upgrade` hands over."""

from alembic import context
from sqlalchemy import text

from onboarder.records.tables import metadata

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # Two processes that start together must not migrate together.
    connection.execute(text("SELECT pg_advisory_xact_lock(7364210955)"))
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()

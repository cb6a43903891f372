"""Alembic migrations, run by `onboarder db upgrade` and by themselves on the embedded database."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from onboarder.records.database import Database


async def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision. Safe to repeat; one process at a time does the work."""
    async with database.write() as connection:
        await connection.run_sync(_upgrade)


async def pending(database: Database) -> bool:
    """Whether the schema is older than this release."""
    return await current(database) != newest()


async def current(database: Database) -> str | None:
    """The revision that the database has; None if it is empty."""
    async with database.read() as connection:
        return await connection.run_sync(_current)


def newest() -> str | None:
    """The revision this release needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "onboarder.records:migrations")
    return config


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()

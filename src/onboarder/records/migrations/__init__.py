"""Alembic migrations, run by `onboarder db upgrade` and by themselves on the embedded database.

Alembic is imported only to migrate: every command asks for the revision, and almost none has anything to migrate.
"""

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

from onboarder.records.database import Database

NEWEST = "0011"
"""The revision this release needs: that of the last script in versions/."""


async def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision, however long that takes.

    Safe to repeat; one process at a time does the work.
    """
    if not await pending(database):
        return
    if database.embedded:
        await _bring_up(database)
        return
    patient = Database(database.url, answers=None)
    try:
        await _bring_up(patient)
    finally:
        await patient.aclose()


async def pending(database: Database) -> bool:
    """Whether the schema is not this release's."""
    return await current(database) != NEWEST


async def current(database: Database) -> str | None:
    """The revision that the database has; None if it is empty."""
    async with database.read() as connection:
        return await connection.run_sync(_current)


async def _bring_up(database: Database) -> None:
    async with database.write() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "onboarder.records:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32)))
"""Alembic's own table."""


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION.name):
        return None
    found: str | None = connection.scalar(select(_VERSION.c.version_num))
    return found

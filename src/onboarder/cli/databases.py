"""`onboarder db`: the schema of the records."""

from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import facts
from onboarder.records.database import Database
from onboarder.records.migrations import NEWEST, current, upgrade


async def upgrade_database(desk: Desk) -> int:
    """Bring the schema to this release's. Safe to repeat."""
    async with desk.database() as database:
        before = await current(database)
        await upgrade(database)
        desk.say("db.already" if before == NEWEST else "db.upgraded", revision=NEWEST)
        return await _show(desk, database)


async def database_status(desk: Desk) -> int:
    async with desk.database() as database:
        return await _show(desk, database)


async def _show(desk: Desk, database: Database) -> int:
    have, need = await current(database), NEWEST
    kind = "sqlite" if database.embedded else "postgresql"
    document = {"kind": kind, "schema": have, "needed": need, "up_to_date": have == need}
    words = desk.words
    desk.show(
        document,
        lambda: [
            facts(
                (
                    (words("word.database"), kind),
                    (words("word.schema"), have or words("word.none")),
                    (words("word.needed"), need),
                )
            )
        ],
    )
    if have == need:
        return Exit.DONE
    desk.say("db.behind")
    return Exit.CONFIG

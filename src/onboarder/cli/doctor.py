"""`onboarder doctor`: is everything there to work with, and how to mend what is not."""

from collections.abc import Sequence

from onboarder.application import Application, utc_now
from onboarder.cli.checks import Check, Level, Ward
from onboarder.cli.checks_of_configuration import CONFIGURATION_CHECKS
from onboarder.cli.checks_of_servers import SERVER_CHECKS
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import table
from onboarder.problems import Problem
from onboarder.records.database import Database


async def examine(desk: Desk) -> int:
    """Carry out every check; CONFIG if one fails. Changes nothing."""
    found = await _examine(desk)
    words = desk.words
    header = ["", words("doctor.what"), words("doctor.finding"), words("doctor.mend")]
    rows = [[words(f"doctor.{one.level}"), one.name, one.text, one.mend] for one in found]
    worst = max(one.level.rank for one in found)
    document = {
        "healthy": worst < Level.FAIL.rank,
        "checks": [
            {"check": one.name, "level": one.level, "text": one.text, "mend": one.mend}
            for one in found
        ],
    }
    desk.show(document, lambda: [table(header, rows)])
    desk.say(("doctor.all_well", "doctor.usable", "doctor.ill")[worst])
    return Exit.CONFIG if worst == Level.FAIL.rank else Exit.DONE


async def _examine(desk: Desk) -> list[Check]:
    try:
        settings = desk.settings
    except Problem as problem:
        return [Check.failed(desk.words("doctor.settings"), problem, desk.words)]
    database = Database(settings.database)
    try:
        ward = Ward(desk.words, settings, Application(settings, database), utc_now)
        found: Sequence[Check] = [
            one for check in (*CONFIGURATION_CHECKS, *SERVER_CHECKS) for one in await check(ward)
        ]
        return list(found)
    finally:
        await database.aclose()

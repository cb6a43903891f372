"""`onboarder exit-codes`: what each exit code means."""

from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import table


def exit_codes(desk: Desk) -> int:
    said = [(int(one), one.name.lower(), desk.words(f"exit.{one.name.lower()}")) for one in Exit]
    desk.show(
        [{"exit": code, "name": name, "meaning": meaning} for code, name, meaning in said],
        lambda: [table(["exit", "name", desk.words("word.meaning")], said)],
    )
    return Exit.DONE

"""`onboarder keys`: the ring of keys under which secrets are kept."""

from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import facts
from onboarder.people.vault import open_vault


async def init_keys(desk: Desk) -> int:
    """Make a key ring where there is none; one that is there is left alone. Safe to repeat."""
    path = desk.settings.keys_dir / "keys.json"
    already = path.exists()
    open_vault(desk.settings.keys_dir, create=True)
    desk.say("keys.already" if already else "keys.made", path=path)
    document = {"path": str(path), "made": not already}
    desk.show(document, lambda: [facts(((desk.words("word.key_ring"), str(path)),))])
    return Exit.DONE

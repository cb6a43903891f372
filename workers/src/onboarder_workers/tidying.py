"""Forgetting what nobody needs any more: old messages of marketplaces, links and visits that are over, half sent files,
and what people signed in with.
"""

from datetime import timedelta

import structlog

from onboarder.access.forgetting import forget_old
from onboarder.application import Application
from onboarder.field.left_uploads import forget_left
from onboarder.field.rules import read_field_rules
from onboarder.records import consent, inbox

log = structlog.get_logger()

EVENTS_KEPT = timedelta(days=30)
"""Longer than any marketplace delivers a message again."""
LINKS_KEPT = timedelta(days=30)
"""After their end, so that a late merchant still reads that the link is over."""
HOUR = 3600.0
TIDY_AFTER = 60.0
"""Seconds after a worker's beginning: it takes the only place to write, and work that waits goes first."""


async def tidy(app: Application) -> float:
    """Forget; returns the seconds until the next time. Safe to repeat, and by several processes at once."""
    async with app.database.write() as tx:
        now = app.clock()
        events = await inbox.prune(tx, now - EVENTS_KEPT)
        await consent.prune(tx, now - LINKS_KEPT)
        await forget_old(tx, now)
    files = await _forget_uploads(app)
    if events or files:
        log.info("tidying.done", events=events, uploads=files)
    return HOUR


async def _forget_uploads(app: Application) -> int:
    """How long they are kept stands in config/field/rules.toml."""
    limits = read_field_rules(app.settings.config_dir).uploads
    folder = app.settings.data_dir / "uploads"
    return await forget_left(app.database, folder, limits, app.clock())

"""Forgetting what nobody needs any more: old messages of marketplaces, links and visits that are over."""

from datetime import timedelta

import structlog

from onboarder.application import Application
from onboarder.records import consent, inbox

log = structlog.get_logger()

EVENTS_KEPT = timedelta(days=30)
"""Longer than any marketplace delivers a message again."""
LINKS_KEPT = timedelta(days=30)
"""After their end, so that a late merchant still reads that the link is over."""
HOUR = 3600.0


async def tidy(app: Application) -> float:
    """Forget; returns the seconds until the next time. Safe to repeat, and by several processes at once."""
    async with app.database.write() as tx:
        now = app.clock()
        events = await inbox.prune(tx, now - EVENTS_KEPT)
        await consent.prune(tx, now - LINKS_KEPT)
    if events:
        log.info("tidying.done", events=events)
    return HOUR

"""What is used of a marketplace's quotas now, read for plans."""

from collections.abc import Iterable
from datetime import datetime

from onboarder.connector.manifest import Quotas
from onboarder.model.ids import MarketplaceName, app_key
from onboarder.model.usage import Used
from onboarder.records import apps, quotas
from onboarder.records.database import Transaction


async def used(
    tx: Transaction, name: MarketplaceName, known: Iterable[str], limits: Quotas, now: datetime
) -> Used:
    """Of the marketplace with the apps of those names; nothing is counted that no quota limits."""
    keys = [app_key(name, app) for app in known] if limits.calls_a_day is not None else []
    calls = [await quotas.calls_taken(tx, key, limits.day(now)) for key in keys]
    counts = limits.creates_a_day is not None
    creates = await quotas.all_creates_since(tx, name, limits.day_began(now)) if counts else {}
    limited = limits.stores_per_app is not None
    return Used(
        calls=max(calls, default=0),
        creates=creates,
        places=await apps.places_taken(tx, name),
        waiting=await apps.waiting(tx, name) if limited else frozenset(),
    )

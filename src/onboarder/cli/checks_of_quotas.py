"""Checks of what the marketplaces grant in all: said before it is used up."""

from onboarder.cli.checks import Check, Level, Ward
from onboarder.connector.daily import calls_for
from onboarder.connector.manifest import Quotas
from onboarder.connector.registry import MarketplaceConfig, connector_type
from onboarder.model.work import Lane
from onboarder.problems import Problem
from onboarder.records import quotas
from onboarder.records.apps import places_taken, waiting

WARN_FROM = 0.8
"""Share of a quota from which the operator is told."""


async def quota_checks(ward: Ward) -> list[Check]:
    """Nothing while every quota has room to spare and every store's app is configured."""
    try:
        limits = [
            (config, config.quotas_over(connector_type(config.connector).manifest.quotas))
            for config in ward.app.marketplace_configs.values()
        ]
    except Problem:
        return []  # said by the check of the marketplaces
    return [
        check
        for config, one in limits
        for look in (_calls, _stores, _missing)
        for check in await look(ward, config, one)
    ]


async def _calls(ward: Ward, config: MarketplaceConfig, limits: Quotas) -> list[Check]:
    """Of each app by itself."""
    limit, day = limits.calls_a_day, limits.day(ward.clock())
    if limit is None:
        return []
    async with ward.app.database.read() as tx:
        used = {app.key: await quotas.calls_taken(tx, app.key, day) for app in config.every_app}
    known = {"limit": limit, "night": calls_for(Lane.NIGHT, limit)}
    return [
        ward.found("quotas", Level.WARN, "calls_of_day", marketplace=key, used=calls, **known)
        for key, calls in used.items()
        if calls >= WARN_FROM * limit
    ]


async def _stores(ward: Ward, config: MarketplaceConfig, limits: Quotas) -> list[Check]:
    """Of all apps together: a store is given to whichever has room, and keeps its place for good."""
    if limits.stores_per_app is None:
        return []
    async with ward.app.database.read() as tx:
        places = await places_taken(tx, config.name)
        ordered = len(await waiting(tx, config.name))
    served = sum(places.get(app.name, 0) for app in config.every_app)
    apps = len(config.every_app)
    limit = apps * limits.stores_per_app
    if served + ordered < WARN_FROM * limit:
        return []
    facts = {"marketplace": config.name, "used": served, "limit": limit, "ordered": ordered}
    return [ward.found("quotas", Level.WARN, "stores_of_app", apps=apps, **facts)]


async def _missing(ward: Ward, config: MarketplaceConfig, _: Quotas) -> list[Check]:
    async with ward.app.database.read() as tx:
        places = await places_taken(tx, config.name)
    known = {app.name for app in config.every_app}
    return [
        ward.found("quotas", Level.WARN, "app_missing", marketplace=config.name, app=app, stores=n)
        for app, n in places.items()
        if app not in known
    ]

"""Checks of what the marketplaces grant in all: said before it is used up."""

from onboarder.cli.checks import Check, Level, Ward
from onboarder.connector.manifest import Quotas
from onboarder.connector.registry import connector_type
from onboarder.model.ids import MarketplaceName
from onboarder.problems import Problem
from onboarder.records import quotas

WARN_FROM = 0.8
"""Share of a quota from which the operator is told."""


async def quota_checks(ward: Ward) -> list[Check]:
    """Nothing while every quota has room to spare."""
    try:
        limits = {
            name: config.quotas_over(connector_type(config.connector).manifest.quotas)
            for name, config in ward.app.marketplace_configs.items()
        }
    except Problem:
        return []  # said by the check of the marketplaces
    return [check for name, one in limits.items() for check in await _of(ward, name, one)]


async def _of(ward: Ward, name: MarketplaceName, limits: Quotas) -> list[Check]:
    async with ward.app.database.read() as tx:
        calls = await quotas.calls_taken(tx, name, limits.day(ward.clock()))
        served = await quotas.stores_served(tx, name)
        ordered = await quotas.stores_ordered(tx, name)
    found: list[Check] = []
    if limits.calls_a_day is not None and calls >= WARN_FROM * limits.calls_a_day:
        facts = {"marketplace": name, "used": calls, "limit": limits.calls_a_day}
        found.append(ward.found("quotas", Level.WARN, "calls_of_day", **facts))
    if limits.stores_per_app is not None and served + ordered >= WARN_FROM * limits.stores_per_app:
        limit = limits.stores_per_app
        facts = {"marketplace": name, "used": served, "limit": limit, "ordered": ordered}
        found.append(ward.found("quotas", Level.WARN, "stores_of_app", **facts))
    return found

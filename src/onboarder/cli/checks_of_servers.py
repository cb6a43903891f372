"""Checks of what may be elsewhere: database, Redis, workers, clocks."""

from onboarder.cli.checks import Check, Examination, Level, Ward
from onboarder.cli.checks_of_quotas import quota_checks
from onboarder.cli.wording import harmless
from onboarder.problems import Problem
from onboarder.records import presence
from onboarder.records.health import Health, health
from onboarder.records.progress import Selection, progress
from onboarder.records.strangers import strangers
from onboarder.redis_server import silence

SKEW = 2.0
"""Seconds by which clocks may differ; leases and settle times are longer."""


async def _database(ward: Ward) -> list[Check]:
    found = await health(ward.app.database, ward.clock)
    checks = [_records(ward, found)]
    if found.up_to_date:
        checks += [
            _clock(ward, found),
            await _workers(ward),
            *await _strangers(ward),
            *await quota_checks(ward),
        ]
    return checks


def _records(ward: Ward, found: Health) -> Check:
    embedded = ward.app.database.embedded
    if found.unreachable:
        why = {"kind": found.kind, "why": found.unreachable}
        return ward.found("database", Level.FAIL, "unreachable", **why)
    if found.schema is None and embedded:
        return ward.well("database", ward.words("doctor.database_later", kind=found.kind))
    if not found.up_to_date:
        level = Level.WARN if embedded else Level.FAIL
        facts = {"have": found.schema or "-", "need": found.needed}
        return ward.found("database", level, "behind", **facts)
    if found.unwritable:
        why = {"kind": found.kind, "why": found.unwritable}
        return ward.found("database", Level.FAIL, "read_only", **why)
    took = f"{found.write_seconds * 1000:.0f}"
    return ward.well("database", ward.words("doctor.writable", kind=found.kind, ms=took))


def _clock(ward: Ward, found: Health) -> Check:
    if found.skew_seconds > SKEW:
        return ward.found("clock", Level.FAIL, "skewed", seconds=f"{found.skew_seconds:.0f}")
    return ward.well("clock", f"{ward.clock():%Y-%m-%d %H:%M:%S} UTC")


async def _workers(ward: Ward) -> Check:
    now = ward.clock()
    async with ward.app.database.read() as tx:
        alive = await presence.alive(tx, now)
        waiting = sum(one.busy for one in await progress(tx, Selection(), now))
    if alive:
        return ward.well("workers", ", ".join(one.id for one in alive))
    return ward.found("workers", Level.WARN, "no_worker", waiting=waiting)


async def _strangers(ward: Ward) -> list[Check]:
    """Nothing if all on record means something to this release and configuration."""
    try:
        configured = ward.app.marketplace_configs
    except Problem:
        return []  # said by the check of the marketplaces
    async with ward.app.database.read() as tx:
        found = await strangers(tx, configured)
    if not found:
        return []
    what = ", ".join(f"{word} ({number})" for word, number in sorted(found.items()))
    return [ward.found("records", Level.WARN, "strangers", what=harmless(what))]


async def _redis(ward: Ward) -> list[Check]:
    own = ward.settings.redis_url is not None
    why = await silence(ward.settings)
    if why is None:
        return [
            ward.well("redis", ward.words("doctor.redis_own" if own else "doctor.redis_embedded"))
        ]
    if own:
        return [ward.found("redis", Level.FAIL, "redis_away", why=why)]
    return [ward.well("redis", ward.words("doctor.redis_later"))]


SERVER_CHECKS: tuple[Examination, ...] = (_database, _redis)

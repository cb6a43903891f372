"""Checks of what may be elsewhere: database, Redis, workers, clocks."""

import time
from datetime import UTC, datetime

from redis.exceptions import RedisError
from sqlalchemy import false, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from onboarder.cli.checks import Check, Examination, Level, Ward
from onboarder.records import presence
from onboarder.records.database import RecordsBusy
from onboarder.records.migrations import current, newest
from onboarder.records.progress import Selection, progress
from onboarder.records.tables import lock
from onboarder.redis_server import connect

SKEW = 2.0
"""Seconds by which clocks may differ; leases and settle times are longer."""


async def _database(ward: Ward) -> list[Check]:
    database = ward.app.database
    kind = "sqlite" if database.embedded else "postgresql"
    try:
        have, need = await current(database), newest()
    except (SQLAlchemyError, OSError) as error:
        return [
            ward.found("database", Level.FAIL, "unreachable", kind=kind, why=type(error).__name__)
        ]
    if have != need and not (have is None and database.embedded):
        facts = {"have": have or "-", "need": need}
        level = Level.WARN if database.embedded else Level.FAIL
        return [ward.found("database", level, "behind", **facts)]
    if have is None:
        return [ward.well("database", ward.words("doctor.database_later", kind=kind))]
    return [
        await _writable(ward, kind),
        await _clock(ward),
        await _workers(ward),
    ]


async def _writable(ward: Ward, kind: str) -> Check:
    started = time.perf_counter()
    try:
        async with ward.app.database.write() as tx:
            await tx.execute(update(lock).where(false()).values(owner=lock.c.owner))
    except (RecordsBusy, SQLAlchemyError) as error:
        return ward.found("database", Level.FAIL, "read_only", kind=kind, why=type(error).__name__)
    took = (time.perf_counter() - started) * 1000
    return ward.well("database", ward.words("doctor.writable", kind=kind, ms=f"{took:.0f}"))


async def _clock(ward: Ward) -> Check:
    async with ward.app.database.read() as tx:
        theirs = await tx.scalar(select(func.current_timestamp()))
    if not isinstance(theirs, datetime):
        theirs = datetime.fromisoformat(str(theirs))
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    skew = abs((ward.clock() - theirs).total_seconds())
    if skew > SKEW:
        return ward.found("clock", Level.FAIL, "skewed", seconds=f"{skew:.0f}")
    return ward.well("clock", f"{ward.clock():%Y-%m-%d %H:%M:%S} UTC")


async def _workers(ward: Ward) -> Check:
    now = ward.clock()
    async with ward.app.database.read() as tx:
        alive = await presence.alive(tx, now)
        waiting = sum(one.busy for one in await progress(tx, Selection(), now))
    if alive:
        return ward.well("workers", ", ".join(one.id for one in alive))
    return ward.found("workers", Level.WARN, "no_worker", waiting=waiting)


async def _redis(ward: Ward) -> list[Check]:
    own = ward.settings.redis_url is not None
    async with connect(ward.settings) as redis:
        try:
            await redis.exists("onboarder")
        except (RedisError, OSError) as error:
            if own:
                why = type(error).__name__
                return [ward.found("redis", Level.FAIL, "redis_away", why=why)]
            return [ward.well("redis", ward.words("doctor.redis_later"))]
    return [ward.well("redis", ward.words("doctor.redis_own" if own else "doctor.redis_embedded"))]


SERVER_CHECKS: tuple[Examination, ...] = (_database, _redis)

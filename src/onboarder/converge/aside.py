"""Putting a store aside that this release cannot read: nothing of it is changed, and no session is needed."""

import structlog
from pydantic import ValidationError

from onboarder.converge.failures import backoff
from onboarder.converge.parked import UNREADABLE
from onboarder.converge.surroundings import Surroundings
from onboarder.model.recorded import Lease
from onboarder.model.work import Lane
from onboarder.records import leases, parking, tasks
from onboarder.records.leases import Release

log = structlog.get_logger()


async def put_aside(around: Surroundings, lease: Lease, error: Exception, *, most: int) -> None:
    """Let go of the store: tried again `most` times in all, as a worker of a newer release may come by, then parked."""
    log.error("store.unreadable", store=lease.store_id, why=_described(error))
    async with around.database.write() as tx:
        held, now = await parking.held(tx, lease), around.clock()
        parks = held.attempts + 1 >= most
        if parks:
            await tasks.ask(
                tx,
                where=lease.store_id,
                owner=held.merchant_id,
                subject=lease.store_id,
                advice=UNREADABLE,
                now=now,
            )
        release = Release(
            lease,
            held.generation,
            due_at=None if parks else now + backoff(held.attempts, around.random),
            lane=Lane.NIGHT,
            values={"attempts": held.attempts + 1, "starts": 0}
            | ({"review_run": None, "reviewed_at": now} if parks else {}),
        )
        await leases.release(tx, release, now=now)


def _described(error: Exception) -> str:
    """What could not be read, without the values: they may be personal."""
    if isinstance(error, ValidationError):
        found = error.errors(include_input=False, include_url=False, include_context=False)
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in found)
    return type(error).__name__

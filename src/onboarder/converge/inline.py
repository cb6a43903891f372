"""Working a reconciliation run off in this very process, beside whatever workers there are: the leases keep them apart."""

import asyncio
from collections.abc import Callable

from onboarder.converge.glance import Glances
from onboarder.converge.loop import PassEnd, converge
from onboarder.converge.night import Night
from onboarder.converge.surroundings import Surroundings
from onboarder.model.ids import RunId, StoreId
from onboarder.records import runs
from onboarder.records.runs import RunRecord

PAUSE = 0.5
"""Seconds between looks for due stores, and between pushes of the run."""


async def work_through(
    around: Surroundings,
    night: Night,
    run: RunId,
    *,
    owner: str,
    jobs: int,
    pushed: Callable[[RunRecord, int], None],
) -> RunRecord:
    """Glance at the run's stores, pass over those that are due, at most `jobs` at once each, and push it until it ends.

    `pushed` hears after every push how the run stands and how many stores it still waits for. Safe to begin again
    after an end at any point; `BusyProblem` if another process takes the run over.
    """
    working: dict[StoreId, asyncio.Task[PassEnd]] = {}
    glancing = asyncio.create_task(Glances(around, jobs=jobs).of_the_run_under_way())
    try:
        while True:
            record = await night.advance(run)
            pushed(record, record.waiting + await _waiting(around, run))
            if record.ended_at is not None:
                return record
            if glancing.done():
                glancing.result()  # raises what is an error of ours
            await _work(around, run, working, owner=owner, jobs=jobs)
    finally:
        for task in (glancing, *working.values()):
            task.cancel()
        await asyncio.gather(glancing, return_exceptions=True)
        await asyncio.gather(*working.values(), return_exceptions=True)


async def _work(
    around: Surroundings,
    run: RunId,
    working: dict[StoreId, asyncio.Task[PassEnd]],
    *,
    owner: str,
    jobs: int,
) -> None:
    """Keep the slots filled for one pause."""
    clock = asyncio.get_running_loop().time
    until = clock() + PAUSE
    while (left := until - clock()) > 0:
        for store in await _due(around, run, jobs):
            if store not in working and len(working) < jobs:
                working[store] = asyncio.create_task(converge(around, store, owner=owner))
        if not working:
            await asyncio.sleep(left)
            return
        await asyncio.wait(working.values(), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for store in [one for one, task in working.items() if task.done()]:
            working.pop(store).result()


async def _due(around: Surroundings, run: RunId, jobs: int) -> list[StoreId]:
    async with around.database.read() as tx:
        return await runs.due(
            tx, run, around.clock(), marketplaces=list(around.marketplaces), limit=2 * jobs
        )


async def _waiting(around: Surroundings, run: RunId) -> int:
    async with around.database.read() as tx:
        return await runs.unobserved(tx, run) + await runs.busy(tx, run)

"""A person at a stall while thousands of merchants are queued: how long until the marketplace hears of that store?

`python -m tests.faults.stall_lane [--orders 20]`. The marketplace's own log says when the first call about the store came.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from onboarder.converge.orders import open_stores
from onboarder.model.ids import MerchantId
from onboarder.model.people import Merchant
from onboarder.model.work import Lane
from onboarder_workers.bell import RedisDoorbell, bell_redis
from tests.faults.crowd import a_crowd, calls
from tests.faults.findings import Finding, tell
from tests.faults.first_call import first_call
from tests.support.crew import Crew, eventually, is_so, now
from tests.support.town import REHEARSAL, a_merchant

WAITING = 9_000
MOST_SECONDS = 5.0
PER_SECOND = 20.0
"""Little enough that the night's lane is busy for hours."""


async def stall_lane(folder: Path, orders: int, *, workers: int, waiting: int = WAITING) -> Finding:
    """Orders at the stall, one after the other, while the workers are busy with the night's lane."""
    began = time.monotonic()
    async with a_crowd(
        folder,
        per_second=PER_SECOND,
        workers=workers,
        sweep_seconds=2,
        lease_seconds=30,
        call_deadline_seconds=10,
    ) as crew:
        await crew.order(waiting, 1, lane=Lane.NIGHT)
        await eventually(lambda: is_so(len(calls(crew.marketplace)) > 2 * PER_SECOND))
        order = partial(_order, crew)
        starts = [await first_call(crew, waiting + n, order) for n in range(orders)]
        served = time.monotonic()
        await eventually(lambda: _served(crew, {a_merchant(waiting + n).id for n in range(orders)}))
        served = time.monotonic() - served
        left = sum(one.due_at is not None for one in await crew.records())
        doubles = len(crew.doubles())
    return Finding(
        scenario=f"stall lane before {waiting} merchants, {workers} workers",
        runs=orders,
        seeds="-",
        duplicates=doubles,
        lost=0,
        stuck=sum(one > MOST_SECONDS for one in starts),
        seconds=round(time.monotonic() - began, 1),
        kept=max(starts) <= MOST_SECONDS and doubles == 0 and left > waiting / 2,
        note=(
            f"first call about the store at most {max(starts):.2f} s after the order, "
            f"all open {served:.0f} s after the last ({left} merchants still queued)"
        ),
    )


async def _order(crew: Crew, person: Merchant) -> None:
    async with bell_redis(crew.settings) as redis:
        doorbell = RedisDoorbell(redis)
        await open_stores(crew.database, doorbell, [person], [REHEARSAL], by="lab", clock=now)


async def _served(crew: Crew, people: set[MerchantId]) -> bool:
    """Whether nothing is left to do for these merchants."""
    return all(one.due_at is None for one in await crew.records() if one.merchant_id in people)


def main() -> int:
    """Print what was found; 0 if every order was begun in time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=20)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        return tell([asyncio.run(stall_lane(Path(folder), chosen.orders, workers=2))])


if __name__ == "__main__":
    sys.exit(main())

"""Workers on several hosts share one Redis and one PostgreSQL; in mid-work one host is cut off, then joined again.

`python -m tests.faults.hosts [--short]`. Hosts are network namespaces (`tests.faults.network`): root and `ip` are needed.
Nobody is told of the cut: connections simply fall silent, on both sides, while the marketplace goes on losing answers. The
others take over what the host had; when it is back, its workers wake with old leases and old connections.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.faults.crowd import allow, worked_off
from tests.faults.findings import Finding, tell
from tests.faults.network import NETWORK, SWITCH, Host, hosts, why_not_available
from tests.servers import postgres, redis
from tests.servers.postgres import async_url, fresh_database, start_postgres
from tests.servers.redis import start_redis
from tests.support.crew import Crew, a_crew, eventually, is_so

HOSTS, PRODUCTS = 3, 3
PER_SECOND = 60.0
LEASE = 5.0
LOST = 0.1
"""Share of the creating calls whose answer is lost after they were carried out."""
TAKEN_OVER = 3 * LEASE
"""Seconds after which a host that was cut off has lost all its leases, and the others have its stores."""
PATIENCE = 900.0


@dataclass(frozen=True)
class Size:
    """The host is cut off once so many listings are there, and joined again after `seconds`."""

    merchants: int
    before: int
    seconds: float


WHOLE = Size(merchants=400, before=200, seconds=60)
SHORT = Size(merchants=60, before=30, seconds=TAKEN_OVER)


async def cut_off(folder: Path, size: Size) -> Finding:
    """One host falls silent in mid-work and comes back; the marketplace's account is compared with what was ordered."""
    with hosts(HOSTS) as network:
        async with _a_crew_on(network, folder) as crew:
            began = time.monotonic()
            await crew.order(size.merchants, PRODUCTS)
            await eventually(lambda: is_so(crew.held() >= size.before), PATIENCE)
            network[0].cut_off()
            held = crew.held()
            await asyncio.sleep(size.seconds)
            meanwhile = crew.held() - held
            network[0].join_again()
            stuck = await _left(crew)
            lost = size.merchants * PRODUCTS - crew.held()
            doubles = len(crew.doubles())
    note = (
        f"{HOSTS} hosts, {size.merchants} stores; one silent for {size.seconds:.0f} s, in which the others "
        f"listed {meanwhile}; {LOST:.0%} of answers lost"
    )
    return Finding(
        scenario="one of several hosts cut off",
        runs=1,
        seeds="-",
        duplicates=doubles,
        lost=lost,
        stuck=stuck,
        seconds=round(time.monotonic() - began, 1),
        kept=not (doubles or lost or stuck) and meanwhile > 0,
        note=note,
    )


@asynccontextmanager
async def _a_crew_on(network: Sequence[Host], folder: Path) -> AsyncGenerator[Crew]:
    """A worker process on every host; the servers are at the switch."""
    with (
        start_postgres(network=NETWORK) as base,
        fresh_database(base) as records,
        fresh_database(base) as keys,
        start_redis(SWITCH) as redis_url,
    ):
        url = async_url(_from_outside(records))
        database = Database(url)
        await upgrade(database)
        await database.aclose()
        changes = {"lease_seconds": LEASE, "keys_url": _from_outside(keys)}
        async with a_crew(folder, url, redis_url, host=SWITCH, **changes) as crew:
            allow(crew, PER_SECOND, SWITCH)
            crew.dial(Dial(fault=Fault.LOST_AFTER, method="POST", probability=LOST))
            for number, host in enumerate(network):
                crew.start("-m", "onboarder_workers.run", within=host.within)
                await crew.hired(number + 1, PATIENCE)
            yield crew


async def _left(crew: Crew) -> int:
    """Wait until nothing is due any more; the number of stores that still are after a long time."""
    try:
        await worked_off(crew, PATIENCE)
    except TimeoutError:
        return sum(one.due_at is not None for one in await crew.records())
    return 0


def _from_outside(url: str) -> str:
    return url.replace("127.0.0.1", SWITCH)


def missing() -> str | None:
    """What this machine lacks for it, or None."""
    needed = (why_not_available(), postgres.why_not_available(), redis.why_not_available())
    return next((one for one in needed if one is not None), None)


def main() -> int:
    """Print what was found; 0 if nothing was doubled, lost or stuck, and the others went on meanwhile."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.hosts", description=__doc__)
    parser.add_argument("--short", action="store_true")
    size = SHORT if parser.parse_args().short else WHOLE
    why = missing()
    if why is not None:
        sys.exit(f"not run: {why}")
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        return tell([asyncio.run(cut_off(Path(folder), size))])


if __name__ == "__main__":
    sys.exit(main())

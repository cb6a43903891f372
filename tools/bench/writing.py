"""One worker process at a slow marketplace: `python -m tools.bench.writing DATABASE_URL URL AT_ONCE`. Prints JSON.

Passes and sweep as in a worker, with one listing per call and a budget that never binds; there are no rings.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from tests.support.town import PROGRAMME, REHEARSAL, KeysInMemory, OnePhoto, a_vault

from onboarder.connector.budget import LocalBudget
from onboarder.connector.contract import Equipment
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.converge.loop import converge
from onboarder.converge.renewal import Renewals
from onboarder.converge.surroundings import Marketplace, Surroundings
from onboarder.event_loop import run
from onboarder.logging import configure_logging
from onboarder.model.work import DriftClass, DriftPolicy, Lane
from onboarder.records import stores
from onboarder.records.database import Database
from onboarder_rehearsal import RehearsalConnector
from onboarder_workers.passes import Passes
from onboarder_workers.sweep import Sweep
from tools.bench.lag import lag_watched
from tools.bench.market import NEXT_TO_UNLIMITED

DEADLINE = timedelta(seconds=60)


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def surroundings(database: Database, url: str, at_once: int) -> AsyncGenerator[Surroundings]:
    """What a worker has around it, at a marketplace that takes one listing per call."""
    vault = a_vault(keys=KeysInMemory())
    client, budget = open_client(url, connections=at_once), LocalBudget(NEXT_TO_UNLIMITED)
    http = MarketplaceHttp(client, budget, marketplace=REHEARSAL, deadline=DEADLINE)
    connector = RehearsalConnector({}, Equipment(http, now, vault.derive))
    limits = replace(connector.manifest.limits, create_batch=1)
    vars(connector)["manifest"] = replace(connector.manifest, limits=limits)
    renewals = Renewals(database, vault, clock=now, name="bench", deadline=DEADLINE)
    marketplace = Marketplace(REHEARSAL, connector, {"food-crackers": "1010"})
    yield Surroundings(
        database=database,
        vault=vault,
        renewals=renewals,
        programme=PROGRAMME,
        marketplaces={REHEARSAL: marketplace},
        photos=OnePhoto(),
        clock=now,
        random=Random(7),  # noqa: S311  # jitter, not secrets
        lease_span=2 * DEADLINE,
        call_deadline=DEADLINE,
        fresh_for=timedelta(minutes=10),
        started_at=now(),
        drift_policy=dict.fromkeys(DriftClass, DriftPolicy.ASK),
        look_again=(timedelta(minutes=1),),
    )
    await http.aclose()


async def work(database: Database, around: Surroundings, at_once: int) -> None:
    """Until nothing is due and nothing under way."""
    owner = f"bench-{os.getpid()}"
    passes = Passes(
        lambda store: converge(around, store, owner=owner), {Lane.NIGHT: at_once}, slow=3600
    )
    sweep = Sweep(around, passes, Lane.NIGHT, REHEARSAL, seconds=0.2)
    while True:
        pause = await sweep.once()
        async with database.read() as tx:
            left = await stores.due(tx, now(), limit=1)
        if not left and not passes.under_way:
            return
        await asyncio.sleep(pause)


async def main(database_url: str, url: str, at_once: int) -> dict[str, float]:
    database = Database(database_url)
    async with surroundings(database, url, at_once) as around, lag_watched() as lag:
        cpu = time.process_time()
        await work(database, around, at_once)
        cpu = time.process_time() - cpu
    await database.aclose()
    return {"cpu": cpu, "lag": lag.p99}


if __name__ == "__main__":
    configure_logging(level=30, json=True)
    json.dump(run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))), sys.stdout)

"""Real worker processes: they share the work, drain, die and go on, with and without Redis."""

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from redis import Redis
from sqlalchemy import func, select, update
from tests.servers.postgres import async_url, fresh_database
from tests.support.crew import PATIENCE, Crew, a_crew, eventually, is_so, now

from onboarder.model.ids import RunId, StoreId
from onboarder.model.work import Lane
from onboarder.records.runs import RunRecord, run_by_id
from onboarder.records.schedule import schedule
from onboarder.records.tables import run as run_table
from onboarder.records.tables import store
from onboarder.redis_server import EmbeddedServer, connect
from onboarder_rehearsal.server.dials import Dial, Fault
from onboarder_workers import process
from onboarder_workers.queue import ArqQueue

pytestmark = pytest.mark.processes

SLOWLY = Dial(fault=Fault.SLOW, method="POST", seconds=0.3)


class Servers(NamedTuple):
    database_url: str
    redis_url: str | None


SERVERS = pytest.param("servers", marks=[pytest.mark.postgres, pytest.mark.redis_server])


@pytest.fixture(params=["embedded", SERVERS])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Servers]:
    """Once nothing installed, once PostgreSQL and a Redis server."""
    if request.param == "embedded":
        yield own_servers(tmp_path, request.getfixturevalue("sqlite_template"))
        return
    base, template = request.getfixturevalue("postgres_template")
    redis = request.getfixturevalue("redis_server")
    with fresh_database(base, template=template) as url, Redis.from_url(redis) as connection:
        connection.flushall()
        yield Servers(async_url(url), redis)


@pytest.fixture
async def crew(servers: Servers, tmp_path: Path) -> AsyncGenerator[Crew]:
    async with a_crew(tmp_path, *servers) as made:
        yield made


@pytest.fixture
async def embedded(tmp_path: Path, sqlite_template: Path) -> AsyncGenerator[Crew]:
    """SQLite and the embedded Valkey, which the workers start themselves."""
    async with a_crew(tmp_path, *own_servers(tmp_path, sqlite_template)) as made:
        yield made


async def test_two_processes_share_the_work_and_double_nothing(crew: Crew) -> None:
    await crew.order(merchants=12, products=2)
    crew.dial(SLOWLY)

    workers = [crew.start_worker(), crew.start_worker()]
    await crew.hired(2)
    await crew.done()

    assert crew.held() == 24
    assert crew.doubles() == []
    assert [stopped(worker) for worker in workers] == [0, 0]
    assert all(one["passes"] for one in crew.events("worker.ended"))
    assert await leases_held(crew) == 0


async def test_sigterm_lets_passes_end_and_leaves_nothing_behind(embedded: Crew) -> None:
    ordered = await embedded.order(merchants=4, products=2)
    embedded.dial(SLOWLY)
    worker = embedded.start_worker()
    await embedded.busy(listings=1)

    code = stopped(worker)

    assert code == 0
    assert await leases_held(embedded) == 0
    assert await embedded.alive() == 0
    assert embedded.held() == 2 * len(ordered)
    assert embedded.events("passes.cut_off") == []


async def test_what_had_to_be_cut_off_is_handed_back_and_does_not_count_as_begun(
    embedded: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "DRAIN_SECONDS", 0.1)
    await embedded.order(merchants=1, products=1)
    embedded.dial(Dial(fault=Fault.SLOW, seconds=1.8))

    async with process.at_work(embedded.settings, tuple(Lane)):
        await eventually(lambda: leased(embedded))

    [record] = await embedded.records()
    assert await leases_held(embedded) == 0
    assert record.starts == 0
    assert record.due_at is not None


async def test_six_deploys_during_one_job_use_up_no_attempts(embedded: Crew) -> None:
    await embedded.order(merchants=1, products=4)
    embedded.dial(Dial(fault=Fault.SLOW, method="POST", route="/v1/items*", seconds=1))

    for _ in range(6):
        worker = embedded.start_worker()
        await embedded.hired(1)
        assert stopped(worker) == 0
    embedded.start_worker()
    await embedded.done()

    [record] = await embedded.records()
    assert (record.attempts, record.starts, record.failure) == (0, 0, None)
    assert (embedded.held(), embedded.doubles()) == (4, [])


async def test_a_second_signal_ends_the_process_at_once(embedded: Crew) -> None:
    await embedded.order(merchants=1, products=1)
    embedded.dial(Dial(fault=Fault.SLOW, method="POST", seconds=1.8))
    worker = embedded.start_worker()
    await eventually(lambda: leased(embedded))

    worker.terminate()
    await eventually(lambda: is_so(embedded.events("worker.draining") != []))
    worker.terminate()

    assert worker.wait(timeout=1) == 128 + signal.SIGTERM


async def test_kill_9_loses_nothing_and_another_worker_goes_on_after_the_lease(crew: Crew) -> None:
    await crew.order(merchants=6, products=3)
    crew.dial(SLOWLY)
    worker = crew.start_worker()
    await crew.busy(listings=4)

    worker.kill()
    worker.wait()
    crew.start_worker()
    await crew.done()

    assert (crew.held(), crew.doubles()) == (18, [])


async def test_a_flushed_redis_costs_no_work(crew: Crew) -> None:
    ordered = await crew.order(merchants=8, products=2)
    crew.dial(SLOWLY)
    crew.start_worker()
    await crew.hired(1)
    await ring(crew, ordered)
    async with connect(crew.settings) as redis:
        for listings in (1, 8, 14):
            await crew.busy(listings)
            await redis.flushall()

    await crew.done()

    assert (crew.held(), crew.doubles()) == (16, [])


async def test_workers_outlive_the_embedded_server_and_its_owner(embedded: Crew) -> None:
    await embedded.order(merchants=8, products=2)
    embedded.dial(SLOWLY)
    owner = embedded.start_worker()
    await embedded.hired(1)
    embedded.start_worker()
    await embedded.hired(2)
    await embedded.busy(listings=2)

    owner.kill()
    owner.wait()
    server = EmbeddedServer(embedded.settings.data_dir)
    await eventually(lambda: is_so(server.answers()))
    await embedded.done()

    assert (embedded.held(), embedded.doubles()) == (16, [])


async def test_without_redis_the_sweep_does_all_the_work(
    tmp_path: Path, sqlite_template: Path
) -> None:
    database, _ = own_servers(tmp_path, sqlite_template)
    async with a_crew(tmp_path, database, "redis://127.0.0.1:1/0") as crew:
        ordered = await crew.order(merchants=6, products=2)
        crew.start_worker()
        await ring(crew, ordered)

        await crew.done()

        assert (crew.held(), crew.doubles()) == (12, [])
        assert [stopped(worker) for worker in crew.workers] == [0]


async def test_a_silent_redis_holds_nobody_up(tmp_path: Path, sqlite_template: Path) -> None:
    database, _ = own_servers(tmp_path, sqlite_template)
    with a_silent_server() as silent:
        async with a_crew(tmp_path, database, silent) as crew:
            ordered = await crew.order(merchants=2, products=1)
            crew.start_worker()

            before = time.monotonic()
            await ring(crew, ordered)
            rung_in = time.monotonic() - before
            await crew.done()

            assert rung_in < 5
            assert (crew.held(), crew.doubles()) == (2, [])
            assert stopped(crew.workers[0]) == 0


async def test_a_ring_starts_work_that_the_sweep_would_find_much_later(crew: Crew) -> None:
    crew.start_worker(ONBOARDER_SWEEP_SECONDS="60")
    await crew.hired(1)
    ordered = await crew.order(merchants=3, products=1)

    await ring(crew, ordered)
    await crew.busy(listings=3)

    assert (crew.held(), crew.doubles()) == (3, [])


async def test_two_processes_make_up_for_a_missed_night_once(crew: Crew) -> None:
    await crew.order(merchants=3, products=1)
    missed = now() - timedelta(hours=1)
    at = missed.astimezone(ZoneInfo("Asia/Jakarta")).strftime("%H:%M")
    for _ in range(2):
        crew.start_worker(ONBOARDER_NIGHT_AT=at)
    await crew.hired(2)
    await crew.done()

    async with crew.database.write() as tx:
        await tx.execute(update(schedule).values(next_at=missed))
    await eventually(lambda: ended(crew, 1))
    await crew.done()

    [run] = await runs_of(crew)
    assert (run.requested_by, run.stores, run.state, run.totals) == ("schedule", 3, "done", {})


async def test_a_worker_of_one_lane_leaves_the_other_alone(embedded: Crew) -> None:
    await embedded.order(merchants=2, products=1, lane=Lane.NIGHT)
    stall = embedded.start_worker(Lane.STALL)
    await embedded.hired(1)
    assert stopped(stall) == 0
    assert [one["passes"] for one in embedded.events("worker.ended")] == [0]

    embedded.start_worker(Lane.NIGHT)
    await embedded.done()

    assert embedded.held() == 2


async def test_arqs_own_command_runs_a_whole_worker(embedded: Crew) -> None:
    await embedded.order(merchants=2, products=1)
    await embedded.order(merchants=2, products=1, lane=Lane.NIGHT, first=2)

    worker = embedded.start("-m", "arq", "onboarder_workers.settings.WorkerSettings")
    await embedded.done()

    assert (embedded.held(), embedded.doubles()) == (4, [])
    assert stopped(worker) == 0
    assert await leases_held(embedded) == 0


async def test_logs_are_json_without_names_phones_or_photos(embedded: Crew) -> None:
    await embedded.order(merchants=2, products=1)
    embedded.dial(Dial(fault=Fault.ERROR_AFTER, method="POST", times=3))

    worker = embedded.start_worker()
    await embedded.done()
    stopped(worker)

    lines = embedded.log.read_text().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert not any(word in embedded.log.read_text() for word in ("Contoh", "+62811", "/v1/"))


def own_servers(folder: Path, template: Path) -> Servers:
    """A copy of the migrated SQLite file, and the embedded Valkey."""
    return Servers(f"sqlite+aiosqlite:///{shutil.copy(template, folder / 'onboarder.db')}", None)


@contextmanager
def a_silent_server() -> Generator[str]:
    """The system takes connections, and nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def stopped(worker: "subprocess.Popen[bytes]") -> int:
    worker.terminate()
    return worker.wait(timeout=PATIENCE)


async def ring(crew: Crew, ordered: list[StoreId]) -> None:
    async with ArqQueue().doorbell(crew.settings) as doorbell:
        await doorbell.ring([(one, Lane.STALL) for one in ordered])


async def ended(crew: Crew, number: int) -> bool:
    return len([one for one in await runs_of(crew) if one.ended_at]) == number


async def runs_of(crew: Crew) -> list[RunRecord]:
    async with crew.database.read() as tx:
        ids = (await tx.execute(select(run_table.c.id))).scalars().all()
        found = [await run_by_id(tx, RunId(one)) for one in ids]
    return [one for one in found if one is not None]


async def leased(crew: Crew) -> bool:
    return await leases_held(crew) > 0


async def leases_held(crew: Crew) -> int:
    query = select(func.count()).select_from(store).where(store.c.lease_owner.is_not(None))
    async with crew.database.read() as tx:
        return int(await tx.scalar(query) or 0)

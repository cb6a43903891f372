"""Rings through Redis: what travels, who answers, and what happens when Redis goes away."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import pytest
from arq.constants import in_progress_key_prefix
from pydantic import SecretStr
from redis import Redis
from structlog.testing import capture_logs
from tests.support.crew import eventually, is_so

from onboarder.converge.loop import PassEnd
from onboarder.model.ids import StoreId
from onboarder.model.work import Lane
from onboarder.redis_server import EmbeddedServer
from onboarder.settings import Settings
from onboarder_workers import bell
from onboarder_workers.bell import answer_rings
from onboarder_workers.passes import Passes
from onboarder_workers.queue import ArqQueue

A, B = StoreId("knm-7f3k2q8a@rehearsal"), StoreId("knm-11111111@rehearsal")


class Answered:
    """Notes which stores' passes were begun."""

    def __init__(self) -> None:
        self.stores: list[StoreId] = []
        self.passes = Passes(self._work, {Lane.STALL: 2, Lane.NIGHT: 2})

    async def _work(self, store: StoreId) -> PassEnd:
        self.stores.append(store)
        return PassEnd.DONE


@pytest.fixture
def settings(redis_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, redis_url=SecretStr(redis_url))


@pytest.fixture
def own_server(tmp_path: Path) -> Generator[EmbeddedServer]:
    """A server that the test may end and start."""
    server = EmbeddedServer(tmp_path)
    server.start()
    yield server
    server.stop()


async def test_a_ring_carries_only_the_stores_id_as_json(
    settings: Settings, redis_url: str
) -> None:
    await ring(settings, (A, Lane.STALL))

    with Redis.from_url(redis_url, decode_responses=True) as redis:
        jobs = {key: json.loads(str(redis.get(key))) for key in keys(redis, "arq:job:*")}
        queued = redis.zrange("onboarder:stall", 0, -1)
    [(name, job)] = jobs.items()
    assert name == f"arq:job:stall:{A}"
    assert (job["f"], job["a"], job["k"]) == ("ring", [A], {})
    assert queued == [f"stall:{A}"]


async def test_rings_are_answered_at_once_and_leave_nothing_in_redis(
    settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "POLL_SECONDS", 30.0)
    answered = Answered()
    async with answering(settings, Lane.STALL, answered):
        for store in (A, B, A):
            before = len(answered.stores)
            await ring(settings, (store, Lane.STALL))
            await eventually(lambda: is_so(len(answered.stores) > before), 5)  # noqa: B023  # awaited in its turn

    assert answered.stores == [A, B, A]
    with Redis.from_url(redis_url) as redis:
        assert keys(redis, "arq:*") == []


async def test_lanes_have_queues_of_their_own(settings: Settings) -> None:
    stall, night = Answered(), Answered()
    async with answering(settings, Lane.STALL, stall), answering(settings, Lane.NIGHT, night):
        await ring(settings, (A, Lane.STALL), (A, Lane.NIGHT), (B, Lane.NIGHT))
        await eventually(lambda: is_so(len(stall.stores) + len(night.stores) == 3))

    assert (stall.stores, sorted(night.stores)) == ([A], sorted([A, B]))


async def test_more_rings_than_slots_wait_in_redis_for_whoever_is_free(
    settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "HELD_SECONDS", 60.0)
    free = asyncio.Event()

    async def work(_: StoreId) -> PassEnd:
        await asyncio.wait_for(free.wait(), 60)
        return PassEnd.DONE

    busy = Passes(work, {Lane.STALL: 1})
    stores = [StoreId(f"knm-{number}@rehearsal") for number in range(20)]
    async with bell_answered(settings, Lane.STALL, busy):
        await ring(settings, *((store, Lane.STALL) for store in stores))
        await eventually(lambda: is_so(busy.begun == 1))
        with Redis.from_url(redis_url) as redis:
            held = len(keys(redis, f"{in_progress_key_prefix}*"))
            waiting = redis.zcard("onboarder:stall")

        assert (held <= 3, waiting) == (True, 19)
        free.set()
        await eventually(lambda: is_so(busy.begun == 20))


async def test_rings_of_a_full_marketplace_do_not_stand_before_anothers_for_long(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "HELD_SECONDS", 0.05)
    begun, free = list[StoreId](), asyncio.Event()

    async def work(store: StoreId) -> PassEnd:
        begun.append(store)
        await asyncio.wait_for(free.wait(), 60)
        return PassEnd.DONE

    full = [StoreId(f"knm-{number}@rehearsal") for number in range(10)]
    elsewhere = StoreId("knm-0@elsewhere")
    async with bell_answered(settings, Lane.STALL, Passes(work, {Lane.STALL: 1})):
        await ring(settings, *((store, Lane.STALL) for store in [*full, elsewhere]))
        await eventually(lambda: is_so(elsewhere in begun))
        free.set()

    assert len(begun) < len(full)


@pytest.mark.parametrize("turns", range(4))
async def test_an_end_in_the_moment_of_a_ring_is_not_missed(turns: int) -> None:
    worker = Silent()
    answering_on = asyncio.create_task(worker.answer())
    await turn(3)
    worker.ring()
    await turn(turns)
    answering_on.cancel()

    await asyncio.wait([answering_on], timeout=2)

    assert answering_on.done()
    answering_on.cancel()


class Silent(bell.RungWorker):
    """A worker that is rung and finds nothing."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self.poll_delay_s = 60

    def ring(self) -> None:
        self._rung.set()

    async def _poll_iteration(self) -> None:
        pass

    async def answer(self) -> None:
        await self._answer()


async def turn(times: int) -> None:
    """Let whatever can go on go on, so many times."""
    for _ in range(times):
        await asyncio.sleep(0)


async def test_ringing_never_fails_and_never_waits_long(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)

    with capture_logs() as logs:
        await asyncio.wait_for(ring(settings, (A, Lane.STALL)), 3)

    assert [one["event"] for one in logs] == ["bell.not_heard"]
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240  # one look at a folder


async def test_rings_are_answered_again_after_redis_was_killed_and_came_back_empty(
    own_server: EmbeddedServer, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    answered = Answered()
    with capture_logs() as logs:
        async with answering(settings, Lane.STALL, answered):
            await ring(settings, (A, Lane.STALL))
            await eventually(lambda: is_so(answered.stores == [A]))

            own_server.stop()
            await eventually(lambda: is_so("bell.redis_away" in {one["event"] for one in logs}))
            own_server.start()
            await eventually(lambda: rung_and_answered(settings, answered))

    assert "bell.failed" not in {one["event"] for one in logs}


async def test_a_flush_between_rings_stops_nobody(settings: Settings, redis_url: str) -> None:
    answered = Answered()
    async with answering(settings, Lane.STALL, answered):
        for number in range(3):
            await ring(settings, (A, Lane.STALL))
            await eventually(lambda: is_so(len(answered.stores) == number + 1))  # noqa: B023  # awaited in its turn
            with Redis.from_url(redis_url) as redis:
                redis.flushall()


async def test_a_read_only_redis_is_one_line_in_the_log(
    own_server: EmbeddedServer, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    with Redis(unix_socket_path=str(own_server.socket)) as redis:
        redis.execute_command("REPLICAOF", "127.0.0.1", "1")  # a replica takes no writes
    with capture_logs() as logs:
        async with answering(settings, Lane.STALL, Answered()):
            await ring(settings, (A, Lane.STALL))
            await eventually(lambda: is_so("bell.redis_away" in {one["event"] for one in logs}))
            await ring(settings, (A, Lane.STALL))

    assert [one["event"] for one in logs].count("bell.redis_away") == 1


async def rung_and_answered(settings: Settings, answered: Answered) -> bool:
    await ring(settings, (B, Lane.STALL))
    return B in answered.stores


def keys(redis: Redis, pattern: str) -> list[str]:
    return cast("list[str]", redis.keys(pattern))


async def ring(settings: Settings, *due: tuple[StoreId, Lane]) -> None:
    async with ArqQueue().doorbell(settings) as doorbell:
        await doorbell.ring(due)


@asynccontextmanager
async def answering(settings: Settings, lane: Lane, answered: Answered) -> AsyncGenerator[None]:
    async with bell_answered(settings, lane, answered.passes):
        yield


@asynccontextmanager
async def bell_answered(settings: Settings, lane: Lane, passes: Passes) -> AsyncGenerator[None]:
    task = asyncio.create_task(answer_rings(settings, lane, passes))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await passes.drain(1)

"""arq as the doorbell: a job is a store id, and it is over once the store's pass has begun.

arq is in maintenance mode and was seen to lose, refuse and hold back jobs (a job id stays taken while a dead worker's mark
lives, a flush forgets all), so nothing depends on a job: the sweep finds what no ring brought.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Literal, TypedDict, cast

import structlog
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix
from arq.jobs import Deserializer, Serializer
from arq.utils import timestamp_ms
from arq.worker import Function, Worker, func
from pydantic import BaseModel, Field, ValidationError
from redis.exceptions import RedisError

from onboarder.model.ids import StoreId
from onboarder.model.work import Lane
from onboarder.redis_server import connection_pool
from onboarder.settings import Settings
from onboarder_workers.passes import Passes

log = structlog.get_logger()

RING, PASSES, LANE = "ring", "passes", "lane"
"""The function's name in jobs, and what it finds in arq's context."""
MOST_RINGS = 200
"""Rings per order: more keep no worker busier, and the sweep follows with the rest."""
RING_SECONDS = 2.0
"""How long ringing may take in all."""
RING_LIVES = timedelta(hours=1)
"""An unanswered ring is forgotten after this: the sweep came by long ago."""
POLL_SECONDS = 0.5
"""How late a worker answers that missed the announcement of a ring."""
AHEAD = 2
"""Rings a lane takes while all its slots are busy: few, so that another process can take the others."""
HELD_SECONDS = 2.0
"""How long a ring waits for a slot before it is dropped: a full marketplace's rings must not stand before another's for
long, and the sweep finds the store anyway. A dead worker holds its rings' ids little longer."""
SHORTEST_BACKOFF, LONGEST_BACKOFF = 0.1, 2.0
LEFT_ALONE = timedelta(minutes=5)
"""How long a job of a kind unknown here is not looked at again."""
CALM_SECONDS = 10.0
"""A failure after so many good seconds is a new one."""

REDIS_AWAY = (RedisError, OSError, TimeoutError)


class _Ring(BaseModel):
    """A ring as arq writes it."""

    function: Literal["ring"] = Field(alias="f")
    stores: tuple[str] = Field(alias="a")
    named: dict[str, object] = Field(alias="k", max_length=0)


class RedisDoorbell:
    """Rings through Redis."""

    def __init__(self, redis: ArqRedis) -> None:
        self._redis = redis

    async def ring(self, due: Sequence[tuple[StoreId, Lane]]) -> None:
        """Ring for the stores that workers can begin now. Never raises; takes `RING_SECONDS` at most."""
        try:
            async with asyncio.timeout(RING_SECONDS):
                await self._ring(due[:MOST_RINGS])
        except REDIS_AWAY as error:
            log.info("bell.not_heard", why=type(error).__name__)

    async def _ring(self, due: Sequence[tuple[StoreId, Lane]]) -> None:
        for store, lane in due:
            await self._redis.enqueue_job(
                RING, store, _job_id=f"{lane}:{store}", _queue_name=queue(lane), _expires=RING_LIVES
            )
        for lane in sorted({lane for _, lane in due}):
            await self._redis.publish(queue(lane), b"")


class RungWorker(Worker):
    """arq's worker, looking at its queue when it is rung instead of once per poll delay, which is only the fallback.

    Overrides `main` of arq 0.28.
    """

    _rung: asyncio.Event

    async def main(self) -> None:
        """Answer rings until cancelled; raises what Redis raises, as an exception group."""
        self._rung = asyncio.Event()
        self.after_job_end = self._look_again
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._answer())

    async def run_job(self, job_id: str, score: int) -> None:
        """Answer a ring; a job that is none is left to whoever knows it, and later rings go before it."""
        job = await self.pool.get(job_key_prefix + job_id)
        if job is None or _is_ring(job):  # arq forgets an id whose job has expired
            await super().run_job(job_id, score)
            return
        log.warning("bell.unknown_job", job=job_id, queue=self.queue_name)
        later = timestamp_ms() + int(LEFT_ALONE.total_seconds() * 1000)
        await self.pool.zadd(self.queue_name, {job_id: later}, xx=True)
        await self.pool.delete(in_progress_key_prefix + job_id)

    async def _answer(self) -> None:
        while not _told_to_end():
            self._rung.clear()
            await self._poll_iteration()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.poll_delay_s):
                    await self._rung.wait()
                await asyncio.sleep(0)  # a job that just ended gives its place back in this turn

    async def _listen(self) -> None:
        async with self.pool.pubsub() as announced:
            await announced.subscribe(self.queue_name)
            while not _told_to_end():
                await announced.get_message(timeout=60)
                self._rung.set()

    async def _look_again(self, ctx: dict[object, object]) -> None:
        del ctx
        self._rung.set()


class WorkerOptions(TypedDict):
    """What we set of arq's worker."""

    functions: Sequence[Function]
    queue_name: str
    redis_pool: ArqRedis
    ctx: dict[str, object]
    max_jobs: int
    max_tries: int
    job_timeout: float
    keep_result: float
    log_results: bool
    poll_delay: float
    health_check_interval: float
    job_serializer: Serializer
    job_deserializer: Deserializer


def worker_options(redis: ArqRedis, lane: Lane) -> WorkerOptions:
    """One lane's worker, still without the passes.

    Attempts live in the database: here a ring may be tried for ever, and it leaves no result.
    """
    return WorkerOptions(
        functions=[func(ring, name=RING)],
        queue_name=queue(lane),
        redis_pool=redis,
        ctx={LANE: lane},
        max_jobs=AHEAD,
        max_tries=1_000_000,
        job_timeout=HELD_SECONDS + 5,
        keep_result=0,
        log_results=False,
        poll_delay=POLL_SECONDS,
        health_check_interval=15,
        job_serializer=_dump,
        job_deserializer=json.loads,
    )


async def ring(ctx: dict[str, object], store: str) -> None:
    """The one arq function: begin a pass over the store. Only an id travels; the database says what is to be done."""
    passes, lane = cast("Passes", ctx[PASSES]), cast("Lane", ctx[LANE])
    with suppress(TimeoutError):
        async with asyncio.timeout(HELD_SECONDS):
            await passes.begin(lane, StoreId(store))


async def answer_rings(settings: Settings, lane: Lane, passes: Passes) -> None:
    """Answer one lane's rings until cancelled, through every failure of Redis. A lasting failure is logged once."""
    now = asyncio.get_running_loop().time
    backoff = SHORTEST_BACKOFF
    while True:
        began = now()
        try:
            async with _attended(settings, lane, passes) as worker:
                await worker.main()
        except* Exception as group:  # noqa: BLE001  # whatever it was, the lane is answered again
            backoff = SHORTEST_BACKOFF if now() - began > CALM_SECONDS else backoff
            if backoff == SHORTEST_BACKOFF:
                _log_failure(lane, group.exceptions[0])
        await asyncio.sleep(backoff)
        backoff = min(LONGEST_BACKOFF, backoff * 2)


@asynccontextmanager
async def bell_redis(settings: Settings) -> AsyncGenerator[ArqRedis]:
    """The settings' Redis as arq wants it; connects when first used."""
    redis = bell_client(settings)
    try:
        yield redis
    finally:
        await redis.aclose(close_connection_pool=True)


def bell_client(settings: Settings) -> ArqRedis:
    """The same, for the caller to close."""
    return ArqRedis(connection_pool(settings), job_serializer=_dump, job_deserializer=json.loads)


def queue(lane: Lane) -> str:
    """The lane's queue in Redis, and the channel on which its rings are announced."""
    return f"onboarder:{lane}"


@asynccontextmanager
async def _attended(settings: Settings, lane: Lane, passes: Passes) -> AsyncGenerator[RungWorker]:
    """A worker whose jobs end with the block. Passes that they began go on."""
    async with bell_redis(settings) as redis:
        worker = RungWorker(handle_signals=False, **worker_options(redis, lane))
        worker.ctx[PASSES] = passes
        try:
            yield worker
        finally:
            for job in worker.tasks.values():
                job.cancel()
            await asyncio.gather(*worker.tasks.values(), return_exceptions=True)


def _is_ring(job: bytes) -> bool:
    """Whether it is what `RedisDoorbell` of this release sends; older and newer releases share the queue."""
    try:
        _Ring.model_validate_json(job)
    except ValidationError:
        return False
    return True


def _told_to_end() -> bool:
    """redis-py sends with `asyncio.wait_for`, which in Python 3.11 can swallow a cancellation (cpython gh-86296)."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _dump(job: dict[str, object]) -> bytes:
    return json.dumps(job, default=repr).encode()


def _log_failure(lane: Lane, error: BaseException) -> None:
    """Redis's own failures are named without their text, which may hold an address with a password."""
    if isinstance(error, REDIS_AWAY):
        log.warning("bell.redis_away", lane=lane, why=type(error).__name__)
    else:
        log.error("bell.failed", lane=lane, exc_info=error)

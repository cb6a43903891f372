"""Jobs that another release left in Redis: they are left alone, and rings are answered."""

import asyncio
import json
import pickle
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

from arq.utils import timestamp_ms
from pydantic import SecretStr
from redis import Redis
from structlog.testing import capture_logs
from tests.support.crew import eventually, is_so

from onboarder.converge.loop import PassEnd
from onboarder.model.ids import StoreId
from onboarder.model.work import Lane
from onboarder.settings import Settings
from onboarder_workers.bell import answer_rings
from onboarder_workers.passes import Passes
from onboarder_workers.queue import ArqQueue

A = StoreId("knm-7f3k2q8a@rehearsal")
NOW_MS = {"t": None, "et": 1_764_000_000_000}
FOREIGN = {
    "pickled": pickle.dumps({"f": "ring", "a": (A,), "k": {}, **NOW_MS}),
    "unheard of": json.dumps({"f": "audit_shop", "a": [A], "k": {}, **NOW_MS}).encode(),
    "other arguments": json.dumps({"f": "ring", "a": [A, "stall"], "k": {}, **NOW_MS}).encode(),
    "named arguments": json.dumps({"f": "ring", "a": [], "k": {"id": 1}, **NOW_MS}).encode(),
    "no job": b"[]",
}
"""Jobs as an older or newer release might have queued them."""


async def test_a_job_of_an_unknown_kind_or_form_is_left_alone_and_rings_are_answered(
    redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, redis_url=SecretStr(redis_url))
    begun: list[StoreId] = []
    with Redis.from_url(redis_url) as redis, capture_logs() as logs:
        for name, job in FOREIGN.items():
            redis.set(f"arq:job:{name}", job)
            redis.zadd("onboarder:stall", {name: timestamp_ms() - 1000})
        async with answering(settings, begun):
            await eventually(lambda: is_so(unknown(logs) == set(FOREIGN)))
            async with ArqQueue().doorbell(settings) as doorbell:
                await doorbell.ring([(A, Lane.STALL)])
            await eventually(lambda: is_so(begun == [A]))

        found = redis.zrange("onboarder:stall", 0, -1, withscores=True)
        waiting = dict(cast("list[tuple[bytes, float]]", found))
        kept = {name: redis.get(f"arq:job:{name}") for name in FOREIGN}

    assert kept == FOREIGN
    assert set(waiting) == {name.encode() for name in FOREIGN}
    assert min(waiting.values()) > timestamp_ms() + 60_000  # and not tried all the time
    assert len([one for one in logs if one["event"] == "bell.unknown_job"]) == len(FOREIGN)


def unknown(logs: Sequence[Mapping[str, object]]) -> set[object]:
    return {one["job"] for one in logs if one["event"] == "bell.unknown_job"}


@asynccontextmanager
async def answering(settings: Settings, begun: list[StoreId]) -> AsyncGenerator[None]:
    async def work(wanted: StoreId) -> PassEnd:
        begun.append(wanted)
        return PassEnd.DONE

    passes = Passes(work, {Lane.STALL: 2})
    task = asyncio.create_task(answer_rings(settings, Lane.STALL, passes))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await passes.drain(1)

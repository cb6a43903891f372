"""The recorded calls in a bare httpx loop: `python -m tools.bench.bare FILE BASE_URL same|stock AT_ONCE`. Prints JSON."""

import asyncio
import base64
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from pydantic import TypeAdapter

from onboarder.connector.http import open_client


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: str
    """Base64."""


@dataclass(frozen=True, slots=True)
class Loop:
    calls: int
    seconds: float
    cpu: float


_CALLS = TypeAdapter(list[Call])


async def replay(client: httpx.AsyncClient, stores: Sequence[Sequence[Call]], at_once: int) -> Loop:
    """One store's calls after another, so many stores at once: the order in which a worker makes them."""
    waiting = list(reversed(stores))

    async def one_after_another() -> None:
        while waiting:
            for call in waiting.pop():
                answer = await client.request(
                    call.method,
                    call.path,
                    headers=call.headers,
                    content=base64.b64decode(call.body),
                )
                await answer.aread()

    started, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(one_after_another())
    seconds, busy = time.perf_counter() - started, time.process_time() - cpu
    return Loop(sum(map(len, stores)), seconds, busy)


def read_calls(file: Path) -> list[list[Call]]:
    """A recording: a line of calls per store."""
    return [_CALLS.validate_json(line) for line in file.read_bytes().splitlines()]


async def main(stores: Sequence[Sequence[Call]], base_url: str, kind: str, at_once: int) -> Loop:
    """`kind`: `same` is the product's own client, `stock` httpx as it comes."""
    stock = httpx.AsyncClient(base_url=base_url, trust_env=False)
    async with stock if kind == "stock" else open_client(base_url) as client:
        return await replay(client, stores, at_once)


if __name__ == "__main__":
    measured = main(read_calls(Path(sys.argv[1])), sys.argv[2], sys.argv[3], int(sys.argv[4]))
    json.dump(asdict(asyncio.run(measured)), sys.stdout)

"""The recorded calls in a bare loop: `python -m tools.bench.bare FILE BASE_URL KIND AT_ONCE`. Prints JSON."""

import asyncio
import base64
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import aiohttp
import httpx
from pydantic import TypeAdapter

from onboarder.connector.http import open_client
from tools.bench.lag import lag_watched


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


class Client(Protocol):
    """Whoever makes a call and reads the answer to its end."""

    async def make(self, call: Call) -> None: ...


class WithHttpx:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def make(self, call: Call) -> None:
        content = base64.b64decode(call.body)
        answer = await self._client.request(
            call.method, call.path, headers=call.headers, content=content
        )
        await answer.aread()


class WithAiohttp:
    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client

    async def make(self, call: Call) -> None:
        content = base64.b64decode(call.body)
        async with self._client.request(
            call.method, call.path, headers=call.headers, data=content
        ) as answer:
            await answer.read()


async def replay(client: Client, stores: Sequence[Sequence[Call]], at_once: int) -> Loop:
    """One store's calls after another, so many stores at once: the order in which a worker makes them.

    The loop's lag is watched only because the worker's is, which costs some CPU.
    """
    waiting = list(reversed(stores))

    async def one_after_another() -> None:
        while waiting:
            for call in waiting.pop():
                await client.make(call)

    started, cpu = time.perf_counter(), time.process_time()
    async with lag_watched(), asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(one_after_another())
    seconds, busy = time.perf_counter() - started, time.process_time() - cpu
    return Loop(sum(map(len, stores)), seconds, busy)


def read_calls(file: Path) -> list[list[Call]]:
    """A recording: a line of calls per store."""
    return [_CALLS.validate_json(line) for line in file.read_bytes().splitlines()]


async def main(stores: Sequence[Sequence[Call]], base_url: str, kind: str, at_once: int) -> Loop:
    """`kind`: `same` is the product's own client, `aiohttp` that library alone, `stock` httpx as it comes, which keeps 20
    connections alive, and `kept` httpx that keeps as many as are in use.
    """
    if kind == "aiohttp":
        pool = aiohttp.TCPConnector(limit=at_once)
        async with aiohttp.ClientSession(base_url, connector=pool, auto_decompress=False) as bare:
            return await replay(WithAiohttp(bare), stores, at_once)
    async with _httpx(base_url, kind, at_once) as client:
        return await replay(WithHttpx(client), stores, at_once)


def _httpx(base_url: str, kind: str, at_once: int) -> httpx.AsyncClient:
    if kind == "same":
        return open_client(base_url)
    if kind == "stock":
        return httpx.AsyncClient(base_url=base_url, trust_env=False)
    limits = httpx.Limits(max_keepalive_connections=at_once)
    return httpx.AsyncClient(base_url=base_url, trust_env=False, limits=limits)


if __name__ == "__main__":
    measured = main(read_calls(Path(sys.argv[1])), sys.argv[2], sys.argv[3], int(sys.argv[4]))
    json.dump(asdict(asyncio.run(measured)), sys.stdout)

"""Killing a worker at a chosen step: before or after any HTTP exchange, around any transaction."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from onboarder.records.database import Database, Transaction


class Killed(BaseException):
    """The process died here; nothing after it ran."""


class Fuse:
    """Counts steps while it is lit, and kills at the chosen one. Unlit it only lets through."""

    def __init__(self) -> None:
        self.steps = 0
        self._at: int | None = None

    def light(self, at: int) -> None:
        """Kill at step `at`, counted from now."""
        self.steps, self._at = 0, at

    def put_out(self) -> None:
        self._at = None

    @property
    def burnt(self) -> bool:
        """Whether it has killed since it was lit."""
        return self._at is not None and self.steps >= self._at

    def step(self) -> None:
        self.steps += 1
        if self._at is not None and self.steps >= self._at:
            raise Killed(self.steps)


class FusedDatabase(Database):
    """A database that the worker's fuse sits on: before a transaction, before its commit, after its commit."""

    def __init__(self, inner: Database, fuse: Fuse) -> None:
        self.url = inner.url
        self.embedded = inner.embedded
        self._inner = inner
        self._fuse = fuse

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        self._fuse.step()
        async with self._inner.write(brief=brief) as tx:
            yield tx
            self._fuse.step()
        self._fuse.step()

    @asynccontextmanager
    async def read(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        async with self._inner.read(brief=brief) as tx:
            yield tx
        self._fuse.step()


class FusedTransport(httpx.AsyncBaseTransport):
    """A wire that the worker's fuse sits on: before the request leaves, and after the answer came."""

    def __init__(self, inner: httpx.AsyncBaseTransport, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._fuse.step()
        answer = await self._inner.handle_async_request(request)
        self._fuse.step()
        return answer

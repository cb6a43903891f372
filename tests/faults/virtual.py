"""An event loop whose time jumps to the next timer instead of waiting: hours pass at once, and exactly.

Only what runs in threads takes real time, and no virtual time passes meanwhile; the database is the only such thing here.
"""

import asyncio
import selectors
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from onboarder.records.database import Database, Transaction

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """`heard` is told how many seconds it jumped."""

    def __init__(self) -> None:
        self.threads = 0
        """Pieces of work that go on in threads."""
        self.heard: Callable[[float], None] = lambda _: None
        self._now = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        self._now += seconds
        self.heard(seconds)


class _Jumping(selectors.DefaultSelector):
    """Jumps over every wait that no thread can end."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if ready := super().select(0):
            return ready
        if timeout is None or (timeout > 0 and self._loop.threads):
            return super().select(None)
        self._loop.jump(timeout)
        return []


class VirtualDatabase(Database):
    """Says when its threads are at work."""

    def __init__(self, inner: Database) -> None:
        self.url = inner.url
        self.embedded = inner.embedded
        self._inner = inner

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        with in_threads():
            async with self._inner.write(brief=brief) as tx:
                yield tx

    @asynccontextmanager
    async def read(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        with in_threads():
            async with self._inner.read(brief=brief) as tx:
                yield tx


@contextmanager
def in_threads() -> Generator[None]:
    """No virtual time passes while the block runs."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.threads += 1
    try:
        yield
    finally:
        loop.threads -= 1


def run(main: Coroutine[None, None, T]) -> T:
    """`asyncio.run` on a virtual loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)

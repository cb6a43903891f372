"""taskiq, a task per listing: `taskiq worker tools.bench.peers.on_taskiq:broker` works, this module run as a program
fills the queue.

It runs in an environment of its own, so what is used of taskiq is written down here as types.
"""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Protocol, cast

from tools.bench.peers.plain import Item, Places, Plain, item


class Task(Protocol):
    """What the broker makes of a function."""

    async def kiq(self, listing: Item) -> object: ...


class Broker(Protocol):
    """A queue of taskiq."""

    def task(self, *, task_name: str) -> Callable[[Callable[[Item], Awaitable[None]]], Task]: ...

    def on_event(
        self, *events: object
    ) -> Callable[[Callable[[object], Awaitable[None]]], object]: ...

    async def startup(self) -> None: ...

    async def shutdown(self) -> None: ...


def broker() -> Broker:
    """For its command line: Redis streams, in which a task is acknowledged once it is done."""
    return _made()[0]


def _made() -> tuple[Broker, Task]:
    places = Places.read()
    make = cast("Callable[[str], Broker]", import_module("taskiq_redis").RedisStreamBroker)
    events = import_module("taskiq").TaskiqEvents
    made, held = make(places.redis), list[Plain]()

    async def put_up(listing: Item) -> None:
        await held[0].put_up(listing)

    async def started(_: object) -> None:
        held.append(Plain(places))

    made.on_event(events.WORKER_STARTUP)(started)
    return made, made.task(task_name=put_up.__name__)(put_up)


async def fill(number: int) -> None:
    queue, task = _made()
    await queue.startup()
    for one in range(number):
        await task.kiq(item(one))
    await queue.shutdown()


if __name__ == "__main__":
    asyncio.run(fill(Places.read().number))

"""A marketplace that is nothing but ceilings, one behind each door: `python -m tools.bench.ceilings PORT`.

A door's name is its way of counting and its calls a second: `/sliding-50`. Each call is on its way for up to `WAY` seconds
before it is counted; a refused one is told to wait a second. Besides, no shop may call more than `OF_A_SHOP` times a second
at a door, counted in fixed windows; the answer says whose limit it was.
"""

import asyncio
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from onboarder.event_loop import run
from onboarder_rehearsal.server.pace import COUNTS, Count
from onboarder_rehearsal.server.rules import Counted

WAY = 0.06
"""Seconds of network jitter."""
WORK = (0.12, 0.18)
"""Seconds an answer takes."""
OF_A_SHOP = 2
SHOP, WHOSE = "X-Shop", "X-Limit-Of"
"""Headers: which shop calls, and whose limit refused it (`shop` or `app`)."""


@dataclass
class Door:
    """One ceiling, those of its shops, and what came to it; refusals of single shops are not in the log."""

    counting: Count
    full: int
    ceiling: int
    log: list[tuple[float, bool]] = field(default_factory=list[tuple[float, bool]])
    shops: defaultdict[str, Count] = field(default_factory=lambda: defaultdict(COUNTS["fixed"]))
    of_shops: int = 0
    """Calls that a shop's own limit refused."""


class Ceilings:
    def __init__(self) -> None:
        self.doors: dict[str, Door] = {}
        self.random = Random(20_261_127)  # noqa: S311  # jitter of the way

    def door(self, name: str) -> Door:
        """The door of that name; made when it is first asked for."""
        if name not in self.doors:
            counted, _, rate = name.partition("-")
            count = COUNTS[cast("Counted", counted)]()
            self.doors[name] = Door(count, int(rate), int(rate))
        return self.doors[name]

    async def call(self, request: Request) -> Response:
        await asyncio.sleep(self.random.random() * WAY)
        door, now = self.door(request.path_params["door"]), time.time()
        if door.shops[request.headers[SHOP]].wait(OF_A_SHOP, now):
            door.of_shops += 1
            return _refused("shop")
        well = door.counting.wait(door.ceiling, now) == 0
        door.log.append((now, well))
        if not well:
            return _refused("app")
        await asyncio.sleep(self.random.uniform(*WORK))
        return JSONResponse({})

    async def change(self, request: Request) -> Response:
        """All ceilings to a whole part of what they were at first."""
        for door in self.doors.values():
            door.ceiling = door.full // int(request.path_params["part"])
        return JSONResponse(time.time())

    async def log(self, _: Request) -> Response:
        """By door: what came when and whether it was let through, and how many calls a shop's own limit refused."""
        return JSONResponse({name: (door.log, door.of_shops) for name, door in self.doors.items()})


def _refused(whose: str) -> Response:
    return Response(status_code=429, headers={"Retry-After": "1", WHOSE: whose})


def app() -> Starlette:
    ceilings = Ceilings()
    return Starlette(
        routes=[
            Route("/_log", ceilings.log),
            Route("/_part/{part:int}", ceilings.change, methods=["POST"]),
            Route("/{door}", ceilings.call),
        ]
    )


if __name__ == "__main__":
    config = uvicorn.Config(app(), port=int(sys.argv[1]), log_level="warning", access_log=False)
    run(uvicorn.Server(config).serve())  # whose garbage collector does not hold up a whole wave

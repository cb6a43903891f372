"""A marketplace that answers every call after 200 ms: `python -m tools.bench.slow_market PORT`.

It speaks as the practice marketplace does, holds nothing and refuses nothing. `GET /told` says how many writes it took,
and how many a second between the first tenth of them and the last.
"""

import asyncio
import itertools
import sys
import time
from datetime import UTC, datetime

from aiohttp import web

ANSWERS_AFTER = 0.2
"""Seconds."""
ENDS = 10
"""A tenth of the writes at the beginning and one at the end are left out of the rate: workers start and end there."""


class SlowMarket:
    """Keeps the times of its writes, and nothing else."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._writes: list[float] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/told", self._told),
            web.get("/v1/sellers", self._nobody),
            web.post("/v1/sellers", self._open),
            web.post("/v1/sellers/{seller}/tokens", self._token),
            web.get("/v1/seller", self._seller),
            web.put("/v1/seller/pickup", self._pickup),
            web.post("/v1/images", self._image),
            web.post("/v1/items", self._item),
        ]

    async def _told(self, _: web.Request) -> web.Response:
        end = len(self._writes) // ENDS
        steady = sorted(self._writes)[end : len(self._writes) - end]
        rate = len(steady) / (steady[-1] - steady[0]) if len(steady) > 1 else 0.0
        return web.json_response({"writes": len(self._writes), "per_second": rate})

    async def _nobody(self, _: web.Request) -> web.Response:
        return await _later({"sellers": []})

    async def _open(self, request: web.Request) -> web.Response:
        self._writes.append(time.monotonic())
        body = await request.json()
        return await _later(_shop(next(self._numbers), body["external_key"]))

    async def _token(self, request: web.Request) -> web.Response:
        return await _later({"access_token": request.match_info["seller"], "expires_in": 36_000})

    async def _seller(self, request: web.Request) -> web.Response:
        return await _later(_shop(_number(request), "unknown"))

    async def _pickup(self, request: web.Request) -> web.Response:
        self._writes.append(time.monotonic())
        body = await request.json()
        return await _later(_shop(_number(request), "unknown", {"city": body["city"]}))

    async def _image(self, request: web.Request) -> web.Response:
        await request.read()
        return await _later({"image_id": str(next(self._numbers))})

    async def _item(self, request: web.Request) -> web.Response:
        self._writes.append(time.monotonic())
        body = await request.json()
        number = next(self._numbers)
        shown = {"item_no": f"I{number}", "phase": "selling", "note": None, "page": f"/{number}"}
        now = datetime.now(UTC).isoformat()
        return await _later({"item": {**body, **shown, "touched_at": now}})


def _shop(number: int, key: str, pickup: object = None) -> dict[str, object]:
    shown = {"seller_no": f"S{number}", "external_key": key, "shop_name": "x", "phase": "trading"}
    return {"seller": {**shown, "note": None, "pickup": pickup, "page": f"/{number}"}}


def _number(request: web.Request) -> int:
    """Whose token it is: the token is the seller's number."""
    return int(request.headers["Authorization"].rsplit("S", 1)[-1])


async def _later(answer: dict[str, object]) -> web.Response:
    await asyncio.sleep(ANSWERS_AFTER)
    return web.json_response(answer)


if __name__ == "__main__":
    app = web.Application()
    app.add_routes(SlowMarket().routes())
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)

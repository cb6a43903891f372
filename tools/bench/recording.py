"""The engine's own calls, written down to be made again without it: `python -m tools.bench.recording FILE`."""

import asyncio
import base64
import json
import sys
from dataclasses import replace
from pathlib import Path

import httpx

from onboarder.application import Application, open_application
from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Equipment
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.connector.registry import connector_type
from onboarder.converge.loop import PassEnd, converge
from onboarder.converge.surroundings import Marketplace, Surroundings
from onboarder.logging import configure_logging
from onboarder.model.ids import MarketplaceName
from onboarder.records.progress import Selection, chosen_stores
from onboarder.settings import Settings

REHEARSAL = MarketplaceName("rehearsal")
LEFT_OUT = {"host", "content-length", "connection"}
"""Headers that every client writes itself."""


class Recorder(httpx.AsyncBaseTransport):
    """Passes requests on and keeps what is needed to make them again."""

    def __init__(self) -> None:
        self.calls: list[dict[str, object]] = []
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        headers = {name: value for name, value in request.headers.items() if name not in LEFT_OUT}
        self.calls.append(
            {
                "method": request.method,
                "path": request.url.raw_path.decode(),
                "headers": headers,
                "body": base64.b64encode(body).decode(),
            }
        )
        request.stream = httpx.ByteStream(body)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def record(settings: Settings, file: Path) -> None:
    """Pass over every store until it is done; one line of calls per store."""
    async with open_application(settings) as app, app.surroundings(None) as usual:
        recorder = Recorder()
        around = _recorded(app, usual, recorder)
        async with app.database.read() as tx:
            found = await chosen_stores(tx, Selection())
        with file.open("w", encoding="utf-8") as lines:
            for store in found:
                while await converge(around, store.id, owner="bench") is PassEnd.AGAIN:
                    pass
                lines.write(json.dumps(recorder.calls) + "\n")
                recorder.calls.clear()


def _recorded(app: Application, around: Surroundings, recorder: Recorder) -> Surroundings:
    config = app.marketplace_config(REHEARSAL)
    client = open_client(config.base_url, transport=recorder)
    http = MarketplaceHttp(client, UnlimitedBudget(), marketplace=REHEARSAL, clock=app.clock)
    equipment = Equipment(http, app.clock, app.vault.derive)
    connector = connector_type(config.connector)(config.settings, equipment)
    marketplace = Marketplace(REHEARSAL, connector, app.categories(REHEARSAL))
    return replace(around, marketplaces={REHEARSAL: marketplace})


if __name__ == "__main__":
    configure_logging(json=True)
    asyncio.run(record(Settings(), Path(sys.argv[1])))

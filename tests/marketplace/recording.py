"""Record what the connector and the real Mercur say to each other: `python -m tests.marketplace.recording`.

Writes connectors/mercur/tests/wire/*.json, from which tests replay without a server. Tokens lose their signatures,
passwords and pictures their contents.
"""

import asyncio
import base64
import json
import re
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl

import httpx

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Access, ListingDraft
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.model.ids import Reference
from onboarder.model.shop import ListingField, Offer
from onboarder_mercur import MercurConnector
from tests.marketplace.mercur import Mercur, start_mercur
from tests.marketplace.samples import (
    connector_on,
    draft_of,
    listing_content,
    photo,
    store_content,
)
from tests.marketplace.seller import access_to

WIRE = Path(__file__).parents[2] / "connectors" / "mercur" / "tests" / "wire"
ADDRESS = "http://127.0.0.1:9000"
ISSUED = 1_795_471_200
"""When all recorded tokens say they were issued: 2026-11-23 22:00 UTC."""
TOKEN = re.compile(r"eyJ[\w-]+\.([\w-]+)\.[\w-]+")

T = TypeVar("T")

STORE = store_content("knm-7f3k2q8a")
LISTING = listing_content("knm-7f3k2q8a-p3x9q2mw", "Merah", "Biru")
CHANGED = replace(
    LISTING,
    title="Kerupuk melarat besar",
    category="batik",
    offers=(
        replace(LISTING.offers[0], price=11_000, stock=50),
        Offer(Reference(f"{LISTING.reference}-9"), "Hijau", 14_000, 3),
    ),
)
TWO_FIELDS = frozenset({ListingField.TITLE, ListingField.CATEGORY})
SHELF = frozenset({ListingField.VARIANTS, ListingField.PRICE, ListingField.STOCK})


class Recorder(httpx.AsyncBaseTransport):
    """Passes calls on and keeps them."""

    def __init__(self) -> None:
        self.exchanges: list[dict[str, object]] = []
        self._way = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        response = await self._way.handle_async_request(request)
        await response.aread()
        exchange = {
            **said(request),
            "status": response.status_code,
            "answer": json.loads(response.content),
        }
        self.exchanges.append(exchange)
        plain = {"content-type": response.headers["content-type"]}
        return httpx.Response(
            response.status_code, headers=plain, stream=httpx.ByteStream(response.content)
        )

    async def aclose(self) -> None:
        await self._way.aclose()


class Session:
    """What is said is written to files, scene by scene."""

    def __init__(self, mercur: Mercur, recorder: Recorder, http: MarketplaceHttp) -> None:
        self.operator = mercur.control.operator
        self._http = http
        self._url = mercur.url
        self._recorder = recorder

    @property
    def connector(self) -> MercurConnector:
        """A new one each time: it remembers nothing, so that every scene is whole."""
        return connector_on(self._http)

    async def scene(self, name: str, act: Awaitable[T]) -> T:
        """Do it and write what was said to wire/NAME.json."""
        self._recorder.exchanges.clear()
        result = await act
        text = json.dumps(self._recorder.exchanges, indent=1, ensure_ascii=False)
        text = TOKEN.sub(_unsigned, text.replace(self._url, ADDRESS))
        (WIRE / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        return result


def said(request: httpx.Request) -> dict[str, object]:
    """What a recording keeps of a request that was read."""
    return {
        "method": request.method,
        "path": request.url.path,
        "query": dict(parse_qsl(request.url.query.decode())),
        "seller": request.headers.get("x-seller-id"),
        "body": _body(request),
    }


async def record(mercur: Mercur) -> None:
    """Play all scenes once."""
    recorder = Recorder()
    client = open_client(mercur.url, transport=recorder)
    http = MarketplaceHttp(client, UnlimitedBudget(), marketplace="mercur")
    session = Session(mercur, recorder, http)
    try:
        access = await _store_scenes(session)
        await _listing_scenes(session, access)
    finally:
        await client.aclose()


async def _store_scenes(session: Session) -> Access:
    opened = await session.scene("open_store", session.connector.open_store(STORE))
    access = access_to(opened, STORE.reference)
    await session.scene("complete_store", session.connector.complete_store(access, STORE))
    await session.scene("find_store", session.connector.find_store(STORE))
    taken = store_content("knm-otherone", name=STORE.name)
    await session.scene("name_taken", session.connector.open_store(taken))
    session.operator.suspend(access.remote_id, "KTP tidak jelas")
    await session.scene("refused_store", session.connector.observe_store(access))
    return access


async def _listing_scenes(session: Session, access: Access) -> None:
    operator = session.operator
    await session.scene("categories", session.connector.categories(access))
    remote = await session.scene("upload_photo", session.connector.upload_photo(access, photo()))
    draft = ListingDraft(replace(LISTING, photos=(remote.hash,)), (remote,))
    await session.scene("create_listing", session.connector.create_listings(access, [draft]))
    found = await session.scene(
        "find_listing", session.connector.find_listing(access, LISTING.reference)
    )
    assert found is not None
    product = found.remote_id
    operator.reject(product, "Foto buram")
    await session.scene("observe_listings", session.connector.observe_listings(access, None))
    change = session.connector.update_listing(access, product, draft_of(CHANGED), TWO_FIELDS)
    await session.scene("update_content", change)
    change = session.connector.update_listing(access, product, draft_of(CHANGED), SHELF)
    await session.scene("update_shelf", change)
    await session.scene("withdraw_listing", session.connector.withdraw_listing(access, product))
    await session.scene("relist", session.connector.relist(access, product))
    operator.publish(product)
    missing = session.connector.find_listing(access, Reference("knm-7f3k2q8a-nothing"))
    await session.scene("find_nothing", missing)


def _body(request: httpx.Request) -> object:
    if not request.content:
        return None
    if request.headers.get("content-type", "").startswith("multipart/"):
        part = re.search(rb'name="(\w+)"; filename="([^"]+)"', request.content)
        assert part is not None
        return {"part": part[1].decode(), "filename": part[2].decode()}
    body = json.loads(request.content)
    return body | {"password": "hidden"} if "password" in body else body


def _unsigned(match: re.Match[str]) -> str:
    claims = json.loads(base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)))
    kept = {"actor_id": claims["actor_id"], "iat": ISSUED, "exp": ISSUED + 86_400}
    return (
        f"e30.{base64.urlsafe_b64encode(json.dumps(kept).encode()).decode().rstrip('=')}.unsigned"
    )


if __name__ == "__main__":
    with start_mercur() as started:
        asyncio.run(record(started))

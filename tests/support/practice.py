"""The practice marketplace in the same process, the connector before it, and a clock that only the test moves."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr, TypeAdapter
from starlette.applications import Starlette

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import (
    Access,
    Equipment,
    ListingDraft,
    OpenedStore,
    Photo,
    RemotePhoto,
)
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.model.ids import PhotoHash, Reference
from onboarder.model.shop import ListingContent, Offer, StoreContent
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server import Dial, Rules, create_app
from onboarder_rehearsal.server.webhooks import PostOffice

BASE = "http://127.0.0.1:8790"
PARTNER = {"Authorization": "Partner a-partner-key-of-the-tests"}
JPEG = b"\xff\xd8\xff\xe0 a practice photo \xff\xd9"
_ANSWER: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])


@dataclass
class Clock:
    """Time as the test tells it."""

    now: datetime = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Practice:
    """`raw` talks to the marketplace without the connector; the account is its own, not ours."""

    raw: httpx.AsyncClient
    clock: Clock
    connector: RehearsalConnector
    naps: list[float]
    app: Starlette
    post_office: PostOffice

    async def control(self, method: str, path: str, body: object = None) -> dict[str, object]:
        """A call of the control API that must succeed."""
        answer = await self.raw.request(method, f"/_control/{path}", json=body)
        assert answer.is_success, answer.text
        return _ANSWER.validate_json(answer.content)

    async def dial(self, *dials: Dial) -> None:
        body = [dial.model_dump(mode="json") for dial in dials]
        await self.control("POST", "dials", body)

    async def account(self) -> dict[str, object]:
        return await self.control("GET", "account")

    async def creates(self) -> tuple[int, int]:
        """Stores and listings ever made through the API."""
        made = (await self.account())["creates"]
        assert isinstance(made, dict)
        counts = TypeAdapter(dict[str, int]).validate_python(made)
        return counts["stores"], counts["listings"]

    async def open(self, reference: str = "knm-1", *, complete: bool = True) -> Access:
        """A store of the connector's, ready to list."""
        content = store_content(reference)
        opened = await self.connector.open_store(content)
        access = access_to(content.reference, opened)
        if complete:
            await self.connector.complete_store(access, content)
        return access


@asynccontextmanager
async def practice(
    *,
    rules: Rules | None = None,
    dials: Sequence[Dial] = (),
    settings: Mapping[str, object] | None = None,
    open_webhook_client: httpx.AsyncBaseTransport | None = None,
) -> AsyncGenerator[Practice]:
    """A fresh practice marketplace in memory."""
    clock, naps = Clock(), list[float]()

    async def sleep(seconds: float) -> None:
        naps.append(seconds)

    app = create_app(
        None,
        clock=clock.seconds,
        sleep=sleep,
        rules=rules,
        dials=dials,
        open_webhook_client=lambda: httpx.AsyncClient(transport=open_webhook_client),
    )
    transport = httpx.ASGITransport(app=app)
    http = MarketplaceHttp(
        open_client(BASE, transport=transport),
        UnlimitedBudget(),
        marketplace="rehearsal",
        clock=clock,
    )
    connector = RehearsalConnector(settings or {}, Equipment(http, clock, derived))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as raw:
        yield Practice(raw, clock, connector, naps, app, app.state.post_office)
    await http.aclose()
    app.state.desk.state.close()


def derived(purpose: str) -> SecretStr:
    return SecretStr(f"derived for {purpose}")


def access_to(reference: Reference, opened: OpenedStore) -> Access:
    return Access(reference, opened.store.remote_id, opened.credentials)


def store_content(reference: str = "knm-1", name: str = "Toko Contoh") -> StoreContent:
    """Sample data: invented."""
    return StoreContent(
        reference=Reference(reference),
        name=name,
        alternative_names=(f"{name} Kanoman", f"{name} {reference}"),
        owner_name="Ibu Contoh",
        phone="+6281100000001",
        email=None,
        description="Kerupuk dan terasi",
        stall="Blok A / Los 1",
        market_name="Pasar Kanoman",
        street="Jl. Kanoman",
        city="Cirebon",
        province="Jawa Barat",
        postal_code="45111",
    )


def listing_content(reference: str = "knm-1-a", **changes: object) -> ListingContent:
    """Sample data: invented."""
    values: dict[str, object] = {
        "reference": Reference(reference),
        "title": "Kerupuk contoh",
        "description": "Kerupuk untuk latihan",
        "category": "1010",
        "weight_grams": 250,
        "photos": (),
        "offers": (Offer(Reference(f"{reference}-x"), "", 12_500, 10),),
    }
    return ListingContent(**(values | changes))  # type: ignore[arg-type]  # as the test writes them


def draft(reference: str = "knm-1-a", **changes: object) -> ListingDraft:
    content = listing_content(reference, **changes)
    return ListingDraft(content, tuple(RemotePhoto(photo, photo) for photo in content.photos))


def photo(name: str = "ab12") -> Photo:
    return Photo(PhotoHash(name), "image/jpeg", JPEG + name.encode())


def item_body(key: str = "knm-1-a", **changes: object) -> dict[str, object]:
    """An item in the marketplace's own words."""
    return {
        "external_key": key,
        "headline": "Kerupuk contoh",
        "category": "1010",
        "mass_kg": "0.250",
        "choices": [{"sku": f"{key}-x", "amount_sen": 1_250_000, "on_hand": 10}],
    } | changes


def application(key: str = "knm-1", name: str = "Toko Contoh") -> dict[str, object]:
    """An application in the marketplace's own words."""
    return {"external_key": key, "shop_name": name, "contact": {"person": "Ibu Contoh"}}


async def raw_seller(here: Practice, key: str = "knm-1", *, pickup: bool = True) -> dict[str, str]:
    """A seller signed up without the connector; answers the headers of its calls."""
    answer = await here.raw.post("/v1/sellers", headers=PARTNER, json=application(key))
    number = answer.json()["seller"]["seller_no"]
    token = (await here.raw.post(f"/v1/sellers/{number}/tokens", headers=PARTNER)).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    if pickup:
        await here.raw.put("/v1/seller/pickup", headers=headers, json={"city": "Cirebon"})
    return headers

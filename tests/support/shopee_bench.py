"""The Shopee connector before answers that a test gives (respx), or before the fake in this process."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import respx
from pydantic import SecretStr, TypeAdapter

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Access, Credentials, Equipment, ListingDraft, RemotePhoto
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.model.ids import PhotoHash, ProductId, Reference, RemoteId, variant_reference
from onboarder.model.shop import ListingContent, Offer
from onboarder_shopee import ShopeeConnector

HOST = "https://partner.example"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SHOP = 14701711
PRODUCT = ProductId("knm-7f3k2q8a-p3x9q2mw")
KEY = Reference(PRODUCT)
WIRE = Path(__file__).parents[2] / "connectors" / "shopee" / "tests" / "wire"
PHOTO = RemotePhoto(PhotoHash("a" * 64), "id-11134207-7r98o-lxyz")
SETTINGS: Mapping[str, object] = {
    "partner_id": 2001887,
    "package": {"length": 25, "width": 20, "height": 8},
    "attributes": {"*": {"Masa Penyimpanan": "6 Bulan"}},
}
ACCESS = Access(
    Reference("knm-7f3k2q8a"),
    RemoteId(str(SHOP)),
    Credentials(
        SecretStr(
            json.dumps({"shop_id": SHOP, "access_token": "t0ken-of-siti", "refresh_token": "r0"})
        )
    ),
)


@dataclass
class PausingBudget(UnlimitedBudget):
    """Remembers how long it was told to pause."""

    pauses: list[timedelta] = field(default_factory=list[timedelta])

    async def penalise(self, scope: str, pause: timedelta) -> None:
        self.pauses.append(pause)


@dataclass
class Clock:
    now: datetime = NOW
    slept: list[float] = field(default_factory=list[float])

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@dataclass
class ShopeeBench:
    connector: ShopeeConnector
    router: respx.MockRouter
    clock: Clock
    budget: PausingBudget

    def answer(self, name: str, *answers: object) -> respx.Route:
        """Bodies for one call after the other; the last one stays."""
        replies = [one if isinstance(one, httpx.Response) else ok(one) for one in answers]
        queue = iter(replies)

        def reply(_: httpx.Request) -> httpx.Response:
            return next(queue, replies[-1])

        return self.router.route(path=f"/api/v2/{name}").mock(side_effect=reply)

    def created(self, *read_back: dict[str, object]) -> respx.Route:
        """An undisturbed add_item and what is read back after it."""
        self.ready_to_create()
        self.answer("product/get_item_base_info", *(fine(item_list=[one]) for one in read_back))
        return self.answer("product/add_item", recorded("add_item"))

    async def create(self, *names: str) -> object:
        """What becomes of `a_product`."""
        answer = await self.connector.create_listings(ACCESS, [a_product(*names)])
        return answer[KEY]

    def ready_to_create(self) -> None:
        """A shop with a channel and a category that asks for one detail; nothing in it."""
        self.answer("logistics/get_channel_list", recorded("channels"))
        self.answer("product/get_category", CATEGORIES)
        self.answer("product/get_item_limit", recorded("item_limit"))
        self.answer("product/get_attribute_tree", recorded("attribute_tree"))
        self.answer("product/get_item_list", fine(item=[], has_next_page=False))


CATEGORY_ROWS: Sequence[Mapping[str, object]] = (
    {
        "category_id": 100629,
        "parent_category_id": 0,
        "has_children": True,
        "original_category_name": "Food",
        "display_category_name": "Makanan",
    },
    {
        "category_id": 100734,
        "parent_category_id": 100629,
        "has_children": False,
        "original_category_name": "Crackers",
        "display_category_name": "Kerupuk",
    },
)
CATEGORIES: Mapping[str, object] = {"error": "", "response": {"category_list": CATEGORY_ROWS}}


@asynccontextmanager
async def shopee_bench(
    secrets: Mapping[str, str] | None = None, *, without_keys: bool = False, **settings: object
) -> AsyncGenerator[ShopeeBench]:
    """Answers nobody set end the test."""
    kept = {} if without_keys else {"partner_key": "shpk-invented", **(secrets or {})}
    clock, budget = Clock(), PausingBudget()

    def secret(name: str) -> SecretStr | None:
        return SecretStr(kept[name]) if name in kept else None

    with respx.mock(base_url=HOST, assert_all_called=False) as router:
        async with open_client(HOST, transport=httpx.AsyncHTTPTransport()) as client:
            door = MarketplaceHttp(client, budget, marketplace="shopee", clock=clock)
            equipment = Equipment(door, clock, SecretStr, secret)
            connector = ShopeeConnector({**SETTINGS, **settings}, equipment, sleep=clock.sleep)
            yield ShopeeBench(connector, router, clock, budget)


def ok(body: object, *, status: int = 200, date: datetime | None = None) -> httpx.Response:
    moment = f"{date:%a, %d %b %Y %H:%M:%S} GMT" if date else ""
    return httpx.Response(status, json=body, headers={"date": moment} if date else {})


def fine(**response: object) -> dict[str, object]:
    """A success."""
    return {"error": "", "message": "", "request_id": "req-1", "response": response}


def refused(code: str, message: str = "") -> dict[str, object]:
    return {"error": code, "message": message, "request_id": "req-9"}


def recorded(name: str) -> dict[str, object]:
    """An answer of the documentation's shape."""
    text = (WIRE / f"{name}.json").read_bytes()
    return TypeAdapter(dict[str, object]).validate_python(json.loads(text)["answer"])


def sent(route: respx.Route) -> list[httpx.Request]:
    """The requests that a route was asked, in order."""
    return [route.calls[number].request for number in range(route.call_count)]


def a_product(*names: str, **changes: object) -> ListingDraft:
    """A draft with one photo and a choice for each name."""
    offers = tuple(
        Offer(variant_reference(PRODUCT, name), name, 15_000 + 1_000 * number, 40)
        for number, name in enumerate(names or ("",))
    )
    plain: dict[str, object] = {
        "reference": KEY,
        "title": "Kerupuk melarat 250 g",
        "description": "Kerupuk melarat khas Cirebon, digoreng pasir.",
        "category": "100734",
        "weight_grams": 250,
        "photos": (PHOTO.hash,),
        "offers": offers,
    }
    return ListingDraft(ListingContent(**{**plain, **changes}), (PHOTO,))  # type: ignore[arg-type]  # as named above


def an_item(**changes: object) -> dict[str, object]:
    """`a_product` as get_item_base_info shows it."""
    return {
        "item_id": 3000142341,
        "category_id": 100734,
        "item_name": "Kerupuk melarat 250 g",
        "description": "Kerupuk melarat khas Cirebon, digoreng pasir.",
        "item_sku": KEY,
        "create_time": 1_795_000_000,
        "update_time": 1_795_000_000,
        "item_status": "UNLIST",
        "deboost": "false",
        "has_model": False,
        "price_info": [{"currency": "IDR", "original_price": 15000.0, "current_price": 15000.0}],
        "stock_info_v2": {"seller_stock": [{"location_id": "", "stock": 40}]},
        "image": {"image_id_list": [PHOTO.key]},
        "weight": "0.25",
        **changes,
    }


def two_models(*offers: tuple[str, int]) -> dict[str, object]:
    """Of a level with two options, in another order than they were sent."""
    return fine(
        standardise_tier_variation=[
            {
                "variation_name": "Pilihan",
                "variation_option_list": [
                    {"variation_option_name": name} for name in ("Merah", "Biru")
                ],
            }
        ],
        model=[
            {
                "model_id": 2000458802 + place,
                "tier_index": [place],
                "model_sku": sku,
                "price_info": [{"original_price": price}],
                "stock_info_v2": {"seller_stock": [{"stock": 40}]},
            }
            for place, (sku, price) in reversed([*enumerate(offers)])
        ],
    )

"""The fake in the test's own process, with a clock that only the test moves."""

import io
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from PIL import Image
from pydantic import TypeAdapter

from onboarder.connector.client import MarketplaceClient, open_client
from tests.marketplace.shopee.app import create_app
from tests.marketplace.shopee.caller import Caller
from tests.marketplace.shopee.dials import Dial
from tests.marketplace.shopee.launch import DICT
from tests.marketplace.shopee.pushes import PostOffice
from tests.marketplace.shopee.rules import Rules
from tests.support.practice import Clock

BASE = "http://127.0.0.1:8791"
LIST: TypeAdapter[list[object]] = TypeAdapter(list[object])
ROWS: TypeAdapter[list[dict[str, object]]] = TypeAdapter(list[dict[str, object]])


@dataclass
class Inside:
    """`shop` calls for a shop that has consented, `app` for the app itself."""

    raw: MarketplaceClient
    post_office: PostOffice
    clock: Clock
    app: Caller
    shop: Caller

    async def control(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, object]:
        answer = await self.raw.request(method, f"/_control/{path}", json=body)
        assert answer.is_success, answer.text
        return DICT.validate_json(answer.content)

    async def dial(self, dial: Dial) -> None:
        await self.control("POST", "dials", dial.model_dump(mode="json"))

    async def rules(self, **rules: object) -> None:
        await self.control("PATCH", "rules", rules)

    async def befall(self, misfortune: str) -> None:
        await self.control("POST", f"shops/{self.shop.shop_id}/{misfortune}")

    async def another_shop(self, **fields: object) -> Caller:
        """One more that has consented."""
        made = await self.control("POST", "shops", fields)
        return await self.connected(int(str(made["shop_id"])))

    async def connected(self, shop_id: int) -> Caller:
        pair = await self.control("POST", f"shops/{shop_id}/tokens")
        token = str(pair["access_token"])
        return Caller(self.raw, self.clock.seconds, shop_id, token)

    async def image(self) -> str:
        answer = await self.app.upload(a_jpeg())
        return str(at(answer, "response", "image_info", "image_id"))

    async def item(self, **changes: object) -> int:
        """An item just added."""
        answer = await self.shop.post("product/add_item", await self.body(**changes))
        assert answer["error"] == "", answer
        return int(str(at(answer, "response", "item_id")))

    async def body(self, **changes: object) -> dict[str, object]:
        """What add_item wants, with changes; None takes a field away."""
        plain = item_body(await self.image()) | changes
        return {name: value for name, value in plain.items() if value is not None}

    async def base(self, *item_ids: int) -> list[dict[str, object]]:
        """The items as get_item_base_info tells of them."""
        listed = ",".join(map(str, item_ids))
        answer = await self.shop.get("product/get_item_base_info", {"item_id_list": listed})
        return rows(answer, "response", "item_list")


def _deaf(_: httpx.Request) -> httpx.Response:
    return httpx.Response(503)


@asynccontextmanager
async def inside(
    rules: Mapping[str, object] | None = None,
    *,
    ear: Callable[[httpx.Request], httpx.Response] = _deaf,
    **more: object,
) -> AsyncGenerator[Inside]:
    """A fresh fake with one connected shop, 14701711; `ear` hears its pushes."""
    clock = Clock()
    app = create_app(
        None,
        clock=clock.seconds,
        rules=Rules.model_validate({**(rules or {}), **more}),
        open_push_client=lambda: httpx.AsyncClient(transport=httpx.MockTransport(ear)),
    )
    transport = httpx.ASGITransport(app)
    async with open_client(BASE, transport=transport) as raw:
        caller = Caller(raw, clock.seconds)
        here = Inside(raw, app.state.post_office, clock, caller, caller)
        here.shop = await here.another_shop(shop_name="Kerupuk Bu Siti")
        try:
            yield here
        finally:
            app.state.desk.state.close()


def item_body(image: str) -> dict[str, object]:
    return {
        "item_name": "Kerupuk Melarat Cirebon 250 g - Bu Siti",
        "description": "Kerupuk melarat khas Cirebon, digoreng pasir.\nBerat bersih 250 g.",
        "category_id": 100734,
        "image": {"image_id_list": [image]},
        "original_price": 15000,
        "weight": 0.3,
        "dimension": {"package_length": 25, "package_width": 20, "package_height": 8},
        "logistic_info": [{"logistic_id": 8003, "enabled": True, "is_free": False}],
        "seller_stock": [{"stock": 40}],
        "brand": {"brand_id": 0, "original_brand_name": "NoBrand"},
        "attribute_list": [{"attribute_id": 100643, "attribute_value_list": [{"value_id": 3300}]}],
        "condition": "NEW",
        "item_status": "UNLIST",
        "item_sku": "OB-busiti-melarat250-1",
        "item_dangerous": 0,
        "pre_order": {"is_pre_order": False, "days_to_ship": 2},
    }


def a_jpeg(side: int = 64, shade: int = 0, kind: str = "JPEG") -> bytes:
    """A real picture."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), (shade, 90, 120)).save(file, kind)
    return file.getvalue()


def at(answer: object, *path: str | int) -> object:
    """A value inside an answer."""
    found = answer
    for step in path:
        match step:
            case int():
                found = LIST.validate_python(found)[step]
            case str():
                found = DICT.validate_python(found)[step]
    return found


def rows(answer: object, *path: str | int) -> list[dict[str, object]]:
    """A list of objects inside an answer."""
    return ROWS.validate_python(at(answer, *path))

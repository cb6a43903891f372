"""Signed calls to the fake, for its own tests: a second reading of the signature rules, without a connector."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from tests.marketplace.shopee.launch import DICT
from tests.marketplace.shopee.rules import Rules

Query = Mapping[str, str | int | list[str]]
PLAIN = Rules()


@dataclass(frozen=True)
class Caller:
    """One app, speaking for one shop or for itself."""

    raw: httpx.AsyncClient
    clock: Callable[[], float]
    shop_id: int | None = None
    access_token: str = field(default="", repr=False)

    def signed(self, path: str, **changes: str | int) -> dict[str, str | int]:
        """The common parameters; `changes` are made after signing, to spoil them."""
        timestamp = int(self.clock())
        shop = "" if self.shop_id is None else f"{self.access_token}{self.shop_id}"
        base = f"{PLAIN.partner_id}/api/v2/{path}{timestamp}{shop}"
        sign = hmac.new(PLAIN.partner_key.encode(), base.encode(), hashlib.sha256).hexdigest()
        common: dict[str, str | int] = {
            "partner_id": PLAIN.partner_id,
            "timestamp": timestamp,
            "sign": sign,
        }
        if self.shop_id is None:
            return {**common, **changes}
        return {**common, "access_token": self.access_token, "shop_id": self.shop_id, **changes}

    async def get(self, path: str, query: Query | None = None) -> dict[str, object]:
        answer = await self.raw.get(
            f"/api/v2/{path}", params={**self.signed(path), **(query or {})}
        )
        return DICT.validate_json(answer.content)

    async def post(self, path: str, body: object) -> dict[str, object]:
        answer = await self.raw.post(f"/api/v2/{path}", params=self.signed(path), json=body)
        return DICT.validate_json(answer.content)

    async def upload(self, *files: bytes, name: str = "image") -> dict[str, object]:
        path = "media_space/upload_image"
        public = Caller(self.raw, self.clock)
        parts = [(name, (f"{n}.jpg", content, "image/jpeg")) for n, content in enumerate(files)]
        answer = await self.raw.post(f"/api/v2/{path}", params=public.signed(path), files=parts)
        return DICT.validate_json(answer.content)

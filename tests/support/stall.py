"""A canvasser at a stall, through the API: merchants, goods, consents, photos."""

import base64
import hashlib
import io
from dataclasses import asdict, dataclass

import httpx
from PIL import Image

from tests.support.consenting import asking_consent
from tests.support.phone import sealed
from tests.support.signed_in import Service, ulid, with_key
from tests.support.town import REHEARSAL

MERCHANTS = "/api/v1/merchants"
SITI = ulid(1)
KERUPUK = ulid(2)
TODAY = "2026-11-23"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def siti(**changes: object) -> dict[str, object]:
    """Sample data: invented."""
    return {
        "id": SITI,
        "market": "KNM",
        "name": "Siti Contoh",
        "shop_name": "Warung Contoh",
        "block": "B",
        "stall": "12",
        "phone": "0812 3456 7890",
        "goods": "kerupuk",
    } | changes


def kerupuk(**changes: object) -> dict[str, object]:
    """Sample data: invented."""
    return {
        "id": KERUPUK,
        "name": "Kerupuk udang contoh",
        "price": 12_500,
        "stock": 20,
        "weight_grams": 250,
        "category": "food-crackers",
    } | changes


def a_photo() -> bytes:
    """Some 60 KB, another one each time."""
    out = io.BytesIO()
    Image.effect_noise((400, 300), 60).save(out, "JPEG")
    return out.getvalue()


@dataclass
class Stall:
    """Every create has a key of its own unless it is given one."""

    service: Service
    keys: int = 1000

    def key(self) -> dict[str, str]:
        self.keys += 1
        return with_key(self.keys)

    async def register(
        self, who: httpx.AsyncClient | None = None, /, **changes: object
    ) -> httpx.Response:
        phone = who or self.service.canvasser
        return await phone.post(MERCHANTS, json=siti(**changes), headers=self.key())

    async def train(self, merchant: str = SITI) -> httpx.Response:
        path = f"{MERCHANTS}/{merchant}/training"
        return await self.service.canvasser.put(path, json={"on": TODAY})

    async def add(self, merchant: str = SITI, /, **changes: object) -> httpx.Response:
        path = f"{MERCHANTS}/{merchant}/goods"
        return await self.service.canvasser.post(path, json=kerupuk(**changes), headers=self.key())

    async def consent(
        self, purpose: str, merchant: str = SITI, /, **changes: object
    ) -> httpx.Response:
        body = {
            "id": ulid(self.keys + 5000),
            "purpose": purpose,
            "marketplace": "rehearsal" if purpose == "marketplace" else None,
            "text_version": "1",
            "given": True,
            "read_aloud": True,
            "at": self.service.town.clock().isoformat(),
        }
        path = f"{MERCHANTS}/{merchant}/consents"
        return await self.service.canvasser.post(path, json=body | changes, headers=self.key())

    async def open(self, merchant: str = SITI, /, **changes: object) -> httpx.Response:
        body = {"marketplaces": ["rehearsal"]} | changes
        return await self.service.canvasser.post(f"{MERCHANTS}/{merchant}/stores", json=body)

    async def ready(self) -> None:
        """A merchant of whom nothing is missing."""
        await self.register()
        await self.train()
        await self.add()
        for purpose in ("data", "marketplace"):
            await self.consent(purpose)

    async def shown(self, merchant: str = SITI) -> dict[str, object]:
        answer = await self.service.canvasser.get(f"{MERCHANTS}/{merchant}")
        return dict(answer.raise_for_status().json())

    async def announce(
        self, content: bytes, number: int = 50, /, **changes: object
    ) -> httpx.Response:
        digest = hashlib.sha256(content).hexdigest()
        body = {"id": ulid(number), "size": len(content), "sha256": digest, "kind": "photo"}
        path = "/api/v1/uploads"
        return await self.service.canvasser.post(path, json=body | changes, headers=self.key())

    async def send(self, piece: bytes, offset: int, number: int = 50) -> httpx.Response:
        path = f"/api/v1/uploads/{ulid(number)}"
        headers = {"Upload-Offset": str(offset)}
        return await self.service.canvasser.patch(path, content=piece, headers=headers)

    def ask_permission(self) -> None:
        """From now on nobody but its owner opens a shop on the practice marketplace."""
        connector = self.service.town.around.marketplaces[REHEARSAL].connector
        vars(connector)["manifest"] = asking_consent(connector.manifest)

    def box(self, plain: bytes, *, bound: str = SITI) -> dict[str, object]:
        assert self.service.premises.boxes is not None
        return asdict(sealed(self.service.premises.boxes.public(), plain, bound=bound))

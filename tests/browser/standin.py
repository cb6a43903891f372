"""A strict stand-in for the service's field API: what the app's own tests need of it, with dials for trouble.

It counts effects, not requests: `effects` gets one entry each time something is carried out. An `Idempotency-Key` that
comes again has no second effect; with another body it is refused, as the service does.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from onboarder.api.areas import area_of
from onboarder.web.field_app import Served, app_files

Json = dict[str, object]
PIECE = 256 * 1024


@dataclass
class StandIn:
    """The service as the tests see it, and its dials."""

    effects: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """(kind, id) of everything that was carried out, in order."""
    bodies: dict[str, Json] = field(default_factory=dict[str, Json])
    lose: int = 0
    """How many of the next answers to unsafe requests are cut off after the work is done."""
    broken: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    """Names whose records are refused: status and code."""
    refuse: str = ""
    """A code with which everything but signing in is refused with 401."""
    quota: int | None = None
    """How many photos may be announced; None: any number."""
    spoil: int = 0
    """How many of the next photos arrive other than they were announced."""
    no_training_on: set[str] = field(default_factory=set[str])
    """Days that are refused as days of a training."""
    release: Mapping[str, Served] = field(default_factory=app_files)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    uploads: dict[str, tuple[int, str, bytearray]] = field(
        default_factory=dict[str, tuple[int, str, bytearray]]
    )
    merchants: dict[str, Json] = field(default_factory=dict[str, Json])
    stores: list[Json] = field(default_factory=list[Json])
    tasks: list[Json] = field(default_factory=list[Json])
    requests: list[str] = field(default_factory=list[str])
    pin: str = ""
    held: dict[str, str] = field(default_factory=dict[str, str])
    """Data keys that phones have sealed, by the box's text; the tests open no boxes."""
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def count(self, kind: str) -> int:
        return sum(1 for one, _ in self.effects if one == kind)

    def doubled(self) -> list[tuple[str, str]]:
        return [one for one in set(self.effects) if self.effects.count(one) > 1]


class Refusal(Exception):
    def __init__(self, status: int, code: str, **told: object) -> None:
        super().__init__(code)
        self.status, self.code, self.told = status, code, told

    def problem(self) -> Json:
        return {
            "type": "about:blank",
            "title": f"Ditolak ({self.code}).",
            "status": self.status,
            "detail": "",
            "code": self.code,
            "next": "Perbaiki lalu kirim lagi.",
            "errors": [],
            **self.told,
        }


def app_of(service: StandIn) -> FastAPI:
    """The app's files and the parts of /api/v1 that it speaks to."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    api = _Api(service)
    app.add_api_route("/app/{path:path}", _files(service))
    app.add_api_route("/api/v1/{path:path}", api.answer, methods=[*_METHODS])
    return app


_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _files(service: StandIn) -> Callable[[Request], Awaitable[Response]]:
    """The files as the service gives them, of whichever release is installed."""

    async def file(request: Request) -> Response:
        found = service.release.get(request.url.path)
        if found is None:
            return Response(status_code=404)
        own = {"cache-control": found.kept, "etag": found.etag, "content-encoding": "gzip"}
        guard = area_of("/app/").headers(by_https=False)
        headers = {name.decode(): value.decode() for name, value in guard.items()} | own
        return Response(found.packed, headers=headers, media_type=found.kind)

    return file


class _Api:
    def __init__(self, service: StandIn) -> None:
        self.service = service

    async def answer(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/api/v1")
        raw = await request.body()
        self.service.requests.append(f"{request.method} {path}")
        try:
            status, body, headers = self._route(request, path, raw)
        except Refusal as refused:
            status, headers = refused.status, {"content-type": "application/problem+json"}
            body = refused.problem()
        if request.method != "GET" and status < 300 and self.service.lose > 0:
            self.service.lose -= 1
            return StreamingResponse(
                _cut_off(), headers={"content-length": "999", "content-type": "application/json"}
            )
        if body is None:
            return Response(status_code=status, headers=headers)
        return JSONResponse(body, status, headers)

    def _route(  # noqa: C901, PLR0911, PLR0912 - a table of addresses
        self, request: Request, path: str, raw: bytes
    ) -> tuple[int, Json | None, dict[str, str]]:
        service, method = self.service, request.method
        parts = path.strip("/").split("/")
        if method != "GET":
            assert request.headers["x-onboarder"] == "1"
        if parts[0] == "session":
            return self._session(method, parts[1:], raw)
        if service.refuse:
            raise Refusal(401, service.refuse)
        match method, parts:
            case "GET", ["work"]:
                work: Json = {"stores": service.stores, "tasks": service.tasks, "now": _now()}
                etag = f'"{hashlib.sha256(json.dumps([service.stores, service.tasks]).encode()).hexdigest()[:16]}"'
                if request.headers.get("if-none-match") == etag:
                    return 304, None, {"etag": etag}
                return 200, work, {"etag": etag}
            case "GET", ["rules"]:
                return 200, RULES, {}
            case "GET", ["consent-texts"]:
                return 200, {"items": TEXTS}, {}
            case "GET", ["merchants"]:
                return 200, {"items": list(service.merchants.values()), "next": None}, {}
            case "GET", ["merchants", key]:
                return 200, self._merchant(key), {"etag": _etag(self._merchant(key))}
            case "GET", ["stores", _, "link"]:
                return (
                    200,
                    {
                        "url": "http://x",
                        "qr": QR,
                        "text": "http://x",
                        "whatsapp_url": "https://wa.me/?text=x",
                        "expires_at": _now(),
                    },
                    {},
                )
            case "POST", ["uploads"]:
                return 201, self._upload(request, json.loads(raw)), {}
            case "PATCH", ["uploads", key]:
                return 200, self._piece(key, int(request.headers["upload-offset"]), raw), {}
            case "GET", ["uploads", key]:
                return 200, self._at(key), {}
            case _:
                return self._change(request, parts, json.loads(raw or b"null"))

    def _session(
        self, method: str, parts: list[str], raw: bytes
    ) -> tuple[int, Json | None, dict[str, str]]:
        service = self.service
        body: dict[str, Any] = json.loads(raw or b"null")
        match method, parts:
            case "POST", ["enrolment"]:
                assert set(body) == {"token", "pin", "device"}
                service.pin, service.refuse = body["pin"], ""
                return 201, self._me(), {}
            case "POST", ["pin"]:
                if service.refuse in {"sign_in", "enrol_again"}:
                    raise Refusal(401, service.refuse)
                if body["pin"] != service.pin:
                    raise Refusal(401, "wrong_pin")
                service.refuse = ""
                return 204, None, {}
            case "POST", ["data_key"]:
                return 200, {"key": open_box(service.private, body["box"], "phone:C1")}, {}
            case "GET", []:
                if service.refuse in {"sign_in", "enrol_again"}:
                    raise Refusal(401, service.refuse)
                return 200, self._me(), {}
            case "DELETE", []:
                return 204, None, {"clear-site-data": '"cache", "cookies", "storage"'}
            case _:
                raise Refusal(404, "not_found")

    def _me(self) -> Json:
        spki = self.service.private.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        return {
            "id": "C1",
            "name": "Rina",
            "role": "canvasser",
            "programme": {"code": "cirebon", "name": "Grebeg Pasar", "city": "Cirebon"},
            "markets": [
                {"code": "KNM", "name": "Pasar Kanoman"},
                {"code": "PGI", "name": "Pasar Pagi"},
            ],
            "pin_needed": self.service.refuse == "pin_needed",
            "sealing_key": {"id": "k1", "spki": base64.b64encode(spki).decode()},
            "now": _now(),
            "practice": False,
            "lang": "id",
        }

    def _merchant(self, key: str) -> Json:
        if key not in self.service.merchants:
            raise Refusal(404, "not_found")
        return self.service.merchants[key]

    def _change(
        self, request: Request, parts: list[str], body: Json
    ) -> tuple[int, Json | None, dict[str, str]]:
        service, method = self.service, request.method
        name = str((body or {}).get("name", ""))
        if name in service.broken:
            raise Refusal(*service.broken[name])
        key = request.headers.get("idempotency-key", "")
        assert len(key) == 26
        told = hashlib.sha256(json.dumps([parts, body], sort_keys=True).encode()).hexdigest()
        if key in service.keys and method in {"POST", "PATCH"}:
            if service.keys[key][0] != told:
                raise Refusal(422, "key_reused")
            return self._shown(parts, body)
        self._carry_out(request, parts, body)
        service.keys[key] = (told, key)
        return self._shown(parts, body)

    def _carry_out(  # noqa: C901, PLR0912 - a table of addresses
        self, request: Request, parts: list[str], body: Json
    ) -> None:
        service = self.service
        match request.method, parts:
            case "POST", ["merchants"]:
                assert set(body) == {
                    "id",
                    "market",
                    "name",
                    "shop_name",
                    "block",
                    "stall",
                    "phone",
                    "email",
                    "goods",
                    "same_person_ok",
                    "practice",
                }
                key = str(body["id"])
                service.merchants[key] = {
                    **body,
                    "id": f"m-{key}",
                    "field_id": key,
                    "trained_on": None,
                    "warnings": [],
                    "products": [],
                    "consents": [],
                    "stores": [],
                }
                service.effects.append(("merchant", str(body["name"])))
            case "PATCH", ["merchants", key]:
                if request.headers["if-match"] != _etag(self._merchant(key)):
                    raise Refusal(412, "changed_meanwhile")
                self._merchant(key).update(_as_kept(body))
                service.effects.append(("edit", key))
            case "PUT", ["merchants", _, "training"] if body["on"] in service.no_training_on:
                raise Refusal(422, "date_bounds")
            case "PUT", ["merchants", key, "training"]:
                self._merchant(key)["trained_on"] = body["on"]
            case "PUT", ["merchants", key, "identity"]:
                self._merchant(key)
                service.bodies[f"identity {key}"] = body
            case "POST", ["merchants", key, "goods"]:
                photos = cast("list[str]", body["photos"])
                if any(len(service.uploads[one][2]) != service.uploads[one][0] for one in photos):
                    raise Refusal(422, "photo_unknown")
                cast("list[Json]", self._merchant(key)["products"]).append(
                    {**body, "active": True, "etag": '"g"', "listings": []}
                )
                service.effects.append(("good", str(body["name"])))
            case "PATCH", ["merchants", key, "goods", good]:
                products = cast("list[Json]", self._merchant(key)["products"])
                [product] = [one for one in products if one["id"] == good]
                if request.headers["if-match"] != product["etag"]:
                    raise Refusal(412, "changed_meanwhile")
                product.update(body, active=True)
                service.effects.append(("good_edit", good))
            case "POST", ["merchants", key, "consents"]:
                cast("list[Json]", self._merchant(key)["consents"]).append(
                    {**body, "signature": None}
                )
                service.effects.append(
                    ("consent", f"{key} {body['purpose']} {body['marketplace']}")
                )
                service.bodies[f"consent {key} {body['purpose']}"] = body
            case "POST", ["merchants", key, "stores"]:
                for place in cast("list[str]", body["marketplaces"]):
                    service.stores.append(brief(key, place))
                service.effects.append(("stores", key))
            case "POST", ["tasks", key, "answer"]:
                service.tasks = [one for one in service.tasks if one["id"] != key]
                service.effects.append(("answer", key))
            case _:
                raise Refusal(404, "not_found")

    def _shown(self, parts: list[str], body: Json) -> tuple[int, Json | None, dict[str, str]]:
        match parts:
            case ["merchants"]:
                return 201, self._merchant(str(body["id"])), {}
            case ["merchants", key] | ["merchants", key, "training"]:
                return 200, self._merchant(key), {}
            case ["merchants", key, "stores"]:
                return (
                    202,
                    {
                        "accepted": [
                            one for one in self.service.stores if one["merchant_field_id"] == key
                        ],
                        "refused": [],
                    },
                    {},
                )
            case ["merchants", _, "identity"]:
                return 204, None, {}
            case ["merchants", key, "goods", _]:
                return 200, {}, {}
            case _:
                return 201, {**body, "id": body.get("id", parts[-2])}, {}

    def _upload(self, request: Request, body: Json) -> Json:
        key = str(body["id"])
        assert key == request.headers["idempotency-key"]
        known, quota = self.service.uploads, self.service.quota
        if key not in known and quota is not None and len(known) >= quota:
            raise Refusal(429, "upload_quota")
        self.service.uploads.setdefault(
            key, (int(str(body["size"])), str(body["sha256"]), bytearray())
        )
        return self._at(key)

    def _piece(self, key: str, offset: int, piece: bytes) -> Json:
        size, digest, held = self.service.uploads[key]
        assert 0 < len(piece) <= PIECE
        if offset != len(held):
            raise Refusal(409, "upload_offset", **self._at(key))
        held.extend(piece)
        if len(held) == size and self.service.spoil:
            self.service.spoil -= 1
            held.clear()
            raise Refusal(422, "upload_spoilt", offset=0, size=size)
        if len(held) == size:
            assert hashlib.sha256(held).hexdigest() == digest
            self.service.effects.append(("photo", key))
        return self._at(key)

    def _at(self, key: str) -> Json:
        size, _, held = self.service.uploads[key]
        return {"offset": len(held), "size": size, "done": len(held) == size}


async def _cut_off() -> AsyncGenerator[bytes]:
    yield b'{"id": "'
    await asyncio.sleep(0)


def brief(merchant: str, place: str, **more: object) -> Json:
    return {
        "id": f"s-{merchant}-{place}",
        "merchant": f"m-{merchant}",
        "merchant_field_id": merchant,
        "marketplace": place,
        "stage": "draft",
        "done": 0,
        "total": 0,
        "sentence": "Draf toko sedang disiapkan. Tidak perlu apa-apa.",
        "who": "nobody",
        "url": None,
        "updated_at": _now(),
        **more,
    }


def open_box(private: ec.EllipticCurvePrivateKey, box: dict[str, str], about: str) -> str:
    """What a phone sealed, in base64."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    epk, nonce, ct = (base64.b64decode(box[name]) for name in ("epk", "nonce", "ct"))
    shared = private.exchange(
        ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), epk)
    )
    key = HKDF(SHA256(), 32, salt=b"", info=b"onboarder sealed box v1").derive(shared)
    return base64.b64encode(AESGCM(key).decrypt(nonce, ct, about.encode())).decode()


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _as_kept(body: Json) -> Json:
    """Phone numbers are written down in one way, whatever was typed."""
    phone = str(body.get("phone") or "")
    return body | ({"phone": f"+62{phone[1:]}"} if phone.startswith("0") else {})


def _etag(thing: Json) -> str:
    return f'"{hashlib.sha256(json.dumps(thing, sort_keys=True).encode()).hexdigest()[:16]}"'


def _need(code: str, title: str, minutes: int) -> Json:
    return {"code": code, "who": "canvasser", "title": title, "minutes": minutes}


_NEEDS = [
    _need("training", "Catat pelatihan", 1),
    _need("consent_data", "Izin data", 2),
    _need("consent_marketplace", "Izin membuka toko", 2),
    _need("goods", "Tambah minimal satu barang", 3),
    _need("title", "Perbaiki nama barang", 1),
    _need("photos", "Tambah foto", 1),
    _need("price", "Perbaiki harga", 1),
    _need("variants", "Kurangi varian", 1),
    _need("category", "Pilih kategori", 1),
]
_LIMITS = {
    "title_min": 5,
    "title_max": 100,
    "photos_min": 1,
    "photos_max": 9,
    "variants_max": 20,
    "price_min": 100,
    "price_max": 10**8,
    "description_min": 0,
}


def _place(name: str, title: str, *, practice: bool) -> Json:
    return {
        "name": name,
        "title": title,
        "practice": practice,
        "opened_by": "api",
        "limits": _LIMITS,
        "needs": _NEEDS,
    }


RULES: Json = {
    "version": "1",
    "categories": [{"code": "food-crackers", "title": "Kerupuk & keripik"}],
    "weights": [
        {"title": title, "grams": grams}
        for title, grams in (
            ("100 g", 100),
            ("250 g", 250),
            ("½ kg", 500),
            ("1 kg", 1000),
            ("2 kg", 2000),
        )
    ],
    "marketplaces": [
        _place("rehearsal", "Pasar Latihan", practice=True),
        _place("toko-satu", "Toko Satu", practice=False),
        _place("toko-dua", "Toko Dua", practice=False),
    ],
}


def _text(purpose: str, title: str, place: str | None = None, *, required: bool = True) -> Json:
    summary = (
        "Bapak/Ibu, kami ingin mencatat nama dan nomor HP untuk pelatihan. "
        "Boleh tidak setuju. Apakah Bapak/Ibu setuju?"
    )
    return {
        "purpose": purpose,
        "marketplace": place,
        "version": "1",
        "required": required,
        "lang": "id",
        "title": title,
        "text": "Siapa kami: program kota Cirebon.\nHak Anda: melihat dan menghapus.",
        "summary": summary,
    }


TEXTS = [
    _text("data", "Data untuk pendaftaran dan pelatihan"),
    _text("marketplace", "Membuka toko di Toko Satu", "toko-satu"),
    _text("marketplace", "Membuka toko di Toko Dua", "toko-dua"),
    _text("marketplace", "Membuka toko di Pasar Latihan", "rehearsal"),
    _text("photos", "Foto Anda dan lapak Anda", required=False),
]
QR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"><rect width="29" height="29" fill="#fff"/>'
    '<path d="M4 4h7v7h-7zM18 4h7v7h-7zM4 18h7v7h-7zM14 14h3v3h-3z"/></svg>'
)

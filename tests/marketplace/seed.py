"""What an operator sets up before the first seller comes: rupiah, a region, categories, a shop window."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter

from tests.marketplace.operator import AdminApi

CATEGORIES: dict[str, tuple[str, ...]] = {
    "Makanan & Minuman": (
        "Kerupuk & Keripik",
        "Terasi, Bumbu & Rempah",
        "Ikan Asin & Hasil Laut Kering",
        "Kue & Makanan Ringan",
        "Kopi, Teh & Minuman",
        "Beras & Bahan Pokok",
        "Sayur, Buah & Bahan Segar",
    ),
    "Busana": ("Batik", "Pakaian", "Sandal & Sepatu", "Tas & Aksesori"),
    "Rumah Tangga": ("Peralatan Dapur", "Perlengkapan Kebersihan", "Sprei & Tekstil Rumah"),
    "Perawatan Tubuh": (),
    "Mainan Anak": (),
    "Aksesori Elektronik": (),
    "Kerajinan": (),
    "Alat Tulis & Plastik": (),
}
"""Parents and their children: what is sold in the markets of Cirebon."""


Kind = TypeVar("Kind", bound=BaseModel)


class Identified(BaseModel):
    id: str


class Store(Identified):
    default_sales_channel_id: str


class ApiKey(Identified):
    token: str


@dataclass(frozen=True, slots=True)
class Seed:
    """Ids that tests need beside the categories' handles."""

    publishable_key: str
    sales_channel_id: str
    region_id: str


def handle_of(name: str) -> str:
    """The handle under which a category was made: `Camilan & Kerupuk` -> `camilan-kerupuk`."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def seed(api: AdminApi) -> Seed:
    """Set the empty marketplace up. Not to be repeated."""
    stores = TypeAdapter(dict[str, object]).validate_json(api.call("GET", "/admin/stores"))
    (store,) = TypeAdapter(tuple[Store]).validate_python(stores["stores"])
    currencies = [{"currency_code": "idr", "is_default": True}]
    api.call("POST", f"/admin/stores/{store.id}", json={"supported_currencies": currencies})
    region = {"name": "Indonesia", "currency_code": "idr", "countries": ["id"]}
    made_region = _made(api, "/admin/regions", "region", Identified, region)
    for parent, children in CATEGORIES.items():
        _categories(api, parent, children)
    key = _made(api, "/admin/api-keys", "api_key", ApiKey, {"title": "Web", "type": "publishable"})
    channel = store.default_sales_channel_id
    api.call("POST", f"/admin/api-keys/{key.id}/sales-channels", json={"add": [channel]})
    return Seed(key.token, channel, made_region.id)


def _categories(api: AdminApi, parent: str, children: tuple[str, ...]) -> None:
    made = _category(api, parent)
    for child in children:
        _category(api, child, parent_category_id=made.id)


def _category(api: AdminApi, name: str, **more: str) -> Identified:
    body = {"name": name, "handle": handle_of(name), "is_active": True, **more}
    return _made(api, "/admin/product-categories", "product_category", Identified, body)


def _made(api: AdminApi, path: str, key: str, kind: type[Kind], body: Mapping[str, object]) -> Kind:
    answer = TypeAdapter(dict[str, object]).validate_json(api.call("POST", path, json=body))
    return kind.model_validate(answer[key])

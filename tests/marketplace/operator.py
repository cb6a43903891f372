"""The marketplace operator's hands: approve and suspend sellers, judge products, change things by hand."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter

ADMIN_EMAIL = "operator@mercur.test"
ADMIN_PASSWORD = "only-for-tests"
PAGE = 500

SellerStatus = Literal["pending_approval", "open", "suspended", "terminated"]
ProductStatus = Literal["draft", "proposed", "published", "rejected"]
Record = TypeVar("Record", bound=BaseModel)
Json = Mapping[str, object]


class Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Seller(Row):
    """A store as the operator sees it."""

    id: str
    name: str
    handle: str
    email: str
    status: SellerStatus
    status_reason: str | None = None
    metadata: dict[str, object] | None = None


class Price(Row):
    amount: float
    currency_code: str


class StockLevel(Row):
    location_id: str
    stocked_quantity: int


class Inventory(Row):
    id: str
    location_levels: tuple[StockLevel, ...] = ()


class InventoryLink(Row):
    inventory: Inventory


class Variant(Row):
    id: str
    title: str
    sku: str | None
    prices: tuple[Price, ...] = ()
    inventory_items: tuple[InventoryLink, ...] = ()

    @property
    def price(self) -> int | None:
        """In rupiah."""
        rupiah = [price.amount for price in self.prices if price.currency_code == "idr"]
        return int(rupiah[0]) if rupiah else None

    @property
    def stock(self) -> int:
        """Over all locations."""
        levels = [
            level for link in self.inventory_items for level in link.inventory.location_levels
        ]
        return sum(level.stocked_quantity for level in levels)


class SellerOf(Row):
    id: str
    handle: str


class Image(Row):
    url: str


class CategoryOf(Row):
    handle: str


class Product(Row):
    """A product as the operator sees it."""

    id: str
    title: str
    handle: str
    external_id: str | None
    status: ProductStatus
    description: str | None = None
    metadata: dict[str, object] | None = None
    seller: SellerOf | None = None
    images: tuple[Image, ...] = ()
    categories: tuple[CategoryOf, ...] = ()
    variants: tuple[Variant, ...] = ()

    def variant(self, sku: str) -> Variant:
        return next(one for one in self.variants if one.sku == sku)


SELLER_FIELDS = ",".join(Seller.model_fields)
PRODUCT_FIELDS = (
    "id,title,handle,external_id,status,description,metadata"
    ",seller.id,seller.handle,images.url,categories.handle"
    ",variants.id,variants.title,variants.sku"
    ",variants.prices.amount,variants.prices.currency_code"
    ",variants.inventory_items.inventory.id"
    ",variants.inventory_items.inventory.location_levels.location_id"
    ",variants.inventory_items.inventory.location_levels.stocked_quantity"
)


class AdminApi:
    """Calls with the operator's token, which is fetched again whenever it has expired."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._token = "none-yet"

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Json | None = None,
        params: Mapping[str, str] | None = None,
    ) -> bytes:
        """The answer's body; raises httpx.HTTPStatusError for anything but success."""
        response = self._send(method, path, json, params)
        if response.status_code == 401:
            self._log_in()
            response = self._send(method, path, json, params)
        return response.raise_for_status().content

    def all_pages(self, path: str, key: str, kind: type[Record], fields: str) -> tuple[Record, ...]:
        """Every row under `key` of a paged list, in order of id."""
        rows: list[Record] = []
        while True:
            paging = {"offset": str(len(rows)), "limit": str(PAGE), "order": "id"}
            answer = self.call("GET", path, params={**paging, "fields": fields})
            page = TypeAdapter(dict[str, object]).validate_json(answer)[key]
            new = [
                kind.model_validate(row) for row in TypeAdapter(list[object]).validate_python(page)
            ]
            rows.extend(new)
            if len(new) < PAGE:
                return tuple(rows)

    def _send(
        self, method: str, path: str, json: Json | None, params: Mapping[str, str] | None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._http.request(method, path, json=json, params=params, headers=headers)

    def _log_in(self) -> None:
        login = {"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD}
        response = self._http.post("/auth/user/emailpass", json=login).raise_for_status()
        self._token = TypeAdapter(dict[str, str]).validate_json(response.content)["token"]


class Operator:
    """What a person does in the marketplace's admin screens. Ids are Mercur's (`sel_…`, `prod_…`)."""

    def __init__(self, api: AdminApi) -> None:
        self._api = api

    def sellers(self) -> tuple[Seller, ...]:
        return self._api.all_pages("/admin/sellers", "sellers", Seller, SELLER_FIELDS)

    def seller(self, handle: str) -> Seller:
        """KeyError if no store has that handle."""
        return _by_handle(self.sellers(), handle)

    def approve(self, seller_id: str) -> None:
        self._judge_seller(seller_id, "approve")

    def suspend(self, seller_id: str, reason: str) -> None:
        """Of a pending store this means that its application is refused."""
        self._judge_seller(seller_id, "suspend", reason=reason)

    def unsuspend(self, seller_id: str) -> None:
        self._judge_seller(seller_id, "unsuspend")

    def terminate(self, seller_id: str, reason: str) -> None:
        self._judge_seller(seller_id, "terminate", reason=reason)

    def approve_all(self) -> int:
        """Approve every pending store; how many there were."""
        pending = [one for one in self.sellers() if one.status == "pending_approval"]
        for seller in pending:
            self.approve(seller.id)
        return len(pending)

    def products(self) -> tuple[Product, ...]:
        return self._api.all_pages("/admin/products", "products", Product, PRODUCT_FIELDS)

    def product(self, handle: str) -> Product:
        """KeyError if no product has that handle."""
        return _by_handle(self.products(), handle)

    def publish(self, product_id: str) -> None:
        self.change_product(product_id, status="published")

    def reject(self, product_id: str, reason: str) -> None:
        self.change_product(product_id, status="rejected", metadata={"rejection_reason": reason})

    def publish_all(self) -> int:
        """Publish every proposed product; how many there were."""
        proposed = [one for one in self.products() if one.status == "proposed"]
        for start in range(0, len(proposed), 50):
            batch = [{"id": one.id, "status": "published"} for one in proposed[start : start + 50]]
            self._api.call("POST", "/admin/products/batch", json={"update": batch})
        return len(proposed)

    def change_product(self, product_id: str, **changes: object) -> None:
        """Edit by hand: title, description, status, metadata, …"""
        self._api.call("POST", f"/admin/products/{product_id}", json=changes)

    def withdraw(self, product_id: str) -> None:
        self.change_product(product_id, status="draft")

    def delete_product(self, product_id: str) -> None:
        self._api.call("DELETE", f"/admin/products/{product_id}")

    def delete_variant(self, product: Product, sku: str) -> None:
        path = f"/admin/products/{product.id}/variants/{product.variant(sku).id}"
        self._api.call("DELETE", path)

    def set_price(self, product: Product, sku: str, rupiah: int) -> None:
        path = f"/admin/products/{product.id}/variants/{product.variant(sku).id}"
        prices = [{"currency_code": "idr", "amount": rupiah}]
        self._api.call("POST", path, json={"prices": prices})

    def set_stock(self, product: Product, sku: str, quantity: int) -> None:
        """At every location where the variant is stocked."""
        for link in product.variant(sku).inventory_items:
            for level in link.inventory.location_levels:
                path = f"/admin/inventory-items/{link.inventory.id}/location-levels/{level.location_id}"
                self._api.call("POST", path, json={"stocked_quantity": quantity})

    def _judge_seller(self, seller_id: str, verdict: str, **body: str) -> None:
        self._api.call("POST", f"/admin/sellers/{seller_id}/{verdict}", json=body)


def _by_handle(rows: Sequence[Record], handle: str) -> Record:
    for row in rows:
        if getattr(row, "handle", None) == handle:
            return row
    raise KeyError(handle)

"""The real Mercur as a subject of the conformance kit, by the operator's hands."""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from json import dumps
from pathlib import Path
from uuid import uuid4

import httpx
from pydantic import TypeAdapter

from onboarder.connector.http import open_client
from onboarder.connector.testing import (
    Ability,
    Act,
    HeldListing,
    HeldOffer,
    HeldStore,
    Reply,
    Route,
    Subject,
    UnableControl,
)
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingState, StoreState
from onboarder_mercur import MercurConnector
from onboarder_mercur.errors import TABLE
from tests.marketplace.operator import (
    PRODUCT_FIELDS,
    SELLER_FIELDS,
    AdminApi,
    Operator,
    Product,
    Seller,
)

EMAIL = "uji-konektor@onboarder.test"
PASSWORD = "only-for-conformance"
CANNOT: Mapping[Ability, str] = {
    Ability.CONSENT: "stores are opened through the API",
    Ability.DELETE_STORE: "Mercur terminates stores and keeps them",
    Ability.REVOKE: "a seller's login has no consent to take back",
    Ability.DELAY_VISIBILITY: "Mercur finds at once what it has committed",
    Ability.SPOIL_BATCH: "Mercur's sellers have no batch route",
}
ROUTES: Mapping[Act, Route] = {
    Act.OPEN_STORE: Route("POST /vendor/sellers"),
    Act.RENEW: Route("POST /auth/member/emailpass"),
    Act.COMPLETE_STORE: Route("POST /vendor/stock-locations.*"),
    Act.CREATE_LISTING: Route("POST /vendor/products"),
    Act.UPDATE_LISTING: Route("POST /vendor/products/.+"),
    Act.WITHDRAW_LISTING: Route("POST /vendor/products/[^/]+"),
    Act.RELIST: Route("POST /vendor/products/[^/]+"),
    Act.UPLOAD_PHOTO: Route("POST /vendor/uploads"),
    Act.OBSERVE_STORE: Route("GET /vendor/sellers/me"),
    Act.OBSERVE_LISTINGS: Route("GET /vendor/products"),
}
STORE_STATES = {
    "pending_approval": StoreState.IN_REVIEW,
    "open": StoreState.OPEN,
    "suspended": StoreState.SUSPENDED,
    "terminated": StoreState.CLOSED,
}
LISTING_STATES = {
    "draft": ListingState.WITHDRAWN,
    "proposed": ListingState.IN_REVIEW,
    "published": ListingState.LIVE,
    "rejected": ListingState.REJECTED,
}


class HeldProduct(Product):
    """A product with what the oracle needs beside."""

    weight: float | None = None


class MercurControl(UnableControl):
    """The operator, and the merchant at the marketplace's own screens."""

    def __init__(self, http: httpx.Client) -> None:
        self.cannot = CANNOT
        self.routes = ROUTES
        self.category = "kerupuk-keripik"
        self._http = http
        self._api = AdminApi(http)
        self._operator = Operator(self._api)
        self.other_category = f"uji-{uuid4().hex[:12]}"
        self._other_id = self._make_category(self.other_category)

    async def stores(self, reference: Reference) -> Sequence[HeldStore]:
        params = {"handle": reference, "fields": SELLER_FIELDS}
        rows = self._rows("/admin/sellers", "sellers", params)
        return [
            HeldStore(RemoteId(one.id), STORE_STATES[one.status], one.name)
            for one in TypeAdapter(list[Seller]).validate_python(rows)
            if one.handle == reference
        ]

    async def listings(self, reference: Reference) -> Sequence[HeldListing]:
        params = {"handle": reference, "fields": f"{PRODUCT_FIELDS},weight"}
        rows = self._rows("/admin/products", "products", params)
        return [
            _held(one)
            for one in TypeAdapter(list[HeldProduct]).validate_python(rows)
            if one.handle == reference
        ]

    async def approve_store(self, store: RemoteId) -> None:
        self._operator.approve(store)

    async def hold_reviews(self) -> None:
        """Mercur's operator always decides by hand."""

    async def refuse_store(self, store: RemoteId, reason: str) -> None:
        self._operator.suspend(store, reason)

    async def suspend_store(self, store: RemoteId, reason: str) -> None:
        self._operator.suspend(store, reason)

    async def edit_listing(self, listing: RemoteId, *, title: str, price: int) -> None:
        self._operator.change_product(listing, title=title)
        product = self._product(listing)
        for variant in product.variants:
            self._operator.set_price(product, variant.sku or "", price)

    async def delete_listing(self, listing: RemoteId) -> None:
        self._operator.delete_product(listing)

    async def reject_listing(self, listing: RemoteId, reason: str) -> None:
        self._operator.reject(listing, reason)

    async def add_own_listing(self, store: RemoteId, title: str) -> None:
        login = {"email": EMAIL, "password": PASSWORD}
        answer = self._http.post("/auth/member/emailpass", json=login).raise_for_status()
        token = TypeAdapter(dict[str, str]).validate_json(answer.content)["token"]
        self._http.post(
            "/vendor/products",
            json={
                "title": title,
                "handle": f"sendiri-{store.lower().replace('_', '-')}",
                "options": [{"title": "A", "values": ["B"]}],
            },
            headers={"Authorization": f"Bearer {token}", "x-seller-id": store},
        ).raise_for_status()

    async def withdraw_category(self, category: str) -> None:
        assert category == self.other_category
        self._api.call("DELETE", f"/admin/product-categories/{self._other_id}")

    async def make_names_unique(self) -> None:
        """They always are."""

    def refusal(self, status: int, code: str, pattern: str) -> Reply:
        message = re.sub(r"\[A-Z\]\+", "GET", pattern).replace(".*", " x, ").strip("^$")
        return Reply(status, dumps({"type": code, "message": message}).encode())

    def _make_category(self, handle: str) -> str:
        body = {"name": handle, "handle": handle, "is_active": True}
        answer = self._api.call("POST", "/admin/product-categories", json=body)
        made = TypeAdapter(dict[str, dict[str, object]]).validate_json(answer)
        return str(made["product_category"]["id"])

    def _product(self, product_id: str) -> Product:
        answer = self._api.call(
            "GET", f"/admin/products/{product_id}", params={"fields": PRODUCT_FIELDS}
        )
        return TypeAdapter(dict[str, Product]).validate_json(answer)["product"]

    def _rows(self, path: str, key: str, params: Mapping[str, str]) -> object:
        return TypeAdapter(dict[str, object]).validate_json(
            self._api.call("GET", path, params=params)
        )[key]


@asynccontextmanager
async def mercur_subject(url: str, folder: Path) -> AsyncGenerator[Subject]:
    """The connector at a running marketplace; `folder` takes the login's password."""
    password = folder / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    settings = {
        "email_domain": "onboarder.test",
        "programme_email": EMAIL,
        "password_file": str(password),
    }
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as hand:
        async with open_client(url) as upstream:
            yield Subject(
                build=lambda equipment: MercurConnector(settings, equipment),
                control=MercurControl(hand),
                upstream=upstream,
                errors=TABLE,
                clock=lambda: datetime.now(UTC),
                hurry=timedelta(seconds=2),
            )


def _held(product: HeldProduct) -> HeldListing:
    assert product.seller is not None
    return HeldListing(
        remote_id=RemoteId(product.id),
        store=RemoteId(product.seller.id),
        state=LISTING_STATES[product.status],
        title=product.title,
        description=product.description or "",
        category=product.categories[0].handle if product.categories else "",
        weight_grams=round(product.weight or 0),
        photos=len(product.images),
        offers={
            Reference(one.sku or ""): HeldOffer(
                "" if one.title == "Standar" else one.title, one.price or 0, one.stock
            )
            for one in product.variants
        },
    )

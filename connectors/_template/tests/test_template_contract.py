"""The Template connector keeps the contract, against a marketplace on paper: replace it by what Template really does."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import httpx
import pytest
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from onboarder.connector.http import open_client
from onboarder.connector.testing import (
    Ability,
    Act,
    ConnectorContract,
    ConnectorQuality,
    HeldListing,
    HeldOffer,
    HeldStore,
    Reply,
    Route,
    Subject,
    UnableControl,
)
from onboarder.model.ids import Reference, RemoteId
from onboarder_template import TemplateConnector, wire
from onboarder_template.errors import TABLE
from onboarder_template.mapping import LISTING_STATES, STORE_STATES

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOT_ON_PAPER = "the marketplace on paper cannot do it"


class OfferRow(TypedDict):
    reference: str
    name: str
    price: int
    stock: int


class ListingBody(TypedDict):
    reference: str | None
    title: str
    description: str
    category: str
    weight: int
    offers: list[OfferRow]


class ListingRow(ListingBody):
    id: str
    store: str
    state: wire.ListingState
    note: str | None


class StoreBody(TypedDict):
    reference: str
    name: str
    owner: str


class StoreRow(StoreBody):
    id: str
    state: wire.StoreState
    note: str | None
    key: str


STORE_BODY = TypeAdapter(StoreBody)
LISTING_BODY = TypeAdapter(ListingBody)


@dataclass
class PaperMarketplace:
    """Template as far as its documentation tells. Called like a server by the client."""

    stores: dict[str, StoreRow] = field(default_factory=dict[str, StoreRow])
    listings: dict[str, ListingRow] = field(default_factory=dict[str, ListingRow])
    reviews: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        owner = next((one for one in self.stores.values() if one["key"] == key), None)
        if request.url.path.startswith("/stores"):
            return self._for_programme(request)
        if owner is None:
            return _refused(401, "key_unknown")
        if request.url.path == "/store":
            return httpx.Response(200, json={"store": owner})
        if request.method == "POST":
            return self._create(owner, LISTING_BODY.validate_json(request.content))
        return self._page(owner, request.url.params)

    def _for_programme(self, request: httpx.Request) -> httpx.Response:
        number = request.url.path.removeprefix("/stores").strip("/")
        if request.method == "POST":
            return self._open(STORE_BODY.validate_json(request.content))
        if number:
            known = number in self.stores
            shown = httpx.Response(200, json={"store": self.stores.get(number)})
            return shown if known else _refused(404, "unknown_record")
        wanted = request.url.params["reference"]
        found = [one for one in self.stores.values() if one["reference"] == wanted]
        return httpx.Response(200, json={"stores": found})

    def _open(self, body: StoreBody) -> httpx.Response:
        if any(one["reference"] == body["reference"] for one in self.stores.values()):
            return _refused(409, "reference_taken")
        number = f"s{len(self.stores) + 1}"
        key = sha256(f"paper {number}".encode()).hexdigest()
        state: wire.StoreState = "review" if self.reviews else "open"
        self.stores[number] = {**body, "id": number, "state": state, "note": None, "key": key}
        return httpx.Response(201, json={"store": self.stores[number]})

    def _create(self, owner: StoreRow, body: ListingBody) -> httpx.Response:
        if owner["state"] != "open":
            waits = owner["state"] == "review"
            return _refused(403, "store_in_review" if waits else "store_suspended")
        if any(one["reference"] == body["reference"] for one in self.listings.values()):
            return _refused(409, "reference_taken")
        if faults := _faults(body):
            return _refused(422, "fields_refused", faults)
        listing = self.add(owner["id"], body)
        return httpx.Response(201, json={"listing": listing})

    def add(self, store: str, body: ListingBody) -> ListingRow:
        """On sale at once."""
        number = f"l{len(self.listings) + 1:04}"
        row: ListingRow = {**body, "id": number, "store": store, "state": "live", "note": None}
        self.listings[number] = row
        return row

    def _page(self, owner: StoreRow, params: httpx.QueryParams) -> httpx.Response:
        rows = [one for one in self.listings.values() if one["store"] == owner["id"]]
        if "reference" in params:
            rows = [one for one in rows if one["reference"] == params["reference"]]
            return httpx.Response(200, json={"listings": rows, "next": None})
        rows = [one for one in rows if one["id"] > params.get("after", "")]
        page = rows[: int(params["limit"])]
        following = page[-1]["id"] if len(rows) > len(page) else None
        return httpx.Response(200, json={"listings": page, "next": following})


def _faults(body: ListingBody) -> dict[str, str]:
    """Their names of the refused fields."""
    wrong = {
        "title": not 1 <= len(body["title"]) <= 100,
        "description": len(body["description"]) > 2000,
        "category": body["category"] not in {"snacks", "crafts"},
        "weight": not body["weight"],
        "variants": len(body["offers"]) > 20,
        "price": any(offer["price"] < 1 for offer in body["offers"]),
    }
    return {name: "not allowed" for name, is_wrong in wrong.items() if is_wrong}


def _refused(status: int, code: str, fields: Mapping[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "fields": fields or {}})


class PaperControl(UnableControl):
    """The hands at the marketplace on paper."""

    def __init__(self, paper: PaperMarketplace) -> None:
        self.cannot: Mapping[Ability, str] = {
            Ability.CONSENT: "stores are opened through the API",
            Ability.REVOKE: NOT_ON_PAPER,
            Ability.WITHDRAW_CATEGORY: NOT_ON_PAPER,
            Ability.DELAY_VISIBILITY: NOT_ON_PAPER,
            Ability.SPOIL_BATCH: NOT_ON_PAPER,
        }
        self.routes: Mapping[Act, Route] = {
            Act.OPEN_STORE: Route("POST /stores"),
            Act.RENEW: Route("GET /stores/.+"),
            Act.COMPLETE_STORE: Route("PUT /store"),
            Act.CREATE_LISTING: Route("POST /listings"),
            Act.OBSERVE_STORE: Route("GET /store"),
            Act.OBSERVE_LISTINGS: Route("GET /listings"),
        }
        self.category = "snacks"
        self.other_category = "crafts"
        self._paper = paper

    async def stores(self, reference: Reference) -> Sequence[HeldStore]:
        return [
            HeldStore(RemoteId(one["id"]), STORE_STATES[one["state"]], one["name"])
            for one in self._paper.stores.values()
            if one["reference"] == reference
        ]

    async def listings(self, reference: Reference) -> Sequence[HeldListing]:
        rows = self._paper.listings.values()
        return [_held(one) for one in rows if one["reference"] == reference]

    async def approve_store(self, store: RemoteId) -> None:
        self._paper.stores[store]["state"] = "open"

    async def hold_reviews(self) -> None:
        self._paper.reviews = True

    async def refuse_store(self, store: RemoteId, reason: str) -> None:
        self._paper.stores[store]["state"] = "refused"
        self._paper.stores[store]["note"] = reason

    async def suspend_store(self, store: RemoteId, reason: str) -> None:
        self._paper.stores[store]["state"] = "suspended"
        self._paper.stores[store]["note"] = reason

    async def delete_store(self, store: RemoteId) -> None:
        del self._paper.stores[store]

    async def edit_listing(self, listing: RemoteId, *, title: str, price: int) -> None:
        row = self._paper.listings[listing]
        row["title"] = title
        for offer in row["offers"]:
            offer["price"] = price

    async def delete_listing(self, listing: RemoteId) -> None:
        del self._paper.listings[listing]

    async def reject_listing(self, listing: RemoteId, reason: str) -> None:
        self._paper.listings[listing]["state"] = "rejected"
        self._paper.listings[listing]["note"] = reason

    async def add_own_listing(self, store: RemoteId, title: str) -> None:
        body = ListingBody(
            reference=None, title=title, description="", category="snacks", weight=1, offers=[]
        )
        self._paper.add(store, body)

    async def make_names_unique(self) -> None:
        """Names need not be unique at Template."""

    def refusal(self, status: int, code: str, pattern: str) -> Reply:
        del pattern  # errors are told apart by their code alone
        return Reply(status, json.dumps({"code": code}).encode())


def _held(row: ListingRow) -> HeldListing:
    return HeldListing(
        remote_id=RemoteId(row["id"]),
        store=RemoteId(row["store"]),
        state=LISTING_STATES[row["state"]],
        title=row["title"],
        description=row["description"],
        category=row["category"],
        weight_grams=row["weight"],
        photos=0,
        offers={
            Reference(one["reference"]): HeldOffer(one["name"], one["price"], one["stock"])
            for one in row["offers"]
        },
    )


class TestTemplateConnector(ConnectorContract):
    @pytest.fixture
    async def subject(self) -> AsyncGenerator[Subject]:
        paper = PaperMarketplace()
        async with open_client("http://paper", transport=httpx.MockTransport(paper)) as upstream:
            yield Subject(
                build=lambda equipment: TemplateConnector({}, equipment),
                control=PaperControl(paper),
                upstream=upstream,
                errors=TABLE,
                clock=lambda: NOW,
            )


class TestTemplateFolder(ConnectorQuality):
    """What its folder says."""

"""The practice marketplace as a subject of the conformance kit: in this process, on a clock that checks move."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from onboarder.connector.contract import Connector, Equipment
from onboarder.connector.http import open_client
from onboarder.connector.testing import (
    Ability,
    Act,
    BatchFault,
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
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.errors import TABLE
from onboarder_rehearsal.server import Dial, Fault, create_app
from onboarder_rehearsal.server.account import LISTING_STATES, STORE_STATES
from onboarder_rehearsal.server.desk import Desk
from onboarder_rehearsal.server.visit import ItemPhase, SellerPhase

Build = Callable[[Mapping[str, object], Equipment], Connector]

MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BATCH_DIALS = {
    BatchFault.HALF: Fault.BATCH_HALF,
    BatchFault.SHUFFLED: Fault.BATCH_SHUFFLED,
    BatchFault.MISSING: Fault.BATCH_MISSING,
}

CANNOT: Mapping[Ability, str] = {
    Ability.CONSENT: "stores are opened through the API",
}
ROUTES: Mapping[Act, Route] = {
    Act.OPEN_STORE: Route("POST /v1/sellers"),
    Act.RENEW: Route("POST /v1/sellers/[^/]+/tokens"),
    Act.COMPLETE_STORE: Route("PUT /v1/seller/pickup"),
    Act.CREATE_LISTING: Route("POST /v1/items(/batch)?"),
    Act.UPDATE_LISTING: Route("(PATCH /v1/items/[^/]+|PUT /v1/items/[^/]+/shelf)"),
    Act.WITHDRAW_LISTING: Route("POST /v1/items/[^/]+/hide"),
    Act.RELIST: Route("POST /v1/items/[^/]+/show"),
    Act.UPLOAD_PHOTO: Route("POST /v1/images"),
    Act.OBSERVE_STORE: Route("GET /v1/seller"),
    Act.OBSERVE_LISTINGS: Route("GET /v1/items"),
}


@dataclass
class Clock:
    """Time as checks tell it."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now


class RehearsalControl(UnableControl):
    """The practice marketplace's own desk."""

    def __init__(self, desk: Desk, hand: httpx.AsyncClient, clock: Clock) -> None:
        self.cannot = CANNOT
        self.routes = ROUTES
        self.category = "1010"
        self.other_category = "5020"
        self._desk = desk
        self._hand = hand
        self._clock = clock

    async def stores(self, reference: Reference) -> Sequence[HeldStore]:
        rows = self._desk.state.all(
            "SELECT * FROM seller WHERE external_key = ? AND NOT deleted", reference
        )
        return [
            HeldStore(
                RemoteId(f"S{row['no']}"),
                StoreState(STORE_STATES[SellerPhase(row["phase"])]),
                row["shop_name"],
            )
            for row in rows
        ]

    async def listings(self, reference: Reference) -> Sequence[HeldListing]:
        rows = self._desk.state.all(
            "SELECT * FROM item WHERE external_key = ? AND NOT deleted", reference
        )
        return [
            HeldListing(
                remote_id=RemoteId(f"I{row['no']}"),
                store=RemoteId(f"S{row['seller_no']}"),
                state=ListingState(LISTING_STATES[ItemPhase(row["phase"])]),
                title=row["headline"],
                description=row["blurb"],
                category=row["category"],
                weight_grams=row["mass_grams"],
                photos=len(json.loads(row["images"])),
                offers={
                    Reference(one["sku"]): HeldOffer(
                        one["label"], one["amount_sen"] // 100, one["on_hand"]
                    )
                    for one in json.loads(row["choices"])
                },
            )
            for row in rows
        ]

    async def approve_store(self, store: RemoteId) -> None:
        await self._do("POST", f"/stores/{store}/approve")

    async def hold_reviews(self) -> None:
        await self._do("PATCH", "/rules", {"store_review_seconds": None})

    async def refuse_store(self, store: RemoteId, reason: str) -> None:
        await self._do("POST", f"/stores/{store}/refuse", {"reason": reason})

    async def suspend_store(self, store: RemoteId, reason: str) -> None:
        await self._do("POST", f"/stores/{store}/suspend", {"reason": reason})

    async def delete_store(self, store: RemoteId) -> None:
        await self._do("DELETE", f"/stores/{store}")

    async def revoke(self, store: RemoteId) -> None:
        await self._do("POST", f"/stores/{store}/revoke")

    async def edit_listing(self, listing: RemoteId, *, title: str, price: int) -> None:
        await self._do("PATCH", f"/listings/{listing}", {"title": title, "price": price})

    async def delete_listing(self, listing: RemoteId) -> None:
        await self._do("DELETE", f"/listings/{listing}")

    async def reject_listing(self, listing: RemoteId, reason: str) -> None:
        await self._do("POST", f"/listings/{listing}/reject", {"reason": reason})

    async def add_own_listing(self, store: RemoteId, title: str) -> None:
        await self._do("POST", f"/stores/{store}/listings", {"title": title})

    async def withdraw_category(self, category: str) -> None:
        await self._do("PATCH", f"/categories/{category}", {"open": False})

    async def make_names_unique(self) -> None:
        await self._do("PATCH", "/rules", {"unique_names": True})

    async def delay_visibility(self, seconds: float) -> None:
        dial = Dial(
            fault=Fault.DELAYED_VISIBILITY,
            method="POST",
            route="/v1/items*",
            seconds=seconds,
            times=1,
        )
        await self._do("POST", "/dials", dial.model_dump(mode="json", exclude_none=True))

    async def pass_time(self, seconds: float) -> None:
        self._clock.now += timedelta(seconds=seconds)

    async def spoil_batch(self, fault: BatchFault) -> None:
        dial = Dial(fault=BATCH_DIALS[fault], times=1, route="/v1/items/batch")
        await self._do("POST", "/dials", dial.model_dump(mode="json", exclude_none=True))

    def refusal(self, status: int, code: str, pattern: str) -> Reply:
        del pattern  # its errors are told apart by code alone
        body: dict[str, object] = {"fault": {"kind": code, "text": "dilatih"}}
        return Reply(status, json.dumps(body).encode())

    async def _do(self, method: str, path: str, body: object = None) -> None:
        answer = await self._hand.request(method, f"/_control{path}", json=body)
        answer.raise_for_status()


@asynccontextmanager
async def rehearsal_subject(build: Build = RehearsalConnector) -> AsyncGenerator[Subject]:
    """A fresh practice marketplace and a connector to it."""
    clock = Clock()
    app = create_app(None, clock=lambda: clock().timestamp())
    desk: Desk = app.state.desk
    client = open_client("http://127.0.0.1:1", transport=httpx.ASGITransport(app=app))
    try:
        yield Subject(
            build=lambda equipment: build({}, equipment),
            control=RehearsalControl(desk, client, clock),
            upstream=client,
            errors=TABLE,
            clock=clock,
        )
    finally:
        await client.aclose()
        desk.state.close()

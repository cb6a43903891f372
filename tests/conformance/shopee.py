"""The fake Shopee as a subject of the conformance kit: in this process, on a clock that checks move."""

import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from pydantic import SecretStr

from onboarder.connector.advice import ErrorTable
from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.consent import ConsentConnector
from onboarder.connector.contract import Equipment, OpenedStore
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.connector.testing import (
    Ability,
    Act,
    Exchange,
    HeldListing,
    HeldOffer,
    HeldStore,
    Reply,
    Route,
    Subject,
    UnableControl,
)
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingState, StoreContent, StoreState
from tests.marketplace.shopee.app import create_app
from tests.marketplace.shopee.desk import Desk
from tests.marketplace.shopee.dials import Dial, Fault
from tests.marketplace.shopee.launch import DICT
from tests.marketplace.shopee.misfortunes import withdraw_category
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.sellers import (
    OwnItem,
    Reasons,
    act_on_item,
    add_own_item,
    befall,
    change_item,
    delete_shop,
    register,
)
from tests.marketplace.shopee.shelf import GONE, Item, Shop, Violation, all_shops, items_where
from tests.marketplace.shopee.signing import request_signature
from tests.support.practice import Clock

Build = Callable[[Mapping[str, object], Equipment], ConsentConnector]

BASE = "http://127.0.0.1:1"
CALLBACK = "https://onboarder.example.id/oauth/shopee/callback"
SETTINGS: Mapping[str, object] = {
    "partner_id": Rules().partner_id,
    "package": {"length": 25, "width": 20, "height": 8},
    "variants_after_seconds": 0,
}
RULES = Rules(image_check="signature", variant_wait_seconds=0, index_lag_seconds=0)
"""The kit's photos only begin and end as JPEGs do, and its clock stands still while variants wait."""
CANNOT: Mapping[Ability, str] = {
    Ability.SUSPEND_STORE: "Shopee bans and freezes shops without telling the API why",
    Ability.HOLD_REVIEWS: "a shop is the seller's own and nobody reviews it for the app",
    Ability.MAKE_NAMES_UNIQUE: "the seller names the shop herself before we come",
    Ability.SPOIL_BATCH: "add_item takes one item",
    Ability.KEEP_TOKENS_OUT_OF_URLS: "Shopee wants the access token in the query of every shop call",
}
ROUTES: Mapping[Act, Route] = {
    Act.OPEN_STORE: Route("POST /api/v2/auth/token/get"),
    Act.RENEW: Route("POST /api/v2/auth/access_token/get"),
    Act.COMPLETE_STORE: Route("POST /api/v2/shop/update_profile"),
    Act.CREATE_LISTING: Route("POST /api/v2/product/add_item"),
    Act.UPDATE_LISTING: Route("POST /api/v2/product/update_[a-z_]+"),
    Act.WITHDRAW_LISTING: Route("POST /api/v2/product/unlist_item"),
    Act.RELIST: Route("POST /api/v2/product/unlist_item"),
    Act.UPLOAD_PHOTO: Route("POST /api/v2/media_space/upload_image"),
    Act.OBSERVE_STORE: Route("GET /api/v2/shop/get_shop_info"),
    Act.OBSERVE_LISTINGS: Route("GET /api/v2/product/get_item_list"),
}
LISTING_STATES: Mapping[str, ListingState] = {
    "NORMAL": ListingState.LIVE,
    "UNLIST": ListingState.WITHDRAWN,
    "REVIEWING": ListingState.IN_REVIEW,
    "BANNED": ListingState.REJECTED,
}


@dataclass
class ShopeeControl(UnableControl):
    """Sellers on their phones, and the marketplace's own people."""

    desk: Desk
    hand: httpx.AsyncClient
    connector: ConsentConnector
    """One that goes past the proxy, to redeem what sellers bring back."""
    clock: Clock

    cannot = CANNOT
    routes = ROUTES
    category = "100736"
    other_category = "100735"

    async def stores(self, reference: Reference) -> Sequence[HeldStore]:
        return [
            HeldStore(RemoteId(str(shop.shop_id)), _store_state(shop), shop.shop_name)
            for shop in all_shops(self.desk.state)
            if shop.label == reference
        ]

    async def listings(self, reference: Reference) -> Sequence[HeldListing]:
        found = items_where(self.desk.state, "sku = ?", reference)
        return [_held(item) for item in found if item.status not in GONE]

    async def approve_store(self, store: RemoteId) -> None:
        self._befall(store, "recovered")

    async def consent(self, content: StoreContent) -> OpenedStore:
        """The seller opens a shop named as she was told, follows the link, and agrees."""
        with self.desk.state.commit():
            shop = register(self.desk, {"shop_name": content.name, "label": content.reference})
        link = self.connector.consent_url(CALLBACK, SecretStr("keadaan")).get_secret_value()
        visitor = {"link": link, "shop_id": shop.shop_id}
        answer = await self.hand.post("/_control/consent", json=visitor)
        back = DICT.validate_json(answer.raise_for_status().content)["redirect"]
        query = dict(parse_qsl(urlsplit(str(back)).query))
        return await self.connector.redeem(self.connector.read_return(query))

    async def refuse_store(self, store: RemoteId, reason: str) -> None:
        del reason  # Shopee tells none
        self._befall(store, "shop_banned")

    async def suspend_store(self, store: RemoteId, reason: str) -> None:
        del reason
        self._befall(store, "shop_frozen")

    async def delete_store(self, store: RemoteId) -> None:
        with self.desk.state.commit():
            delete_shop(self.desk, int(store))

    async def revoke(self, store: RemoteId) -> None:
        self._befall(store, "authorization_withdrawn")

    async def edit_listing(self, listing: RemoteId, *, title: str, price: int) -> None:
        with self.desk.state.commit():
            change_item(self.desk, int(listing), {"name": title, "price": price})

    async def delete_listing(self, listing: RemoteId) -> None:
        self._act(listing, "delete", Reasons())

    async def reject_listing(self, listing: RemoteId, reason: str) -> None:
        self._act(
            listing, "ban", Reasons(violations=(Violation(violation_reason=reason, suggestion=""),))
        )

    async def add_own_listing(self, store: RemoteId, title: str) -> None:
        with self.desk.state.commit():
            add_own_item(self.desk, int(store), OwnItem(name=title))

    async def withdraw_category(self, category: str) -> None:
        with self.desk.state.commit():
            withdraw_category(self.desk.state, int(category))

    async def delay_visibility(self, seconds: float) -> None:
        dial = Dial(fault=Fault.DELAYED_VISIBILITY, route="*/add_item", seconds=seconds, times=1)
        with self.desk.state.commit():
            self.desk.dials.add([dial])

    async def pass_time(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)

    def refusal(self, status: int, code: str, pattern: str) -> Reply:
        message = re.sub(r"\\[a-z]\+?|[\^$?]", "", pattern.replace(".*", " ")).split("|")[0]
        body = {
            "error": code or "error_unheard_of",
            "message": message,
            "request_id": "dilatih",
            "warning": "",
        }
        return Reply(status, json.dumps(body).encode())

    def _befall(self, store: RemoteId, name: str) -> None:
        with self.desk.state.commit():
            befall(self.desk, int(store), name)

    def _act(self, listing: RemoteId, act: str, reasons: Reasons) -> None:
        with self.desk.state.commit():
            act_on_item(self.desk, int(listing), act, reasons)


@asynccontextmanager
async def shopee_subject(
    build: Build, errors: ErrorTable, settings: Mapping[str, object] = SETTINGS
) -> AsyncGenerator[Subject]:
    """A fresh fake and a connector to it; `build` is the connector's class."""
    clock = Clock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    app = create_app(None, clock=clock.seconds, rules=RULES)
    desk: Desk = app.state.desk
    client = open_client(BASE, transport=httpx.ASGITransport(app=app))

    def made(equipment: Equipment) -> ConsentConnector:
        return build(settings, replace(equipment, secret=_secret))

    door = MarketplaceHttp(client, UnlimitedBudget(), marketplace="shopee", clock=clock)
    past_the_proxy = made(Equipment(door, clock, SecretStr))
    try:
        yield Subject(
            build=made,
            control=ShopeeControl(desk, client, past_the_proxy, clock),
            upstream=client,
            errors=errors,
            clock=clock,
            as_stranger=as_stranger,
        )
    finally:
        await client.aclose()
        desk.state.close()


def as_stranger(exchange: Exchange) -> Exchange:
    """With an unknown token, rightly signed: otherwise the signature would be what is refused."""
    address = urlsplit(exchange.target)
    query = dict(parse_qsl(address.query))
    if "access_token" not in query:
        return exchange
    token = query["access_token"][::-1]
    sign = request_signature(
        RULES.partner_key,
        RULES.partner_id,
        address.path,
        int(query["timestamp"]),
        token=token,
        owner=int(query["shop_id"]),
    )
    target = f"{address.path}?{urlencode({**query, 'access_token': token, 'sign': sign})}"
    return replace(exchange, target=target)


def _secret(name: str) -> SecretStr | None:
    return SecretStr(RULES.partner_key) if name == "partner_key" else None


def _store_state(shop: Shop) -> StoreState:
    if shop.status in {"BANNED", "FROZEN"}:
        return StoreState.SUSPENDED
    return StoreState.IN_REVIEW if shop.kyc != "done" else StoreState.OPEN


def _held(item: Item) -> HeldListing:
    """An item without models is one offer under the item's own SKU."""
    offers = {
        Reference(model.sku): HeldOffer(_name(item, model.tier_index), model.price, model.stock)
        for model in item.models
    }
    alone = {Reference(item.sku): HeldOffer("", item.price, item.stock)}
    return HeldListing(
        remote_id=RemoteId(str(item.item_id)),
        store=RemoteId(str(item.shop_id)),
        state=LISTING_STATES[item.status],
        title=item.name,
        description=item.description,
        category=str(item.category_id),
        weight_grams=round(item.weight * 1000),
        photos=len(item.images),
        offers=offers or alone,
    )


def _name(item: Item, index: Sequence[int]) -> str:
    options = [tier.options[place] for tier, place in zip(item.tiers, index, strict=True)]
    return " / ".join(options)

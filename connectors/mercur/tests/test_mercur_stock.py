"""Stock where somebody rearranged goods or stock locations at Mercur."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest
from pydantic import SecretStr
from tests.marketplace.samples import connector_on, draft_of, listing_content

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import ActionNeeded, Unavailable
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingField
from onboarder_mercur import MercurConnector

ADDRESS = "http://mercur.example"
PRODUCT = RemoteId("prod_1")
LISTING = listing_content("r-p1")
SECRET = SecretStr(json.dumps({"email": "onboarder@onboarder.test", "token": "hidden"}))
ACCESS = Access(Reference("r"), RemoteId("sel_1"), Credentials(SECRET))
Levels = dict[str, int]


@dataclass
class Shelf:
    """Mercur's answers about one product of one variant; `items` are its inventory items' levels by location."""

    items: Sequence[Levels]
    locations: Sequence[str] = ("sloc_1",)
    refuses: str = ""
    """The 404 that every call but the first gets."""
    reads: list[str] = field(default_factory=list[str])
    writes: list[object] = field(default_factory=list[object])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.refuses and self.reads:
            return httpx.Response(404, json={"type": "not_found", "message": self.refuses})
        if request.method == "GET":
            self.reads.append(request.url.path)
        else:
            self.writes.append(json.loads(request.content))
        if request.url.path.endswith("/location-levels/batch"):
            rows = json.loads(request.content)
            ids = {kind: [{"id": "ilev"} for _ in rows[kind]] for kind in ("create", "update")}
            return httpx.Response(200, json={"created": ids["create"], "updated": ids["update"]})
        if request.url.path == "/vendor/sellers/me":
            return httpx.Response(200, json={"seller": self._seller()})
        return httpx.Response(200, json={"product": self._product()})

    def _seller(self) -> dict[str, object]:
        places = [{"id": one} for one in self.locations]
        return {
            "id": "sel_1",
            "handle": "r",
            "name": "R",
            "status": "open",
            "stock_locations": places,
        }

    def _product(self) -> dict[str, object]:
        [offer] = LISTING.offers
        variant = {
            "id": "variant_1",
            "sku": offer.reference,
            "prices": [{"currency_code": "idr", "amount": offer.price}],
            "inventory_items": [
                {"inventory": _item(number, levels)} for number, levels in enumerate(self.items)
            ],
        }
        return {
            "id": PRODUCT,
            "handle": LISTING.reference,
            "external_id": LISTING.reference,
            "status": "published",
            "title": LISTING.title,
            "variants": [variant],
        }


def _item(number: int, levels: Levels) -> dict[str, object]:
    rows = [{"location_id": one, "stocked_quantity": held} for one, held in levels.items()]
    return {"id": f"iitem_{number}", "location_levels": rows}


@asynccontextmanager
async def before(shelf: Shelf) -> AsyncGenerator[MercurConnector]:
    async with open_client(ADDRESS, transport=httpx.MockTransport(shelf)) as client:
        yield connector_on(MarketplaceHttp(client, UnlimitedBudget(), marketplace="mercur"))


async def set_fields(mercur: MercurConnector, *fields: ListingField) -> int | None:
    """The stock that the answer shows."""
    draft = draft_of(replace(LISTING, title="Judul baru"))
    shown = await mercur.update_listing(ACCESS, PRODUCT, draft, frozenset(fields))
    assert shown.offers is not None
    return shown.offers[0].stock


@pytest.mark.parametrize("items", [(), ({"sloc_1": 4}, {"sloc_1": 4})])
async def test_a_variant_whose_stock_is_not_kept_waits_for_a_person_with_its_listing_alone(
    items: Sequence[Levels],
) -> None:
    async with before(shelf := Shelf(items)) as mercur:
        with pytest.raises(ActionNeeded, match="no_stock_kept") as held:
            await set_fields(mercur, ListingField.TITLE, ListingField.STOCK)

    assert held.value.one_listing
    assert shelf.writes == []


async def test_what_mercur_does_not_count_is_not_shown_as_stock() -> None:
    async with before(shelf := Shelf([])) as mercur:
        stock = await set_fields(mercur, ListingField.TITLE)

    assert stock is None
    assert shelf.writes == [{"title": "Judul baru"}]


async def test_goods_that_lie_somewhere_need_no_stock_location_of_ours() -> None:
    async with before(shelf := Shelf([{"sloc_1": 5, "sloc_2": 3}], locations=())) as mercur:
        stock = await set_fields(mercur, ListingField.TITLE, ListingField.STOCK)

    assert stock == LISTING.offers[0].stock == 5
    assert shelf.writes[-1] == {
        "create": [],
        "update": [
            {"inventory_item_id": "iitem_0", "stocked_quantity": 2, "location_id": "sloc_1"}
        ],
    }
    assert "/vendor/sellers/me" not in shelf.reads


async def test_a_store_without_a_stock_location_keeps_its_listing_and_is_tried_again() -> None:
    async with before(shelf := Shelf([{}], locations=())) as mercur:
        with pytest.raises(Unavailable, match="no_location"):
            await set_fields(mercur, ListingField.TITLE, ListingField.STOCK)

    assert shelf.writes == []


@pytest.mark.parametrize(
    "message",
    [
        "Item iitem_0 is not stocked at location sloc_1",
        "Inventory item with id: iitem_0 was not found",
        "Product variant with id: variant_1 was not found",
    ],
)
async def test_a_part_that_vanishes_meanwhile_does_not_mean_that_the_listing_is_gone(
    message: str,
) -> None:
    async with before(Shelf([{"sloc_1": 1}], refuses=message)) as mercur:
        with pytest.raises(Unavailable, match="changed_meanwhile"):
            await set_fields(mercur, ListingField.STOCK)


async def test_a_store_that_is_gone_says_nothing_of_its_listings() -> None:
    refusal = "Seller with id: sel_1 was not found"
    async with before(Shelf([{}], refuses=refusal)) as mercur:
        with pytest.raises(ActionNeeded, match="store_gone"):
            await set_fields(mercur, ListingField.STOCK)

        assert await mercur.observe_store(ACCESS) is None

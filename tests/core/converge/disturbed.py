"""A shop in which something was changed by hand, for the tests of the night."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from onboarder.converge.doorbell import SilentDoorbell
from onboarder.converge.orders import answer_task
from onboarder.model.ids import StoreId
from onboarder.model.work import DriftClass
from onboarder.records import stores
from onboarder.records.runs import DriftRecord
from tests.support.town import Town

BY_HAND: Mapping[DriftClass, tuple[str, str, dict[str, object]]] = {
    DriftClass.VANISHED: ("DELETE", "listings/{listing}", {}),
    DriftClass.UNKNOWN_TO_US: ("POST", "stores/{store}/listings", {"title": "Milik sendiri"}),
    DriftClass.DUPLICATE: ("POST", "listings/{listing}/duplicate", {}),
    DriftClass.PRICE_CHANGED: ("PATCH", "listings/{listing}", {"price": 15_000}),
    DriftClass.STOCK_CHANGED: ("PATCH", "listings/{listing}", {"stock": 3}),
    DriftClass.CONTENT_CHANGED: ("PATCH", "listings/{listing}", {"title": "Judul pedagang"}),
    DriftClass.STATUS_CHANGED: ("POST", "listings/{listing}/withdraw", {"reason": "libur"}),
    DriftClass.REJECTED: ("POST", "listings/{listing}/reject", {"reason": "foto buram"}),
    DriftClass.STORE_SUSPENDED: ("POST", "stores/{store}/suspend", {"reason": "dokumen"}),
    DriftClass.STORE_VANISHED: ("DELETE", "stores/{store}", {}),
    DriftClass.AUTHORISATION_LOST: ("POST", "stores/{store}/revoke", {}),
}
OF_LISTINGS = [
    DriftClass.PRICE_CHANGED,
    DriftClass.STOCK_CHANGED,
    DriftClass.CONTENT_CHANGED,
    DriftClass.STATUS_CHANGED,
    DriftClass.VANISHED,
]
LATER = timedelta(hours=20)


async def a_shop_disturbed(town: Town, kind: DriftClass) -> StoreId:
    """A quiet shop, and later the change by hand that makes a drift of that class."""
    [store] = await town.open_shops(products=6)
    town.clock.pass_by(LATER)
    record = await town.listing(store)
    method, path, body = BY_HAND[kind]
    place = path.format(listing=record.reference, store=(await town.work_of(store)).store.reference)
    await town.by_hand(method, place, **body)
    return store


async def as_wanted(town: Town, store: StoreId, shown: Mapping[str, object]) -> bool:
    title = (await town.work_of(store)).products[0].name
    values = [shown[name] for name in ("title", "price", "stock", "state")]
    return values == [title, 12_500, 10, "live"]


async def found_again(town: Town) -> list[DriftRecord]:
    """What the next night finds."""
    town.clock.pass_by(LATER)
    _, found = await town.night()
    return found


async def listing_rows(town: Town) -> list[object]:
    return [
        replace(one, observed_at=None)
        for store in await all_stores(town)
        for one in (await town.work_of(store)).listings.values()
    ]


async def all_stores(town: Town) -> list[StoreId]:
    async with town.database.read() as tx:
        return [one.id for one in await stores.records(tx)]


async def answer_one(town: Town, number: int, text: str) -> None:
    bell = SilentDoorbell()
    await answer_task(town.database, bell, number, text, by="ani", clock=town.clock)

"""Looking at a shop's items: whole pages, one by its exact SKU, one with its choices and violations.

`get_item_list` names items page by page, `get_item_base_info` shows fifty a call; prices and stocks of items with choices
take a call each, reasons of banned items one for fifty.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from onboarder.connector.advice import UNREADABLE
from onboarder.connector.contract import Access, Page
from onboarder.connector.errors import Gone, Unavailable, Unsupported
from onboarder.model.ids import Reference, RemoteId, normal
from onboarder.model.shop import ObservedListing
from onboarder_shopee import advice, item_wire, mapping
from onboarder_shopee.api import ShopeeApi
from onboarder_shopee.settings import IdList

log = structlog.get_logger()

IDS_A_CALL = 50
LIST_PAGE = 100
WALKS = 3
"""Times that the list is begun before we leave a shop in motion for later."""
MOST_SHOPS = 500
"""Shops whose SKUs a process remembers."""
UNFINISHED = 120
"""Seconds between an item's creation and its last change within which, off sale, it is a create that did not finish."""


@dataclass(frozen=True, slots=True)
class Known:
    """What an item was called when it last changed."""

    changed: int
    sku: str
    title: str


class Shelf:
    """All reads of items. What it remembers only spares calls."""

    def __init__(self, api: ShopeeApi) -> None:
        self._api = api
        self._known: OrderedDict[RemoteId, dict[int, Known]] = OrderedDict()
        self._walks: OrderedDict[RemoteId, list[int]] = OrderedDict()
        self._withdrawn: OrderedDict[int, None] = OrderedDict()
        self._begun: OrderedDict[int, None] = OrderedDict()

    async def page(self, access: Access, cursor: str | None, size: int) -> Page:
        """In the order of their ids, from those that were there at the first page; the cursor is the last id shown."""
        shop = access.remote_id
        ids = self._walks.get(shop)
        if cursor is None or ids is None:
            ids = sorted(entry.item_id for entry in await self.entries(access))
            self._walks[shop] = ids
            while len(self._walks) > MOST_SHOPS:
                self._walks.popitem(last=False)
        left = [one for one in ids if cursor is None or one > int(cursor)]
        now, later = left[: min(size, IDS_A_CALL)], left[min(size, IDS_A_CALL) :]
        items = [item for item in await self.items(access, now) if item.there]
        if not later:
            self._walks.pop(shop, None)
        return Page(await self._observed(access, items), str(now[-1]) if later else None)

    async def find(self, access: Access, reference: Reference) -> item_wire.Item | None:
        """By exact SKU, in the list first and then by search: either may lag. Of doubles the oldest, every time."""
        return await self._find_listed(access, reference) or await self._search(access, reference)

    async def find_before_create(
        self, access: Access, reference: Reference
    ) -> item_wire.Item | None:
        """As `find`, but for a list of one page the search is spared: only between two pages can an item hide."""
        found = await self._find_listed(access, reference)
        if found is not None or len(self._known[access.remote_id]) < LIST_PAGE:
            return found
        return await self._search(access, reference)

    async def _find_listed(self, access: Access, reference: Reference) -> item_wire.Item | None:
        known = await self.known(access)
        ids = [item_id for item_id, one in known.items() if one.sku == reference]
        return await self._oldest(access, ids, reference)

    def titled_without_sku(self, access: Access, title: str) -> list[int]:
        """Items without any SKU that carry this very title; uses what the last look showed."""
        wanted = normal(title)
        known = self._known.get(access.remote_id, {})
        return sorted(
            at for at, one in known.items() if not one.sku and normal(one.title) == wanted
        )

    async def known(self, access: Access) -> dict[int, Known]:
        """SKU and title of every item, reading only those that changed since the last look."""
        entries = await self.entries(access)
        before = self._known.get(access.remote_id, {})
        fresh = {
            entry.item_id: before[entry.item_id]
            for entry in entries
            if entry.item_id in before and before[entry.item_id].changed == entry.update_time
        }
        stale = [entry.item_id for entry in entries if entry.item_id not in fresh]
        self._remember(access.remote_id, fresh)
        for item in await self.items(access, stale):
            self.note(access, item)
        return self._known[access.remote_id]

    def note(self, access: Access, item: item_wire.Item) -> None:
        """Remember an item that was read."""
        if item.there:
            known = Known(item.update_time, item.item_sku, item.item_name)
            self._known.setdefault(access.remote_id, {})[item.item_id] = known

    def note_withdrawn(self, item_id: int) -> None:
        """We took it off sale ourselves: it is no unfinished create."""
        _note(self._withdrawn, item_id)
        self._begun.pop(item_id, None)

    def note_begun(self, item: item_wire.Item) -> None:
        """Before a change, which makes an unfinished create look older."""
        if self.unfinished(item):
            _note(self._begun, item.item_id)

    async def entries(self, access: Access) -> list[item_wire.ItemEntry]:
        """Every item that is not deleted. A deletion during the walk hides an item between two pages: then once more."""
        for _ in range(WALKS):
            found = await self._walk(access)
            if found is not None:
                return found
        raise Unavailable(advice.MOVING, detail=f"another total_count in each of {WALKS} walks")

    async def _walk(self, access: Access) -> list[item_wire.ItemEntry] | None:
        """By `next_offset` and never by counting; None if the number of items changed on the way."""
        found: dict[int, item_wire.ItemEntry] = {}
        offset, totals = 0, set[int | None]()
        while True:
            page = await self._entries_from(access, offset)
            totals.add(page.total_count)
            if len(totals) > 1:
                return None
            there = (one for one in page.item if one.item_status not in item_wire.DELETED)
            found |= {one.item_id: one for one in there}
            if not page.has_next_page:
                return list(found.values())
            if page.next_offset is None or page.next_offset <= offset:
                raise Unavailable(UNREADABLE, detail=f"next_offset {page.next_offset} at {offset}")
            offset = page.next_offset

    async def _entries_from(self, access: Access, offset: int) -> item_wire.ItemList:
        query = [("offset", str(offset)), ("page_size", str(LIST_PAGE))]
        query += [("item_status", status) for status in item_wire.STATUSES_THERE]
        return await self._api.get(access, "product/get_item_list", item_wire.ItemList, query)

    async def items(self, access: Access, ids: Sequence[int]) -> list[item_wire.Item]:
        """Unknown ids are left out."""
        found: list[item_wire.Item] = []
        for start in range(0, len(ids), IDS_A_CALL):
            found += await self._some(access, ids[start : start + IDS_A_CALL])
        return found

    async def _some(self, access: Access, ids: Sequence[int]) -> list[item_wire.Item]:
        """An id that is gone may spoil the answer about all the others: then by halves."""
        name = "product/get_item_base_info"
        try:
            answer = await self._api.get(access, name, item_wire.BaseInfo, self.id_query(ids))
        except Gone:
            if len(ids) == 1:
                return []
            half = len(ids) // 2
            return [*await self._some(access, ids[:half]), *await self._some(access, ids[half:])]
        return list(answer.item_list)

    async def item(self, access: Access, item_id: int) -> item_wire.Item | None:
        """None if it is not there any more."""
        for one in await self.items(access, [item_id]):
            if one.item_id == item_id and one.there:
                return one
        return None

    async def models(self, access: Access, item_id: int) -> item_wire.Models:
        query = [("item_id", str(item_id))]
        return await self._api.get(access, "product/get_model_list", item_wire.Models, query)

    async def observed(
        self,
        access: Access,
        item: item_wire.Item,
        *,
        draft: bool = False,
        only: Reference | None = None,
    ) -> ObservedListing:
        """The item with its choices and, if it is banned, the reasons."""
        models = await self.models(access, item.item_id) if item.has_model else None
        reasons = await self._violations(access, [item])
        return mapping.observed_listing(
            item, models, reasons.get(item.item_id, ()), draft=draft, only=only
        )

    def unfinished(self, item: item_wire.Item) -> bool:
        """Whether it looks like a create of ours that was cut off before it went on sale."""
        young = item.update_time - item.create_time <= UNFINISHED
        return (
            item.item_status == item_wire.UNLIST and young and item.item_id not in self._withdrawn
        )

    def never_on_sale(self, item: item_wire.Item) -> bool:
        """Whether it is `unfinished`, or was before a change of ours."""
        begun = item.item_id in self._begun and item.item_status == item_wire.UNLIST
        return begun or self.unfinished(item)

    def id_query(self, ids: Iterable[int]) -> list[tuple[str, str]]:
        texts = [str(one) for one in ids]
        match self._api.settings.item_id_list:
            case IdList.COMMA:
                return [("item_id_list", ",".join(texts))]
            case IdList.REPEATED:
                return [("item_id_list", one) for one in texts]
            case IdList.BRACKETS:
                return [("item_id_list", f"[{','.join(texts)}]")]

    async def _search(self, access: Access, reference: Reference) -> item_wire.Item | None:
        """The search finds SKUs that contain ours, too."""
        query = [("page_size", str(IDS_A_CALL)), ("item_sku", reference)]
        try:
            found = await self._api.get(access, "product/search_item", item_wire.Found, query)
        except Unsupported:
            return None  # some hosts want a name too; the list was looked through before
        return await self._oldest(access, sorted(found.item_id_list), reference)

    async def _oldest(
        self, access: Access, ids: Sequence[int], reference: Reference
    ) -> item_wire.Item | None:
        items = await self.items(access, ids) if ids else []
        exact = [one for one in items if one.item_sku == reference and one.there]
        if len(exact) > 1:
            log.warning("shopee.double", shop=access.remote_id, reference=reference)
        return min(exact, key=lambda one: one.item_id, default=None)

    async def _observed(
        self, access: Access, items: Sequence[item_wire.Item]
    ) -> tuple[ObservedListing, ...]:
        reasons = await self._violations(access, items)
        return tuple(
            [
                mapping.observed_listing(
                    item,
                    await self.models(access, item.item_id) if item.has_model else None,
                    reasons.get(item.item_id, ()),
                )
                for item in items
            ]
        )

    async def _violations(
        self, access: Access, items: Sequence[item_wire.Item]
    ) -> dict[int, tuple[item_wire.Violation, ...]]:
        """Of banned and demoted items only."""
        ids = [one.item_id for one in items if one.item_status == item_wire.BANNED or one.deboost]
        if not ids:
            return {}
        name = "product/get_item_violation_info"
        answer = await self._api.get(access, name, item_wire.Violations, self.id_query(ids))
        return {
            one.item_id: (*one.item_status_details, *one.deboost_details)
            for one in answer.item_list
        }

    def _remember(self, shop: RemoteId, known: dict[int, Known]) -> None:
        self._known[shop] = known
        self._known.move_to_end(shop)
        while len(self._known) > MOST_SHOPS:
            self._known.popitem(last=False)


def _note(ids: OrderedDict[int, None], item_id: int) -> None:
    ids[item_id] = None
    while len(ids) > MOST_SHOPS:
        ids.popitem(last=False)

"""The connector for Shopee's Open Platform, version 2."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from pydantic import SecretStr

from onboarder.connector.consent import ConsentReturn
from onboarder.connector.contract import (
    Access,
    Category,
    CreateOutcome,
    Credentials,
    Equipment,
    ListingDraft,
    OpenedStore,
    Page,
    Photo,
    RemotePhoto,
)
from onboarder.connector.errors import (
    ActionNeeded,
    Gone,
    MarketplaceError,
    Unavailable,
    Unsupported,
)
from onboarder.connector.manifest import Manifest
from onboarder.connector.webhook import Delivery, Event
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import (
    ListingField,
    ObservedListing,
    ObservedStore,
    StoreContent,
    StoreState,
)
from onboarder_shopee import advice, consent, item_wire, mapping, push, wire
from onboarder_shopee.api import ShopeeApi
from onboarder_shopee.creating import Creation
from onboarder_shopee.directory import Directory
from onboarder_shopee.manifest import MANIFEST
from onboarder_shopee.revision import Revision
from onboarder_shopee.settings import read_settings
from onboarder_shopee.shelf import Shelf
from onboarder_shopee.template import ShopeeSpreadsheet


class ShopeeConnector:
    """Fulfils `Connector`, `ConsentConnector` and `WebhookConnector`; what it remembers only spares calls.

    `sleep` waits between creating an item and giving it choices; it holds up nobody but its own shop.
    """

    manifest: ClassVar[Manifest] = MANIFEST

    def __init__(
        self,
        settings: Mapping[str, object],
        equipment: Equipment,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = read_settings(settings)
        if self._settings.settle_seconds is not None:
            # The contract has the manifest on the class; an instance with settings answers with its own.
            settle = timedelta(seconds=self._settings.settle_seconds)
            vars(self)["manifest"] = replace(MANIFEST, settle=settle)
        self._api = ShopeeApi(self._settings, equipment)
        self._directory = Directory(self._api)
        self._shelf = Shelf(self._api)
        self._tokens = consent.TokenDesk(self._api, self._settings)
        self._creation = Creation(self._api, self._directory, self._shelf, sleep)

    @classmethod
    def spreadsheet(cls, settings: Mapping[str, object]) -> ShopeeSpreadsheet:
        """For products that go up by the seller's own template; see `OffersSpreadsheet`."""
        return ShopeeSpreadsheet(read_settings(settings))

    def consent_url(self, callback: str, state: SecretStr) -> SecretStr:
        return consent.consent_url(self._api, callback, state)

    def read_return(self, query: Mapping[str, str]) -> ConsentReturn:
        return consent.read_return(query)

    async def redeem(self, given: ConsentReturn) -> OpenedStore:
        """Tokens are never lost to a look that fails after them: the store then counts as in review."""
        remote_id, credentials = await self._tokens.redeem(given)
        # There is no Reference for a shop there; the core ties the two together.
        access = Access(Reference(""), remote_id, credentials)
        try:
            store = await self._observe(access)
        except MarketplaceError as error:
            if error.advice is advice.WRONG_SHOP:
                raise
            store = ObservedStore(remote_id, StoreState.IN_REVIEW, reason=error.advice.id)
        return OpenedStore(replace(store, reference=None), credentials)

    def genuine(self, delivery: Delivery) -> bool:
        return push.genuine(self._api.keys, self._settings.push_formula, delivery)

    def read_events(self, delivery: Delivery) -> tuple[Event, ...]:
        return push.read_events(delivery.body)

    async def open_store(self, content: StoreContent) -> OpenedStore:
        """No API opens a Shopee shop."""
        raise Unsupported(advice.NOT_BY_API, detail=content.reference)

    async def find_store(self, content: StoreContent) -> OpenedStore | None:
        """Shopee keeps no key of ours on a shop: only the merchant's consent says whose it is."""
        del content
        return None

    async def renew(self, access: Access) -> Credentials:
        return await self._tokens.renew(access)

    async def observe_store(self, access: Access) -> ObservedStore | None:
        return await self._observe(access)

    async def complete_store(self, access: Access, content: StoreContent) -> ObservedStore:
        """Sees that items could be shipped. Name, address and channels are the seller's own affair."""
        del content
        await self._directory.channels(access)
        return await self._observe(access)

    async def categories(self, access: Access) -> tuple[Category, ...]:
        return mapping.category_tree(await self._directory.categories(access, anew=True))

    async def recommend(self, access: Access, title: str) -> tuple[Category, ...]:
        """Leaves that Shopee suggests for a product's name, best first; a person chooses."""
        query = [("item_name", title)]
        found = await self._api.get(
            access, "product/category_recommend", wire.Recommendation, query
        )
        tree = mapping.category_tree(await self._directory.categories(access))
        leaves = {one.key: one for one in tree if one.leaf}
        return tuple(leaves[str(key)] for key in found.category_id if str(key) in leaves)

    async def upload_photo(self, access: Access, photo: Photo) -> RemotePhoto:
        answer = await self._api.upload(access, photo)
        ids = [answer.image_info, *(one.image_info for one in answer.image_info_list)]
        for info in ids:
            if info is not None and info.image_id:
                return RemotePhoto(photo.hash, info.image_id)
        raise Unavailable(advice.BUSY, detail="the upload's answer names no image")

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        """Looked up, created off sale, given its choices, read back, put on sale; one at a time for a shop."""
        (draft,) = drafts  # limits.create_batch is 1
        return {draft.content.reference: await self._creation.create(access, draft)}

    async def find_listing(self, access: Access, reference: Reference) -> ObservedListing | None:
        """Off sale and hardly older than its creation it is a draft: our create did not finish."""
        item = await self._shelf.find(access, reference)
        if item is None:
            return None
        return await self._shelf.observed(access, item, draft=self._shelf.unfinished(item))

    async def update_listing(
        self,
        access: Access,
        remote_id: RemoteId,
        draft: ListingDraft,
        fields: frozenset[ListingField],
    ) -> ObservedListing:
        item = await self._item(access, remote_id)
        self._shelf.note_begun(item)
        prepared = await self._creation.prepare_update(access, draft, item.category_id, fields)
        revision = self._revision(access, item, draft.content.reference)
        await revision.set_content(
            mapping.content_body(
                draft,
                fields,
                category=prepared.category if prepared else None,
                attributes=prepared.attributes if prepared else (),
            )
        )
        await revision.set_offers(draft.content, fields, had_models=item.has_model)
        return await self._creation.applied(access, item, draft, fields)

    async def withdraw_listing(self, access: Access, remote_id: RemoteId) -> ObservedListing | None:
        """Off sale, with all its content."""
        try:
            item = await self._item(access, remote_id)
            if item.item_status == item_wire.NORMAL:
                await self._revision(access, item).set_on_sale(on_sale=False)
                item = await self._item(access, remote_id)
        except Gone:
            return None
        self._shelf.note_withdrawn(item.item_id)
        return await self._shelf.observed(access, item)

    async def relist(self, access: Access, remote_id: RemoteId) -> ObservedListing:
        """What is on sale, in review or banned is left alone, and so is a new item that a person is to publish."""
        item = await self._item(access, remote_id)
        left_alone = not self._settings.publish and self._shelf.never_on_sale(item)
        if item.item_status == item_wire.UNLIST and not left_alone:
            await self._revision(access, item).set_on_sale(on_sale=True)
            item = await self._item(access, remote_id)
        return await self._shelf.observed(access, item)

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        return await self._shelf.page(access, cursor, self.manifest.limits.page_size)

    async def _observe(self, access: Access) -> ObservedStore:
        info = await self._api.get(access, "shop/get_shop_info", wire.ShopInfo)
        if info.region != self._settings.region or info.is_cb:
            raise ActionNeeded(advice.WRONG_SHOP, detail=f"region {info.region}, cb {info.is_cb}")
        normal = info.status == item_wire.NORMAL
        until = datetime.fromtimestamp(info.expire_time, UTC) if info.expire_time else None
        return ObservedStore(
            access.remote_id,
            StoreState.OPEN if normal else StoreState.SUSPENDED,
            reference=access.reference,
            name=info.shop_name,
            reason=None if normal else f"Shopee: {info.status}",
            authorised_until=until,
        )

    async def _item(self, access: Access, remote_id: RemoteId) -> item_wire.Item:
        item = await self._shelf.item(access, int(remote_id)) if remote_id.isdecimal() else None
        if item is None:
            raise Gone(advice.GONE, detail=f"item {remote_id}")
        return item

    def _revision(
        self, access: Access, item: item_wire.Item, reference: Reference | None = None
    ) -> Revision:
        key = reference or Reference(item.item_sku)
        return Revision(self._api, self._shelf, access, item.item_id, key)

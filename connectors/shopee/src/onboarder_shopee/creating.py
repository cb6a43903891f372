"""Creating an item without ever making two: prepared and refused here, looked up, sent once, read back, put on sale."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from onboarder.connector.contract import Access, CreateOutcome, ListingDraft
from onboarder.connector.errors import (
    ActionNeeded,
    FieldFault,
    Gone,
    MarketplaceError,
    OutcomeUnknown,
    Rejected,
)
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingField, ListingState, ObservedListing
from onboarder_shopee import advice, attributes, choices, item_wire, mapping, requirements, wire
from onboarder_shopee.api import ShopeeApi
from onboarder_shopee.directory import Directory
from onboarder_shopee.errors import rejected
from onboarder_shopee.revision import Revision, expect_applied
from onboarder_shopee.settings import SameTitle
from onboarder_shopee.shelf import Shelf

log = structlog.get_logger()

ABOUT_CATEGORY = frozenset(
    {advice.CATEGORY.code, advice.FORBIDDEN_CATEGORY.code, advice.ATTRIBUTES.code}
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a category and a shop ask for, filled."""

    category: int
    attributes: list[mapping.Body]
    limits: wire.ItemLimit


class Creation:
    """One item at a time in a shop. `sleep` waits before choices are given."""

    def __init__(
        self,
        api: ShopeeApi,
        directory: Directory,
        shelf: Shelf,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._api = api
        self._directory = directory
        self._shelf = shelf
        self._sleep = sleep
        self._settings = api.settings
        self._locks: dict[RemoteId, asyncio.Lock] = {}

    async def create(self, access: Access, draft: ListingDraft) -> CreateOutcome:
        """`OutcomeUnknown` where an item with our SKU is there already, or may be."""
        async with self._locks.setdefault(access.remote_id, asyncio.Lock()):
            body = await self._body(access, draft)
            reference = draft.content.reference
            if await self._shelf.find_before_create(access, reference) is not None:
                raise OutcomeUnknown(advice.DUPLICATE, reference=reference)
            await self._see_to_own_item(access, draft)
            try:
                item_id = await self._add(access, body, reference)
            except MarketplaceError as error:
                self._forget_after(access, error)
                raise
            try:
                return await self._finished(access, draft, item_id)
            except OutcomeUnknown:
                raise
            except MarketplaceError as error:
                # The item is there: whatever fails now must be looked up, not called undone.
                raise OutcomeUnknown(
                    advice.UNCLEAR,
                    reference=reference,
                    detail=f"after add_item: {error.advice.code}: {error.detail}",
                    request_id=error.request_id,
                ) from error

    async def prepare(self, access: Access, category: str) -> Prepared:
        """`Rejected` if the category cannot be used or wants details for which there is no default."""
        leaf = await self._directory.leaf(access, category)
        limits = await self._directory.limits(access, leaf)
        requirements.check_category(limits)
        tree = await self._directory.attributes(access, leaf)
        defaults = attributes.defaults_for(leaf, self._settings.attributes)
        filled = attributes.filled(tree, defaults)
        if not self._settings.no_brand and await self._directory.wants_brand(access, leaf):
            raise rejected(advice.BRAND, "category", "a registered brand is mandatory")
        return Prepared(leaf, filled, limits)

    async def prepare_update(
        self, access: Access, draft: ListingDraft, category: int, fields: frozenset[ListingField]
    ) -> Prepared | None:
        """Refuse what the limits forbid in the named fields; what the category asks for only if that is one of them."""
        photos = len(draft.photos)
        if ListingField.CATEGORY in fields:
            prepared = await self.prepare(access, draft.content.category)
            requirements.check(draft.content, photos, prepared.limits, self._settings, fields)
            return prepared
        limits = await self._directory.limits(access, category)
        requirements.check(draft.content, photos, limits, self._settings, fields)
        return None

    async def applied(
        self,
        access: Access,
        item: item_wire.Item,
        draft: ListingDraft,
        fields: frozenset[ListingField],
    ) -> ObservedListing:
        """The item as it is after a change, which must show in it."""
        content = draft.content
        fresh = await self._read(access, item.item_id)
        only = content.offers[0].reference if choices.is_simple(content) else None
        seen = await self._shelf.observed(access, fresh, only=only)
        expect_applied(draft, fields, seen)
        return seen

    async def _body(self, access: Access, draft: ListingDraft) -> mapping.Body:
        content = draft.content
        if len(content.reference) > requirements.LONGEST_SKU:
            raise rejected(advice.CONTENT, "title", "our key is longer than a SKU may be")
        channels = await self._directory.channels(access)
        prepared = await self.prepare(access, content.category)
        requirements.check(content, len(draft.photos), prepared.limits, self._settings)
        return mapping.item_body(
            draft,
            category=prepared.category,
            attributes=prepared.attributes,
            channels=requirements.usable_channels(
                channels, content.weight_grams, prepared.limits, self._settings
            ),
            limits=prepared.limits,
            settings=self._settings,
        )

    async def _see_to_own_item(self, access: Access, draft: ListingDraft) -> None:
        """What the merchant already lists under this very title is not listed a second time."""
        if self._settings.same_title is SameTitle.IGNORE:
            return
        content = draft.content
        own = self._shelf.titled_without_sku(access, content.title)
        if not own:
            return
        if self._settings.same_title is SameTitle.ADOPT and len(own) == 1:
            revision = Revision(self._api, self._shelf, access, own[0], content.reference)
            await revision.set_sku(content.reference)
            raise OutcomeUnknown(advice.DUPLICATE, reference=content.reference)
        fault = FieldFault(ListingField.TITLE, f"SKU Induk: {content.reference}")
        raise Rejected(advice.OWN_ITEM, fields=(fault,), detail=f"{len(own)} items of this title")

    async def _add(self, access: Access, body: mapping.Body, reference: Reference) -> int:
        name = "product/add_item"
        return (await self._api.post(access, name, item_wire.Created, body, reference)).item_id

    async def _finished(self, access: Access, draft: ListingDraft, item_id: int) -> ObservedListing:
        content = draft.content
        revision = Revision(self._api, self._shelf, access, item_id, content.reference)
        simple = choices.is_simple(content)
        if not simple:
            await self._sleep(self._settings.variants_after_seconds)
            await revision.set_first_choices(content)
        item = await self._read(access, item_id)
        only = content.offers[0].reference if simple else None
        seen = await self._shelf.observed(access, item, draft=True, only=only)
        expect_applied(draft, frozenset(ListingField), seen)
        return await self._on_sale(access, revision, item, seen, only)

    async def _on_sale(
        self,
        access: Access,
        revision: Revision,
        item: item_wire.Item,
        seen: ObservedListing,
        only: Reference | None,
    ) -> ObservedListing:
        """As the settings want it. If putting it on sale fails it stays a draft, and the loop tries again."""
        if item.item_status == item_wire.NORMAL:
            log.warning("shopee.live_at_once", item=item.item_id)
        publish = self._settings.publish
        wanted = item_wire.UNLIST if publish else item_wire.NORMAL
        if item.item_status == wanted:
            try:
                await revision.set_on_sale(on_sale=publish)
                item = await self._read(access, item.item_id)
                seen = await self._shelf.observed(access, item, draft=publish, only=only)
            except MarketplaceError as error:
                log.warning("shopee.not_published", item=item.item_id, code=error.advice.code)
        return seen if publish or seen.state is not ListingState.DRAFT else _put_by(seen)

    async def _read(self, access: Access, item_id: int) -> item_wire.Item:
        item = await self._shelf.item(access, item_id)
        if item is None:
            raise Gone(advice.GONE, detail=f"item {item_id}")
        self._shelf.note(access, item)
        return item

    def _forget_after(self, access: Access, error: MarketplaceError) -> None:
        """What we believed of the shop was wrong: read it anew next time."""
        if isinstance(error, Rejected) and error.advice.code in ABOUT_CATEGORY:
            self._directory.forget_categories(access)
        if isinstance(error, Rejected | ActionNeeded):
            self._directory.forget_shop(access)


def _put_by(seen: ObservedListing) -> ObservedListing:
    """Not to be published by us: off sale as far as the loop is concerned."""
    return replace(seen, state=ListingState.WITHDRAWN)

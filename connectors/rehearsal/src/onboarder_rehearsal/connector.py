"""The connector of the practice marketplace."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, TypeVar

import structlog
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

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
from onboarder.connector.errors import Gone, MarketplaceError, OutcomeUnknown, Rejected
from onboarder.connector.http import Request
from onboarder.connector.manifest import Capability, Manifest
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingField, ObservedListing, ObservedStore, StoreContent
from onboarder.problems import ConfigProblem
from onboarder_rehearsal import calls, mapping, wire
from onboarder_rehearsal.auth import PARTNER_PURPOSE, credentials, partner_auth, seller_auth
from onboarder_rehearsal.errors import NAME_TAKEN, error_of, limited_scope, refusal
from onboarder_rehearsal.manifest import MANIFEST

log = structlog.get_logger()

T = TypeVar("T")

_SHELF = frozenset({ListingField.PRICE, ListingField.STOCK})


class RehearsalSettings(BaseModel):
    """`[settings]` of config/marketplaces/rehearsal.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settle_seconds: float | None = Field(default=None, ge=0, le=3600)
    """Overrides the manifest's settle time, for a server whose dials delay longer."""
    list_before_open: bool = False
    """True where the server's rule of the same name is on."""


class RehearsalConnector:
    """The practice marketplace through its partner API."""

    manifest: ClassVar[Manifest] = MANIFEST

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None:
        # The contract has the manifest on the class; an instance with settings answers with its own.
        vars(self)["manifest"] = _adjusted(MANIFEST, _read(settings))
        self._http = equipment.http
        self._clock = equipment.clock
        self._partner = partner_auth(equipment.derive_secret(PARTNER_PURPOSE))

    async def open_store(self, content: StoreContent) -> OpenedStore:
        """Apply under the first name that is free, then fetch a token."""
        *first, last = (content.name, *content.alternative_names)
        for name in first:
            try:
                return await self._apply(content, name)
            except Rejected as rejected:
                if rejected.advice.code != NAME_TAKEN:
                    raise
        return await self._apply(content, last)

    async def find_store(self, content: StoreContent) -> OpenedStore | None:
        request = calls.find_seller(self._partner, content.reference)
        seller = mapping.best_seller((await self._ask(request, wire.SELLERS)).sellers)
        return None if seller is None else await self._opened(seller)

    async def renew(self, access: Access) -> Credentials:
        request = calls.issue_token(self._partner, access.remote_id)
        return credentials(await self._ask(request, wire.TOKEN), self._clock())

    async def observe_store(self, access: Access) -> ObservedStore | None:
        try:
            answer = await self._ask(calls.seller(seller_auth(access)), wire.SELLER)
        except Gone:
            return None
        return mapping.observed_store(answer.seller)

    async def complete_store(self, access: Access, content: StoreContent) -> ObservedStore:
        """Set the pickup place if there is none."""
        auth = seller_auth(access)
        seller = (await self._ask(calls.seller(auth), wire.SELLER)).seller
        if seller.pickup is None:
            request = calls.set_pickup(auth, mapping.pickup(content), content.reference)
            seller = (await self._ask(request, wire.SELLER)).seller
        return mapping.observed_store(seller)

    async def categories(self, access: Access) -> tuple[Category, ...]:
        request = calls.taxonomy(seller_auth(access))
        return mapping.categories(await self._ask(request, wire.TAXONOMY))

    async def upload_photo(self, access: Access, photo: Photo) -> RemotePhoto:
        request = calls.upload_image(seller_auth(access), photo)
        return RemotePhoto(photo.hash, (await self._ask(request, wire.IMAGE)).image_id)

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        auth = seller_auth(access)
        if len(drafts) == 1:
            reference = drafts[0].content.reference
            request = calls.create_item(auth, mapping.new_item(drafts[0]), reference)
            answer = await self._ask(request, wire.ITEM)
            return {reference: mapping.observed_listing(answer.item)}
        request = calls.create_batch(auth, [mapping.new_item(draft) for draft in drafts])
        batch = await self._ask(request, wire.BATCH)
        return _outcomes(batch, frozenset(draft.content.reference for draft in drafts))

    async def find_listing(self, access: Access, reference: Reference) -> ObservedListing | None:
        request = calls.find_item(seller_auth(access), reference)
        item = mapping.best_item((await self._ask(request, wire.ITEMS)).items)
        return None if item is None else mapping.observed_listing(item)

    async def update_listing(
        self,
        access: Access,
        remote_id: RemoteId,
        draft: ListingDraft,
        fields: frozenset[ListingField],
    ) -> ObservedListing:
        """One call for content, one for price and stock; with VARIANTS both go in the first."""
        auth, content = seller_auth(access), draft.content
        answer = None
        if fields - _SHELF:
            body = mapping.item_change(draft, fields)
            if "choices" in body and not fields >= _SHELF:
                there = (await self._ask(calls.item(auth, remote_id), wire.ITEM)).item
                body["choices"] = mapping.kept(body["choices"], there.choices, fields)
            request = calls.change_item(auth, remote_id, body, content.reference)
            answer = await self._ask(request, wire.ITEM)
        if fields & _SHELF and ListingField.VARIANTS not in fields:
            shelves = mapping.shelves(content, fields)
            request = calls.restock_item(auth, remote_id, shelves, content.reference)
            answer = await self._ask(request, wire.ITEM)
        if answer is None:
            answer = await self._ask(calls.item(auth, remote_id), wire.ITEM)
        return mapping.observed_listing(answer.item)

    async def withdraw_listing(self, access: Access, remote_id: RemoteId) -> ObservedListing | None:
        try:
            answer = await self._ask(calls.hide_item(seller_auth(access), remote_id), wire.ITEM)
        except Gone:
            return None
        return mapping.observed_listing(answer.item)

    async def relist(self, access: Access, remote_id: RemoteId) -> ObservedListing:
        answer = await self._ask(calls.show_item(seller_auth(access), remote_id), wire.ITEM)
        return mapping.observed_listing(answer.item)

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        limit = self.manifest.limits.page_size
        request = calls.page_of_items(seller_auth(access), limit, cursor)
        answer = await self._ask(request, wire.ITEMS)
        return Page(tuple(map(mapping.observed_listing, answer.items)), answer.next)

    async def _apply(self, content: StoreContent, name: str) -> OpenedStore:
        body = mapping.application(content, name)
        request = calls.apply(self._partner, body, content.reference)
        seller = (await self._ask(request, wire.SELLER)).seller
        try:
            return await self._opened(seller)
        except MarketplaceError as error:
            # The store is there, so no error may say that nothing was changed.
            raise OutcomeUnknown(
                error.advice,
                reference=content.reference,
                detail=f"applied, then no token: {error.detail}",
                request_id=error.request_id,
            ) from None

    async def _opened(self, seller: wire.Seller) -> OpenedStore:
        request = calls.issue_token(self._partner, RemoteId(seller.seller_no))
        token = credentials(await self._ask(request, wire.TOKEN), self._clock())
        return OpenedStore(mapping.observed_store(seller), token)

    async def _ask(self, request: Request, shape: TypeAdapter[T]) -> T:
        """Send, and read the answer or raise what it stands for."""
        answer = await self._http.send(replace(request, limited_scope=limited_scope))
        if not answer.ok:
            raise refusal(answer, request)
        try:
            return answer.read(shape)
        except ValueError as error:
            raise self._http.unreadable(request, str(error)) from None


def _outcomes(
    batch: wire.BatchAnswer, sent: frozenset[Reference]
) -> Mapping[Reference, CreateOutcome]:
    """By Reference, in whatever order they came; what is missing is left to be looked up."""
    outcomes: dict[Reference, CreateOutcome] = {}
    for result in batch.results:
        reference = Reference(result.external_key)
        if reference not in sent:
            log.warning("rehearsal.alien_result", status=result.status)
        elif result.item is not None:
            outcomes[reference] = mapping.observed_listing(result.item)
        elif result.fault is not None:
            outcomes[reference] = error_of(200, result.fault, reference, None)
    return outcomes


def _read(settings: Mapping[str, object]) -> RehearsalSettings:
    try:
        return RehearsalSettings.model_validate(settings)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors())
        raise ConfigProblem(
            f"config/marketplaces/rehearsal.toml: [settings] cannot be used: {places}",
            hint="allowed are settle_seconds (0 to 3600) and list_before_open (true or false)",
        ) from None


def _adjusted(manifest: Manifest, chosen: RehearsalSettings) -> Manifest:
    if chosen.settle_seconds is not None:
        manifest = replace(manifest, settle=timedelta(seconds=chosen.settle_seconds))
    if chosen.list_before_open:
        more = manifest.capabilities | {Capability.LIST_BEFORE_OPEN}
        manifest = replace(manifest, capabilities=more)
    return manifest

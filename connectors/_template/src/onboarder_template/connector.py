"""The connector for Template."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NoReturn, TypeVar

from pydantic import TypeAdapter

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
from onboarder.connector.errors import CredentialsExpired, Gone, Unsupported
from onboarder.connector.http import Effect, Request
from onboarder.connector.manifest import Capability, Manifest
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingField, ObservedListing, ObservedStore, StoreContent
from onboarder_template import mapping, wire
from onboarder_template.auth import KeyAuth, credentials, store_auth
from onboarder_template.errors import KEY_UNREADABLE, NOT_YET, refusal
from onboarder_template.manifest import MANIFEST
from onboarder_template.settings import read_settings

T = TypeVar("T")


class TemplateConnector:
    """Fulfils `onboarder.connector.contract.Connector`."""

    manifest: ClassVar[Manifest] = MANIFEST

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None:
        read_settings(settings)
        self._http = equipment.http
        self._programme = KeyAuth(equipment.derive_secret("template programme key"))

    async def open_store(self, content: StoreContent) -> OpenedStore:
        request = Request(
            "POST",
            "/stores",
            "/stores",
            Effect.WRITE,
            json=mapping.store_body(content),
            auth=self._programme,
            reference=content.reference,
        )
        return _opened((await self._ask(request, wire.STORE)).store)

    async def find_store(self, content: StoreContent) -> OpenedStore | None:
        params = [("reference", content.reference)]
        request = Request(
            "GET", "/stores", "/stores", Effect.READ, params=params, auth=self._programme
        )
        stores = (await self._ask(request, wire.STORES)).stores
        return _opened(stores[0]) if stores else None

    async def renew(self, access: Access) -> Credentials:
        """The store's key as the programme's key shows it."""
        path, route = f"/stores/{access.remote_id}", "/stores/{id}"
        request = Request("GET", path, route, Effect.READ, auth=self._programme)
        try:
            return credentials((await self._ask(request, wire.STORE)).store.key)
        except Gone as gone:
            raise CredentialsExpired(KEY_UNREADABLE, detail=gone.detail) from None

    async def observe_store(self, access: Access) -> ObservedStore | None:
        request = Request("GET", "/store", "/store", Effect.READ, auth=store_auth(access))
        try:
            return mapping.observed_store((await self._ask(request, wire.STORE)).store)
        except Gone:
            return None

    async def complete_store(self, access: Access, content: StoreContent) -> ObservedStore:
        """Template asks for nothing more."""
        del content
        request = Request("GET", "/store", "/store", Effect.READ, auth=store_auth(access))
        return mapping.observed_store((await self._ask(request, wire.STORE)).store)

    async def categories(self, access: Access) -> tuple[Category, ...]:
        del access
        _not_yet(Capability.CATEGORIES)

    async def upload_photo(self, access: Access, photo: Photo) -> RemotePhoto:
        del access, photo
        _not_yet(Capability.UPLOAD_PHOTO)

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        (draft,) = drafts  # limits.create_batch is 1
        if draft.photos:
            _not_yet(Capability.UPLOAD_PHOTO)
        request = Request(
            "POST",
            "/listings",
            "/listings",
            Effect.WRITE,
            json=mapping.listing_body(draft),
            auth=store_auth(access),
            reference=draft.content.reference,
        )
        listing = (await self._ask(request, wire.LISTING)).listing
        return {draft.content.reference: mapping.observed_listing(listing)}

    async def find_listing(self, access: Access, reference: Reference) -> ObservedListing | None:
        found = await self._listings(access, ("reference", reference))
        return mapping.observed_listing(found.listings[0]) if found.listings else None

    async def update_listing(
        self,
        access: Access,
        remote_id: RemoteId,
        draft: ListingDraft,
        fields: frozenset[ListingField],
    ) -> ObservedListing:
        del access, remote_id, draft, fields
        _not_yet(Capability.UPDATE_CONTENT)

    async def withdraw_listing(self, access: Access, remote_id: RemoteId) -> ObservedListing | None:
        del access, remote_id
        _not_yet(Capability.WITHDRAW_LISTING)

    async def relist(self, access: Access, remote_id: RemoteId) -> ObservedListing:
        del access, remote_id
        _not_yet(Capability.RELIST)

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        limit = ("limit", str(self.manifest.limits.page_size))
        after = [("after", cursor)] if cursor is not None else []
        page = await self._listings(access, limit, *after)
        return Page(tuple(map(mapping.observed_listing, page.listings)), page.next)

    async def _listings(self, access: Access, *params: tuple[str, str]) -> wire.ListingsAnswer:
        request = Request(
            "GET", "/listings", "/listings", Effect.READ, params=params, auth=store_auth(access)
        )
        return await self._ask(request, wire.LISTINGS)

    async def _ask(self, request: Request, shape: TypeAdapter[T]) -> T:
        """Send, and read the answer or raise what it stands for."""
        answer = await self._http.send(request)
        if not answer.ok:
            raise refusal(answer, request)
        try:
            return answer.read(shape)
        except ValueError as error:
            raise self._http.unreadable(request, str(error)) from None


def _opened(store: wire.Store) -> OpenedStore:
    return OpenedStore(mapping.observed_store(store), credentials(store.key))


def _not_yet(capability: Capability) -> NoReturn:
    raise Unsupported(NOT_YET, detail=capability)

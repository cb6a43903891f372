"""The connector for marketplaces built on Mercur 2.1."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import ClassVar

from pydantic import SecretStr

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
from onboarder.connector.errors import ActionNeeded, Gone, OutcomeUnknown
from onboarder.connector.manifest import Manifest
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import (
    ListingContent,
    ListingField,
    ListingState,
    ObservedListing,
    ObservedStore,
    StoreContent,
)
from onboarder_mercur import advice, errors, mapping, storefront, wire
from onboarder_mercur.api import MercurApi
from onboarder_mercur.auth import Login, MemberAuth, Token, credentials, member_auth, secret_of
from onboarder_mercur.directory import Directory
from onboarder_mercur.manifest import MANIFEST
from onboarder_mercur.opening import apply_for_store, find_own_store
from onboarder_mercur.paging import turn_page
from onboarder_mercur.revision import Revision
from onboarder_mercur.settings import Account, read_settings


class MercurConnector:
    """Fulfils `onboarder.connector.contract.Connector`; what it remembers only spares calls."""

    manifest: ClassVar[Manifest] = MANIFEST

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None:
        self._settings = read_settings(settings)
        if self._settings.settle_seconds is not None:
            # The contract has the manifest on the class; an instance with settings answers with its own.
            settle = timedelta(seconds=self._settings.settle_seconds)
            vars(self)["manifest"] = replace(MANIFEST, settle=settle)
        self._equipment = equipment
        self._api = MercurApi(equipment.http)
        self._directory = Directory(self._api, equipment.clock, self._settings.sales_channel)
        self._programme = self._login(self._settings.programme_login)

    async def open_store(self, content: StoreContent) -> OpenedStore:
        """Registers the login first if need be. Ends in review: Mercur's operator approves."""
        login = self._login_of(content.reference)
        token = await login.made()
        seller = await apply_for_store(
            self._api,
            MemberAuth(token.secret),
            content,
            member_email=login.email,
            own_email=self._settings.address_of(content.reference),
            is_ours=partial(self._is_ours, login, content.reference),
        )
        with errors.doubt_after(content.reference, advice.REFERENCE_TAKEN):
            token = token if token.owns_stores else await self._existing(login)
        store = storefront.observed_store(seller, content.reference, None)
        return OpenedStore(store, credentials(login.email, token))

    async def find_store(self, content: StoreContent) -> OpenedStore | None:
        """Among the stores of our login. Mercur hides terminated ones."""
        login = self._login_of(content.reference)
        token, seller = await self._found(login, content.reference)
        if token is None or seller is None:
            return None
        way_in = credentials(login.email, token)
        access = Access(content.reference, RemoteId(seller.id), way_in)
        return OpenedStore(await self._observe(access), way_in)

    async def renew(self, access: Access) -> Credentials:
        secret = secret_of(access)
        shared = secret.email == self._programme.email
        login = self._programme if shared else self._login(secret.email)
        token = await login.known(instead_of=secret.token)
        if token is None:
            raise ActionNeeded(advice.WRONG_LOGIN, detail="renewal refused")
        return credentials(login.email, token)

    async def observe_store(self, access: Access) -> ObservedStore | None:
        try:
            return await self._observe(access)
        except ActionNeeded as error:
            if error.advice is advice.STORE_GONE:
                return None
            raise

    async def complete_store(self, access: Access, content: StoreContent) -> ObservedStore:
        """One stock location, found before it is made, linked to the shop window."""
        auth = member_auth(access)
        channel = await self._directory.channel(auth)
        seller = await self._api.seller(auth)
        if storefront.linked_location(seller, channel) is None:
            location = storefront.own_location(seller)
            if location is None:
                body = storefront.location_body(content)
                location = await self._api.create_location(auth, body, access.reference)
            await self._api.link_location(auth, location.id, channel, access.reference)
            self._directory.forget(access.remote_id)
        return await self._observe(access)

    async def categories(self, access: Access) -> tuple[Category, ...]:
        return mapping.category_tree(await self._api.categories(member_auth(access)))

    async def upload_photo(self, access: Access, photo: Photo) -> RemotePhoto:
        return RemotePhoto(photo.hash, await self._api.upload(member_auth(access), photo))

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        """One product with its variants, proposed for review, then its stock."""
        (draft,) = drafts  # limits.create_batch is 1
        return {draft.content.reference: await self._create(access, draft)}

    async def find_listing(self, access: Access, reference: Reference) -> ObservedListing | None:
        """By handle, then by external id: the seller can change the one but not the other."""
        product = await self._find_product(member_auth(access), reference)
        return None if product is None else mapping.observed_listing(product, reference)

    async def update_listing(
        self,
        access: Access,
        remote_id: RemoteId,
        draft: ListingDraft,
        fields: frozenset[ListingField],
    ) -> ObservedListing:
        """A rejected product goes into review again; a withdrawn one stays withdrawn."""
        mapping.check(draft, self.manifest.limits)
        auth = member_auth(access)
        product = await self._api.product(auth, remote_id)
        category = None
        if ListingField.CATEGORY in fields:
            category = await self._category(auth, draft.content.category)
        revision = self._revision(access, product, draft.content.reference)
        seen = await revision.set_fields(draft, fields, category=category)
        if category is not None:
            self._expect_category(revision.product, draft.content)
        return seen

    async def withdraw_listing(self, access: Access, remote_id: RemoteId) -> ObservedListing | None:
        """Back to draft: no buyer sees it, everything of it stays."""
        try:
            return await self._set_status(access, remote_id, {"status": wire.ProductStatus.DRAFT})
        except Gone:
            return None

    async def relist(self, access: Access, remote_id: RemoteId) -> ObservedListing:
        """Proposed again, in the shop window; what is on sale or in review is left alone."""
        auth = member_auth(access)
        product = await self._api.product(auth, remote_id)
        observed = mapping.observed_listing(product)
        if observed.state in {ListingState.LIVE, ListingState.IN_REVIEW}:
            return observed
        body: dict[str, object] = {"status": wire.ProductStatus.PROPOSED}
        if not product.sales_channels:
            body["sales_channels"] = [{"id": await self._directory.channel(auth)}]
        return await self._set_status(access, remote_id, body)

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        """In the order of creation; products that come or go meanwhile hide no other."""
        auth, size = member_auth(access), self.manifest.limits.page_size
        leaf = await turn_page(
            lambda most, offset: self._api.products(auth, {}, limit=most, offset=offset),
            cursor,
            size,
        )
        return Page(tuple(map(mapping.observed_listing, leaf.products)), leaf.cursor)

    async def _observe(self, access: Access) -> ObservedStore:
        auth = member_auth(access)
        seller = await self._api.seller(auth)
        channel = await self._directory.channel(auth)
        return storefront.observed_store(seller, access.reference, channel)

    async def _create(self, access: Access, draft: ListingDraft) -> ObservedListing:
        mapping.check(draft, self.manifest.limits)
        auth, reference = member_auth(access), draft.content.reference
        body = mapping.product_body(
            draft,
            category=await self._category(auth, draft.content.category),
            channel=await self._directory.channel(auth),
        )
        try:
            product = await self._api.create_product(auth, body, reference)
        except OutcomeUnknown as doubt:
            taken = doubt.advice is advice.REFERENCE_TAKEN
            if taken and await self._find_product(auth, reference) is None:
                raise ActionNeeded(advice.SKU_TAKEN, detail=doubt.detail) from None
            raise
        with errors.doubt_after(reference, advice.STOCK_LATER):
            await self._revision(access, product, reference).set_stock(draft.content.offers)
        self._expect_category(product, draft.content)
        observed = mapping.observed_listing(product, reference)
        return replace(observed, offers=mapping.offers_as_sent(draft.content.offers))

    def _revision(self, access: Access, product: wire.Product, reference: Reference) -> Revision:
        auth = member_auth(access)
        location = partial(self._directory.location, auth, access.remote_id)
        return Revision(self._api, auth, product, reference, location)

    def _expect_category(self, product: wire.Product, wanted: ListingContent) -> None:
        """Of a category removed meanwhile Mercur says nothing and leaves it out: look at the product again."""
        if wanted.category not in {one.handle for one in product.categories}:
            self._directory.forget_categories()
            raise OutcomeUnknown(advice.CATEGORY_LOST, reference=wanted.reference)

    async def _find_product(self, auth: MemberAuth, reference: Reference) -> wire.Product | None:
        for name in ("handle", "external_id"):
            page = await self._api.products(auth, {name: reference}, limit=10)
            for product in page.products:
                if getattr(product, name) == reference:
                    return product
        return None

    async def _category(self, auth: MemberAuth, handle: str) -> str:
        found = await self._directory.category(auth, handle)
        if found is None:
            raise errors.unknown_category(handle)
        return found

    async def _set_status(
        self, access: Access, remote_id: RemoteId, body: Mapping[str, object]
    ) -> ObservedListing:
        auth = member_auth(access)
        product = await self._api.update_product(auth, remote_id, body, access.reference)
        return mapping.observed_listing(product)

    def _login_of(self, reference: Reference) -> Login:
        """The login that owns, or will own, the store with this Reference."""
        match self._settings.account:
            case Account.PROGRAMME:
                return self._programme
            case Account.MERCHANT:
                return self._login(self._settings.address_of(reference))

    def _login(self, email: str) -> Login:
        password = self._password(email)
        return Login(
            email,
            log_in=lambda: self._api.log_in(email, password),
            register=lambda: self._api.register(email, password),
            clock=self._equipment.clock,
        )

    def _password(self, email: str) -> SecretStr:
        given = self._settings.password_file
        if given is not None and email == self._settings.programme_login:
            return SecretStr(given.read_text(encoding="utf-8").strip())
        return self._equipment.derive_secret(f"mercur login {email}")

    async def _found(
        self, login: Login, reference: Reference
    ) -> tuple[Token | None, wire.Seller | None]:
        """The login's token, and the store with our Reference among its stores."""
        token = await login.known()
        if token is None or not token.owns_stores:
            return token, None
        return token, await find_own_store(self._api, MemberAuth(token.secret), reference)

    async def _is_ours(self, login: Login, reference: Reference) -> bool:
        return (await self._found(login, reference))[1] is not None

    async def _existing(self, login: Login) -> Token:
        token = await login.known()
        if token is None:
            raise ActionNeeded(advice.WRONG_LOGIN, detail="no login after opening")
        return token

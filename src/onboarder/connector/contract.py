"""The contract a connector fulfils.

Every method does its calls through the `MarketplaceHttp` in `Equipment`, raises only `MarketplaceError`s, and holds no
state that another process would need. "Safe to repeat" means: called twice with the same arguments it leaves the
marketplace as after once. Writes that are not safe to repeat are fenced by the loop with an intent and a look-up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol

from pydantic import SecretStr

from onboarder.connector.errors import MarketplaceError
from onboarder.connector.http import MarketplaceHttp
from onboarder.connector.manifest import Manifest
from onboarder.model.ids import PhotoHash, Reference, RemoteId
from onboarder.model.shop import (
    ListingContent,
    ListingField,
    ObservedListing,
    ObservedStore,
    StoreContent,
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens one store. The secret is the connector's own JSON text; the core only keeps it encrypted."""

    secret: SecretStr
    expires_at: datetime | None = None
    """UTC; None means it does not expire by itself."""
    renewable_until: datetime | None = None
    """UTC; after it only the merchant can give new ones. None: as long as we like."""


@dataclass(frozen=True, slots=True)
class Access:
    """The way into one store for one call."""

    reference: Reference
    """The store's Reference."""
    remote_id: RemoteId
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """A store as just opened or found again, with the credentials to work in it."""

    store: ObservedStore
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Photo:
    """A stored photo: JPEG bytes without metadata."""

    hash: PhotoHash
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RemotePhoto:
    """An uploaded photo as listings name it there (id or URL)."""

    hash: PhotoHash
    key: str


@dataclass(frozen=True, slots=True)
class ListingDraft:
    """A listing ready to send: content and its photos already uploaded, in order."""

    content: ListingContent
    photos: tuple[RemotePhoto, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a store's listings; `next_cursor` is None on the last."""

    listings: tuple[ObservedListing, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Category:
    """A node of the marketplace's category tree; only leaves take listings."""

    key: str
    name: str
    parent: str | None
    leaf: bool


CreateOutcome = ObservedListing | MarketplaceError


def no_secret(name: str) -> SecretStr | None:
    """For marketplaces that gave us none."""
    del name
    return None


@dataclass(frozen=True, slots=True)
class Equipment:
    """What the core hands a connector when it is built."""

    http: MarketplaceHttp
    clock: Callable[[], datetime]
    """UTC now."""
    derive_secret: Callable[[str], SecretStr]
    """A stable secret for a purpose (a login's password, say), the same after a restored backup."""
    secret: Callable[[str], SecretStr | None] = no_secret
    """What the marketplace gave the programme (an app's key, say), from the secrets folder; None if it is not there."""


class Connector(Protocol):
    """One marketplace. Build it with its settings (from config/marketplaces/NAME.toml) and the equipment."""

    manifest: ClassVar[Manifest]

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None: ...

    async def open_store(self, content: StoreContent) -> OpenedStore:
        """Open the store, or go on with one half opened. Not safe to repeat blindly.

        If the marketplace says that the Reference is taken, raise `OutcomeUnknown`: the loop looks it up and adopts.
        """
        ...

    async def find_store(self, content: StoreContent) -> OpenedStore | None:
        """The store that carries our Reference, wherever it came from; None if there is none. Safe to repeat."""
        ...

    async def renew(self, access: Access) -> Credentials:
        """Fresh credentials. `CredentialsExpired` if only the merchant can give them.

        With a login safe to repeat. By consent it may use up what it sends: send it as a write, once, and let a lost
        answer be `OutcomeUnknown`; one caller of all processes comes here at a time, and tries once more after that.
        """
        ...

    async def observe_store(self, access: Access) -> ObservedStore | None:
        """The store as it is now; None if it is gone. Safe to repeat."""
        ...

    async def complete_store(self, access: Access, content: StoreContent) -> ObservedStore:
        """Do what an opened store still lacks, looking first at what is there. Safe to repeat after the settle time."""
        ...

    async def categories(self, access: Access) -> tuple[Category, ...]:
        """The category tree as listings may use it now. Safe to repeat."""
        ...

    async def upload_photo(self, access: Access, photo: Photo) -> RemotePhoto:
        """Store a photo. Safe to repeat: at worst an unused copy stays behind."""
        ...

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        """Create up to `limits.create_batch` listings. Not safe to repeat blindly.

        A Reference missing from the answer, or mapped to `OutcomeUnknown`, is looked up later. An exception speaks for
        the whole batch.
        """
        ...

    async def find_listing(self, access: Access, reference: Reference) -> ObservedListing | None:
        """The listing that carries our Reference, by exact match; None if there is none. Safe to repeat."""
        ...

    async def update_listing(
        self,
        access: Access,
        remote_id: RemoteId,
        draft: ListingDraft,
        fields: frozenset[ListingField],
    ) -> ObservedListing:
        """Set the named fields to the draft's values and leave the rest alone. Safe to repeat. `Gone` if not there."""
        ...

    async def withdraw_listing(self, access: Access, remote_id: RemoteId) -> ObservedListing | None:
        """Take it off sale, keeping it where the marketplace can; None if it is gone. Safe to repeat."""
        ...

    async def relist(self, access: Access, remote_id: RemoteId) -> ObservedListing:
        """Put a withdrawn or draft listing on sale (or into review). Safe to repeat. `Gone` if not there."""
        ...

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        """One page of all listings in the store, ours or not; start with None. Safe to repeat."""
        ...

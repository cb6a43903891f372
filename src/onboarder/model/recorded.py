"""What we hold on record about one store: the middle of the three ways that wanted, recorded and observed are compared."""

from dataclasses import dataclass, field
from datetime import datetime

from onboarder.model.goods import Product
from onboarder.model.ids import (
    ListingId,
    MarketplaceName,
    MerchantId,
    PhotoHash,
    Reference,
    RemoteId,
    RunId,
    StoreId,
)
from onboarder.model.people import Merchant
from onboarder.model.shop import ListingContent, ListingState, ObservedListing, StoreState
from onboarder.model.work import Failure, IntentKind, Lane

RELIST = "relist"
"""A repair that is not a field: put the listing on sale again."""
RECREATE = "recreate"
"""A repair that is not a field: create the vanished listing again."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for a store. `token` grows with every lease, so an old holder's writes are refused."""

    store_id: StoreId
    owner: str
    token: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Doubt:
    """A remote write whose outcome nobody recorded. Until `until` its absence proves nothing."""

    intent_id: str
    reference: Reference
    kind: IntentKind
    until: datetime


@dataclass(frozen=True, slots=True)
class StoreRecord:
    """One merchant on one marketplace, as last recorded."""

    id: StoreId
    merchant_id: MerchantId
    marketplace: MarketplaceName
    reference: Reference
    state: StoreState
    remote_id: RemoteId | None
    complete: bool
    reason: str | None
    observed_at: datetime | None
    failure: Failure | None
    attempts: int
    """Failures in a row."""
    starts: int
    """Passes begun since the last progress: a store that kills its worker is parked by it."""
    lane: Lane
    due_at: datetime | None
    generation: int
    review_run: RunId | None
    """A reconciliation run that waits for a pass over this store."""
    requested_by: str
    url: str | None = None
    looks: int = 0
    """Looks in a row that found something still in review."""
    authorised_until: datetime | None = None
    """When the merchant's consent ends by itself, where the marketplace says so."""
    withdrawn_at: datetime | None = None
    """Since when the merchant does not agree any more: nothing is done for the store."""
    opened_at: datetime | None = None
    """None as well where it is open and nobody recorded since when."""
    app: str | None = None
    """The app of the marketplace that it was given to, for good; "" is the first. None: none was chosen, and what exists
    or waits for its owner all the same is the first's."""

    @property
    def placed(self) -> bool:
        """Whether it takes a place in one of the apps."""
        let_out = self.remote_id is not None or self.state is StoreState.AWAITING_OWNER
        return let_out or self.app is not None


@dataclass(frozen=True, slots=True)
class ListingRecord:
    """One product in one store, as last recorded."""

    id: ListingId
    reference: Reference
    state: ListingState = ListingState.PLANNED
    remote_id: RemoteId | None = None
    applied: ListingContent | None = None
    """The content we last sent successfully."""
    baseline: ObservedListing | None = None
    """What the marketplace showed when both sides last agreed; its `state` is the one agreed on."""
    observed: ObservedListing | None = None
    observed_at: datetime | None = None
    reason: str | None = None
    failure: Failure | None = None
    refused_digest: str | None = None
    """Digest of the content that was refused for good; other content may be tried."""
    attempts: int = 0
    not_before: datetime | None = None
    """No new attempt, and no belief in its absence, before this time."""
    repairs: frozenset[str] = field(default_factory=frozenset[str])
    """Fields (or `relist`, `recreate`) to bring back to what we want: by policy, by a person's answer, or because we
    took it off sale ourselves."""

    def refused(self, content: ListingContent) -> bool:
        """Whether just this content was refused for good."""
        return self.refused_digest is not None and self.refused_digest == content.digest


@dataclass(frozen=True, slots=True)
class SealedCredentials:
    """What opens a store, as it lies in the records."""

    sealed: str = field(repr=False)
    expires_at: datetime | None
    renewable_until: datetime | None
    renew_by: datetime | None
    """When they are renewed even if nobody needs them."""
    generation: int
    """Grows with every change."""
    renewer_until: datetime | None
    """Until then somebody renews them, or waits before the last try."""
    lost_at: datetime | None
    """Since when only the merchant can give new ones."""


@dataclass(frozen=True, slots=True)
class StoreWork:
    """Everything one pass over a store needs, read in one transaction."""

    store: StoreRecord
    merchant: Merchant
    products: tuple[Product, ...]
    listings: dict[Reference, ListingRecord]
    doubts: tuple[Doubt, ...]
    photos: dict[PhotoHash, str]
    """Uploaded photos: hash to the marketplace's key."""
    credentials: SealedCredentials | None

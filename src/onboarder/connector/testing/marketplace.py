"""What the kit must be able to do at the marketplace itself, past the connector: look, edit by hand, break rules."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from onboarder.connector.contract import OpenedStore
from onboarder.connector.testing.proxy import Exchange, Reply
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingState, StoreContent, StoreState


class Ability(StrEnum):
    """What a control may be unable to do; the values are the methods' names."""

    CONSENT = "consent"
    HOLD_REVIEWS = "hold_reviews"
    REFUSE_STORE = "refuse_store"
    SUSPEND_STORE = "suspend_store"
    DELETE_STORE = "delete_store"
    REVOKE = "revoke"
    EDIT_LISTING = "edit_listing"
    DELETE_LISTING = "delete_listing"
    REJECT_LISTING = "reject_listing"
    ADD_OWN_LISTING = "add_own_listing"
    WITHDRAW_CATEGORY = "withdraw_category"
    MAKE_NAMES_UNIQUE = "make_names_unique"
    DELAY_VISIBILITY = "delay_visibility"
    SPOIL_BATCH = "spoil_batch"
    REFUSAL = "refusal"
    KEEP_TOKENS_OUT_OF_URLS = "keep_tokens_out_of_urls"
    """No method: some marketplaces demand the token in the address of every call."""


class Act(StrEnum):
    """A call of the connector's, so that a fault can be aimed at it."""

    OPEN_STORE = "open_store"
    RENEW = "renew"
    COMPLETE_STORE = "complete_store"
    CREATE_LISTING = "create_listing"
    UPDATE_LISTING = "update_listing"
    WITHDRAW_LISTING = "withdraw_listing"
    RELIST = "relist"
    UPLOAD_PHOTO = "upload_photo"
    OBSERVE_STORE = "observe_store"
    OBSERVE_LISTINGS = "observe_listings"


class BatchFault(StrEnum):
    """What goes wrong inside the next batch."""

    HALF = "some items fail for a while"
    SHUFFLED = "results come in another order"
    MISSING = "some results are left out, though done"


@dataclass(frozen=True, slots=True)
class Route:
    """Which requests a call of the connector's makes: a regular expression on `METHOD /path`, matched as a whole."""

    pattern: str

    def __call__(self, exchange: Exchange) -> bool:
        return re.fullmatch(self.pattern, exchange.line) is not None


@dataclass(frozen=True, slots=True)
class HeldStore:
    """A store as the marketplace holds it."""

    remote_id: RemoteId
    state: StoreState
    name: str


@dataclass(frozen=True, slots=True)
class HeldOffer:
    """A variant as the marketplace holds it; `price` in rupiah."""

    name: str
    price: int
    stock: int


@dataclass(frozen=True, slots=True)
class HeldListing:
    """A listing as the marketplace holds it."""

    remote_id: RemoteId
    store: RemoteId
    state: ListingState
    title: str
    description: str
    category: str
    weight_grams: int
    photos: int
    offers: Mapping[Reference, HeldOffer] = field(default_factory=dict[Reference, HeldOffer])


class MarketplaceControl(Protocol):
    """Every hand at the marketplace that is not the connector's.

    `cannot` names what this control is unable to do, each with the reason: checks that need it are reported as exempt.
    """

    @property
    def cannot(self) -> Mapping[Ability, str]: ...

    @property
    def routes(self) -> Mapping[Act, Route]: ...

    @property
    def category(self) -> str:
        """Key of a category that takes listings."""
        ...

    @property
    def other_category(self) -> str:
        """Key of another one, which checks may withdraw and nobody else uses."""
        ...

    async def stores(self, reference: Reference) -> Sequence[HeldStore]:
        """The oracle: all stores that really carry the Reference."""
        ...

    async def listings(self, reference: Reference) -> Sequence[HeldListing]:
        """The oracle: all listings that really carry the Reference, hidden ones too."""
        ...

    async def approve_store(self, store: RemoteId) -> None:
        """Open it for trade, whoever decides there; harmless if it is open."""
        ...

    async def consent(self, content: StoreContent) -> OpenedStore:
        """The merchant signs up and consents, where the API cannot open stores."""
        ...

    async def hold_reviews(self) -> None:
        """Stores applied for from now on stay in review until `approve_store`."""
        ...

    async def refuse_store(self, store: RemoteId, reason: str) -> None: ...

    async def suspend_store(self, store: RemoteId, reason: str) -> None: ...

    async def delete_store(self, store: RemoteId) -> None: ...

    async def revoke(self, store: RemoteId) -> None:
        """The merchant takes the consent back."""
        ...

    async def edit_listing(self, listing: RemoteId, *, title: str, price: int) -> None:
        """The price in rupiah, of every offer."""
        ...

    async def delete_listing(self, listing: RemoteId) -> None: ...

    async def reject_listing(self, listing: RemoteId, reason: str) -> None: ...

    async def add_own_listing(self, store: RemoteId, title: str) -> None:
        """The merchant lists something without us."""
        ...

    async def withdraw_category(self, category: str) -> None: ...

    async def make_names_unique(self) -> None:
        """From now on no two stores may have one name (where they may at all)."""
        ...

    async def delay_visibility(self, seconds: float) -> None:
        """What the next create makes is found by search and paging only after that time."""
        ...

    async def pass_time(self, seconds: float) -> None:
        """Let the marketplace's clock go on; needed with `delay_visibility` only."""
        ...

    async def spoil_batch(self, fault: BatchFault) -> None:
        """Strikes the next batch."""
        ...

    def refusal(self, status: int, code: str, pattern: str) -> Reply:
        """An error in the marketplace's own form, with a message that the regular expression `pattern` finds."""
        ...


class UnableControl:
    """A control that can do nothing beyond the oracle. Inherit it to write only what yours can do."""

    async def consent(self, content: StoreContent) -> OpenedStore:
        raise NotImplementedError(Ability.CONSENT)

    async def hold_reviews(self) -> None:
        raise NotImplementedError(Ability.HOLD_REVIEWS)

    async def refuse_store(self, store: RemoteId, reason: str) -> None:
        raise NotImplementedError(Ability.REFUSE_STORE)

    async def suspend_store(self, store: RemoteId, reason: str) -> None:
        raise NotImplementedError(Ability.SUSPEND_STORE)

    async def delete_store(self, store: RemoteId) -> None:
        raise NotImplementedError(Ability.DELETE_STORE)

    async def revoke(self, store: RemoteId) -> None:
        raise NotImplementedError(Ability.REVOKE)

    async def edit_listing(self, listing: RemoteId, *, title: str, price: int) -> None:
        raise NotImplementedError(Ability.EDIT_LISTING)

    async def delete_listing(self, listing: RemoteId) -> None:
        raise NotImplementedError(Ability.DELETE_LISTING)

    async def reject_listing(self, listing: RemoteId, reason: str) -> None:
        raise NotImplementedError(Ability.REJECT_LISTING)

    async def add_own_listing(self, store: RemoteId, title: str) -> None:
        raise NotImplementedError(Ability.ADD_OWN_LISTING)

    async def withdraw_category(self, category: str) -> None:
        raise NotImplementedError(Ability.WITHDRAW_CATEGORY)

    async def make_names_unique(self) -> None:
        raise NotImplementedError(Ability.MAKE_NAMES_UNIQUE)

    async def delay_visibility(self, seconds: float) -> None:
        raise NotImplementedError(Ability.DELAY_VISIBILITY)

    async def pass_time(self, seconds: float) -> None:
        raise NotImplementedError(Ability.DELAY_VISIBILITY)

    async def spoil_batch(self, fault: BatchFault) -> None:
        raise NotImplementedError(Ability.SPOIL_BATCH)

    def refusal(self, status: int, code: str, pattern: str) -> Reply:
        raise NotImplementedError(Ability.REFUSAL)

"""One merchant on one marketplace: what we want there, what is there, and how the two differ."""

import hashlib
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum

from onboarder.model.ids import PhotoHash, Reference, RemoteId


class StoreState(StrEnum):
    """Life of a store, in our words; connectors translate the marketplace's."""

    DRAFT = "draft"
    """Prepared here; the marketplace does not know it yet."""
    AWAITING_OWNER = "awaiting_owner"
    """The merchant must authorise, sign up or prove identity."""
    IN_REVIEW = "in_review"
    OPEN = "open"
    REFUSED = "refused"
    """The application was turned down; `reason` says why."""
    SUSPENDED = "suspended"
    CLOSED = "closed"
    VANISHED = "vanished"


class ListingState(StrEnum):
    """Life of a listing, in our words."""

    PLANNED = "planned"
    """Not on the marketplace."""
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    LIVE = "live"
    REJECTED = "rejected"
    """The marketplace refused the content; `reason` says why."""
    WITHDRAWN = "withdrawn"
    """Taken off sale but still there."""
    VANISHED = "vanished"


class ListingField(StrEnum):
    """A part of a listing that can differ and be updated on its own."""

    TITLE = "title"
    DESCRIPTION = "description"
    CATEGORY = "category"
    WEIGHT = "weight_grams"
    PHOTOS = "photos"
    VARIANTS = "variants"
    """Which variants there are, by Reference and name."""
    PRICE = "price"
    STOCK = "stock"


@dataclass(frozen=True, slots=True)
class StoreContent:
    """A store draft: everything a marketplace may ask for when a store is opened."""

    reference: Reference
    name: str = field(repr=False)
    alternative_names: tuple[str, ...] = field(repr=False)
    """Other names in order of preference, for marketplaces where names are unique."""
    owner_name: str = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    description: str = ""
    stall: str = ""
    market_name: str = ""
    street: str = ""
    city: str = ""
    province: str = ""
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant as offered: its name is '' when the listing has only one."""

    reference: Reference
    name: str
    price: int
    stock: int


@dataclass(frozen=True, slots=True)
class ListingContent:
    """What we want one listing to be. `category` is the marketplace's own category key."""

    reference: Reference
    title: str
    description: str
    category: str
    weight_grams: int
    photos: tuple[PhotoHash, ...]
    offers: tuple[Offer, ...]

    @property
    def digest(self) -> str:
        """Equal for equal content; what a refusal is final for."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def differing(self, other: "ListingContent") -> frozenset[ListingField]:
        """The fields in which the two differ, apart from the Reference."""
        if self == other:
            return frozenset()  # nearly always, and much quicker than field by field
        return frozenset(name for name in ListingField if self.value(name) != other.value(name))

    def value(self, name: ListingField) -> object:
        """The field's value in a form that compares by content."""
        match name:
            case ListingField.VARIANTS:
                return frozenset((offer.reference, offer.name) for offer in self.offers)
            case ListingField.PRICE:
                return {offer.reference: offer.price for offer in self.offers}
            case ListingField.STOCK:
                return {offer.reference: offer.stock for offer in self.offers}
            case _:
                return getattr(self, name.value)


@dataclass(frozen=True, slots=True)
class ObservedStore:
    """What the marketplace says of a store."""

    remote_id: RemoteId
    state: StoreState
    reference: Reference | None = None
    name: str | None = field(default=None, repr=False)
    reason: str | None = None
    """The marketplace's words for a refusal or suspension."""
    complete: bool = True
    """False: the store exists but `complete_store` still has to set it up (address, stock location, …)."""
    url: str | None = None
    authorised_until: datetime | None = None
    """UTC; when the merchant's consent ends by itself, where the marketplace says so."""


@dataclass(frozen=True, slots=True)
class ObservedOffer:
    """A variant as shown; None means the call does not show it."""

    reference: Reference
    price: int | None = None
    stock: int | None = None


@dataclass(frozen=True, slots=True)
class ObservedListing:
    """What the marketplace says of a listing; None means that this call does not show the field."""

    remote_id: RemoteId
    state: ListingState
    reference: Reference | None = None
    """None: not one of ours."""
    title: str | None = None
    description: str | None = None
    category: str | None = None
    weight_grams: int | None = None
    photo_count: int | None = None
    offers: tuple[ObservedOffer, ...] | None = None
    reason: str | None = None
    url: str | None = None
    changed_at: datetime | None = None

    def over(self, earlier: "ObservedListing | None") -> "ObservedListing":
        """This observation with the fields it does not show taken from an earlier one."""
        if earlier is None:
            return self
        shown = {f.name: getattr(self, f.name) for f in fields(self)}
        kept = {
            name: getattr(earlier, name)
            for name, value in shown.items()
            if value is None and name not in {"reason", "reference"}
        }
        return ObservedListing(**{**shown, **kept})

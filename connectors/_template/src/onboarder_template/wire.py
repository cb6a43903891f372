"""Template's own words: the answers as models. Declare only what the connector reads."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter

StoreState = Literal["review", "open", "refused", "suspended"]
ListingState = Literal["review", "live", "rejected"]
Id = Annotated[str, StringConstraints(min_length=1)]


class Answered(BaseModel):
    """A part of an answer; fields added later do no harm."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Store(Answered):
    id: Id
    reference: str
    name: str
    state: StoreState
    note: str | None
    key: Annotated[str, StringConstraints(min_length=8)]


class StoreAnswer(Answered):
    store: Store


class StoresAnswer(Answered):
    stores: tuple[Store, ...]


class Offer(Answered):
    reference: str
    price: int
    stock: int


class Listing(Answered):
    id: Id
    reference: str | None
    title: str
    description: str
    category: str
    weight: int
    state: ListingState
    note: str | None
    offers: tuple[Offer, ...]


class ListingAnswer(Answered):
    listing: Listing


class ListingsAnswer(Answered):
    listings: tuple[Listing, ...]
    next: str | None


class Refusal(Answered):
    code: str
    fields: dict[str, str] = {}


STORE = TypeAdapter(StoreAnswer)
STORES = TypeAdapter(StoresAnswer)
LISTING = TypeAdapter(ListingAnswer)
LISTINGS = TypeAdapter(ListingsAnswer)
REFUSAL = TypeAdapter(Refusal)

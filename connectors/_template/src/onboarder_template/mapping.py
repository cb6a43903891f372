"""Between our words and Template's: pure, both ways."""

from collections.abc import Mapping

from onboarder.connector.contract import ListingDraft
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import (
    ListingState,
    ObservedListing,
    ObservedOffer,
    ObservedStore,
    StoreContent,
    StoreState,
)
from onboarder_template import wire

STORE_STATES: Mapping[wire.StoreState, StoreState] = {
    "review": StoreState.IN_REVIEW,
    "open": StoreState.OPEN,
    "refused": StoreState.REFUSED,
    "suspended": StoreState.SUSPENDED,
}
LISTING_STATES: Mapping[wire.ListingState, ListingState] = {
    "review": ListingState.IN_REVIEW,
    "live": ListingState.LIVE,
    "rejected": ListingState.REJECTED,
}


def store_body(content: StoreContent) -> dict[str, object]:
    return {"reference": content.reference, "name": content.name, "owner": content.owner_name}


def listing_body(draft: ListingDraft) -> dict[str, object]:
    content = draft.content
    return {
        "reference": content.reference,
        "title": content.title,
        "description": content.description,
        "category": content.category,
        "weight": content.weight_grams,
        "offers": [
            {
                "reference": offer.reference,
                "name": offer.name,
                "price": offer.price,
                "stock": offer.stock,
            }
            for offer in content.offers
        ],
    }


def observed_store(store: wire.Store) -> ObservedStore:
    return ObservedStore(
        remote_id=RemoteId(store.id),
        state=STORE_STATES[store.state],
        reference=Reference(store.reference),
        name=store.name,
        reason=store.note,
    )


def observed_listing(listing: wire.Listing) -> ObservedListing:
    return ObservedListing(
        remote_id=RemoteId(listing.id),
        state=LISTING_STATES[listing.state],
        reference=Reference(listing.reference) if listing.reference else None,
        title=listing.title,
        description=listing.description,
        category=listing.category,
        weight_grams=listing.weight,
        offers=tuple(
            ObservedOffer(Reference(one.reference), one.price, one.stock) for one in listing.offers
        ),
        reason=listing.note,
    )

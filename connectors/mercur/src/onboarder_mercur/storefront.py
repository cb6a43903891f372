"""Stores between our words and Mercur's. Pure."""

from collections.abc import Mapping
from typing import assert_never

from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ObservedStore, StoreContent, StoreState
from onboarder_mercur import wire

LOCATION = "Lapak"
"""Name of the stock location that we make."""

Body = Mapping[str, object]


def store_body(content: StoreContent, *, name: str, email: str, member_email: str) -> Body:
    """The application for a store. Its handle is our Reference."""
    first, _, last = content.owner_name.partition(" ")
    return {
        "name": name,
        "handle": content.reference,
        "email": email,
        "member_email": member_email,
        "currency_code": wire.RUPIAH,
        "description": content.description,
        **({"phone": content.phone} if content.phone else {}),
        "address": _address(content)
        | {"name": content.stall or name, "first_name": first, "last_name": last},
        "metadata": {wire.OUR_KEY: content.reference},
    }


def location_body(content: StoreContent) -> Body:
    """Where the goods lie: the stall in its market."""
    return {"name": LOCATION, "address": _address(content)}


def _address(content: StoreContent) -> dict[str, str]:
    place = ", ".join(part for part in (content.stall, content.market_name, content.street) if part)
    known = {
        "address_1": place or content.city or "-",
        "city": content.city,
        "province": content.province,
        "postal_code": content.postal_code,
    }
    return {name: text for name, text in known.items() if text} | {"country_code": "id"}


def store_names(content: StoreContent) -> tuple[str, ...]:
    """Names to try in order; the last holds the Reference and so cannot be taken by somebody else."""
    last = f"{content.name} ({content.reference})"
    return tuple(dict.fromkeys((content.name, *content.alternative_names, last)))


def store_is(seller: wire.Seller, reference: Reference) -> bool:
    """Whether a store carries the Reference; a store renamed by its owner keeps it in its metadata only."""
    noted = (seller.metadata or {}).get(wire.OUR_KEY)
    return noted == reference if noted is not None else seller.handle == reference


def observed_store(seller: wire.Seller, reference: Reference, channel: str | None) -> ObservedStore:
    """`complete` means: a stock location is linked to the shop window."""
    return ObservedStore(
        remote_id=RemoteId(seller.id),
        state=store_state(seller),
        reference=reference if store_is(seller, reference) else None,
        name=seller.name,
        reason=seller.status_reason,
        complete=linked_location(seller, channel) is not None,
    )


def store_state(seller: wire.Seller) -> StoreState:
    """A suspension before any approval is a refused application."""
    match seller.status:
        case wire.SellerStatus.PENDING:
            return StoreState.IN_REVIEW
        case wire.SellerStatus.OPEN:
            return StoreState.OPEN
        case wire.SellerStatus.SUSPENDED:
            return StoreState.SUSPENDED if seller.approved_at else StoreState.REFUSED
        case wire.SellerStatus.TERMINATED:
            return StoreState.CLOSED
        case _:
            assert_never(seller.status)


def own_location(seller: wire.Seller) -> wire.StockLocation | None:
    """The stock location that we made, else the first there is."""
    locations = sorted(seller.stock_locations or (), key=lambda one: (one.name != LOCATION, one.id))
    return locations[0] if locations else None


def linked_location(seller: wire.Seller, channel: str | None) -> wire.StockLocation | None:
    """Our stock location if it is linked to the shop window, None otherwise."""
    location = own_location(seller)
    linked = {one.id for one in location.sales_channels} if location else set[str]()
    return location if channel in linked else None

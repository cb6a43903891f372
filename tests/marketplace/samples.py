"""Sample stores and listings, and a connector with everything it needs; all people and goods are invented."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from pydantic import SecretStr

from onboarder.connector.contract import Equipment, ListingDraft, Photo
from onboarder.connector.http import MarketplaceHttp
from onboarder.model.ids import PhotoHash, Reference
from onboarder.model.shop import ListingContent, Offer, StoreContent
from onboarder_mercur import MercurConnector

SETTINGS = {"email_domain": "onboarder.test"}
CATEGORY = "kerupuk-keripik"


def store_content(reference: str, *, name: str = "", email: str | None = None) -> StoreContent:
    """A store draft from Pasar Kanoman."""
    return StoreContent(
        reference=Reference(reference),
        name=name or f"Kerupuk {reference}",
        alternative_names=(f"Kerupuk {reference} Kanoman",),
        owner_name="Siti Aminah",
        phone="+6281200000001",
        email=email,
        description="Aneka kerupuk dari Pasar Kanoman, Cirebon",
        stall="Blok B / Los 12",
        market_name="Pasar Kanoman",
        street="Jl. Winaon",
        city="Cirebon",
        province="Jawa Barat",
        postal_code="45111",
    )


def listing_content(reference: str, *names: str, price: int = 12_500) -> ListingContent:
    return ListingContent(
        reference=Reference(reference),
        title=f"Kerupuk melarat {reference}",
        description="Digoreng dengan pasir.",
        category=CATEGORY,
        weight_grams=250,
        photos=(),
        offers=tuple(
            Offer(Reference(f"{reference}-{number}"), name, price + 1000 * number, 5 + number)
            for number, name in enumerate(names or ("",))
        ),
    )


def draft_of(content: ListingContent) -> ListingDraft:
    return ListingDraft(content, ())


def photo() -> Photo:
    """Begins and ends as a JPEG does; always the same bytes, so that recordings stay valid."""
    content = b"\xff\xd8\xff\xe0 a sample \xff\xd9"
    return Photo(PhotoHash(hashlib.sha256(content).hexdigest()), "image/jpeg", content)


def connector_on(
    http: MarketplaceHttp,
    settings: Mapping[str, str] | None = None,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> MercurConnector:
    equipment = Equipment(
        http=http,
        clock=clock,
        derive_secret=lambda purpose: SecretStr(hashlib.sha256(purpose.encode()).hexdigest()),
    )
    return MercurConnector({**SETTINGS, **(settings or {})}, equipment)

"""Invented merchants and goods for checks, and the catalogue of everything that goes wrong with real goods."""

import hashlib
from dataclasses import replace

from onboarder.connector.contract import ListingDraft, Photo, RemotePhoto
from onboarder.connector.manifest import Limits
from onboarder.model.ids import PhotoHash, Reference
from onboarder.model.shop import ListingContent, Offer, StoreContent

OWNER = "Nyi Ratna Kusumawardhani"
PHONE = "+6281255501234"
EMAIL = "ratna.kusuma@contoh.example"
PERSONAL = (OWNER, PHONE, PHONE.removeprefix("+"), EMAIL)
"""What must never be seen in a log, a URL or an error."""


def a_store(reference: Reference, *, name: str = "") -> StoreContent:
    """An application with everything a marketplace may ask for."""
    own = name or f"Kerupuk {reference}"
    return StoreContent(
        reference=reference,
        name=own,
        alternative_names=(f"{own} Kanoman", f"{own} {reference[-12:]}"),
        owner_name=OWNER,
        phone=PHONE,
        email=None,
        description="Aneka kerupuk dari pasar",
        stall="Blok B / Los 12",
        market_name="Pasar Kanoman",
        street="Jl. Winaon",
        city="Cirebon",
        province="Jawa Barat",
        postal_code="45111",
    )


def a_listing(reference: Reference, category: str, *names: str) -> ListingContent:
    """A listing with one offer, or one for each name."""
    return ListingContent(
        reference=reference,
        title=f"Kerupuk melarat {reference[-20:]}",
        description="Digoreng dengan pasir.",
        category=category,
        weight_grams=250,
        photos=(),
        offers=tuple(
            Offer(Reference(f"{reference}-v{n}"), name, 12_500 + 1_000 * n, 5 + n)
            for n, name in enumerate(names or ("",))
        ),
    )


def changed_everywhere(content: ListingContent, category: str) -> ListingContent:
    """The same listing with every field different but the References."""
    offers = tuple(
        replace(one, price=one.price + 700, stock=one.stock + 7) for one in content.offers
    )
    return replace(
        content,
        title=f"Judul baru {content.reference[-20:]}",
        description="Uraian baru dari pasar kita",
        category=category,
        weight_grams=content.weight_grams + 77,
        offers=offers,
    )


def a_draft(content: ListingContent, *photos: RemotePhoto) -> ListingDraft:
    return ListingDraft(replace(content, photos=tuple(one.hash for one in photos)), photos)


def a_photo(number: int = 0) -> Photo:
    """The smallest file that begins and ends as a JPEG does; each number another one."""
    content = b"\xff\xd8\xff\xe0" + f"contoh {number}".encode() + b"\xff\xd9"
    return Photo(PhotoHash(hashlib.sha256(content).hexdigest()), "image/jpeg", content)


def hostile_texts(limits: Limits) -> dict[str, str]:
    """Titles as registers really have them, by what is odd about them."""
    return {
        "emoji": "Kerupuk 🦐🔥 udang 👩🏽‍🍳",
        "longer than allowed": "Kerupuk " + "x" * limits.title_max,
        "300 characters": "K" * 300,
        "markup": "<b>Kerupuk</b> & <script>alert(1)</script>",
        "quotes": 'Kerupuk "Bu Nur\'s" \\ 100% asli; DROP TABLE',
        "another script": "ꦏꦼꦫꦸꦥꦸꦏ꧀ كروبوك 蝦片",
        "right to left": "Kerupuk \u202eudang\u202c asli",
        "combining": "Ke\u0301rupuk me\u0301larat",
    }

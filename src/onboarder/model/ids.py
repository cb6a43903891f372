"""Names of things: our own ids, the marketplaces' ids, and References that tie the two together.

Ids are derived from what the register says about a person or a product, not counted, so that a restored backup or a
second import arrives at the same id and therefore at the same Reference on every marketplace.
"""

import hashlib
import unicodedata
from typing import NewType

ProgrammeCode = NewType("ProgrammeCode", str)
MarketCode = NewType("MarketCode", str)
CanvasserId = NewType("CanvasserId", str)
MerchantId = NewType("MerchantId", str)
ProductId = NewType("ProductId", str)
MarketplaceName = NewType("MarketplaceName", str)
StoreId = NewType("StoreId", str)
ListingId = NewType("ListingId", str)
RunId = NewType("RunId", str)
PhotoHash = NewType("PhotoHash", str)
"""SHA-256 of the stored photo bytes, hexadecimal."""
Reference = NewType("Reference", str)
"""Our key on a remote record: lower case letters, digits and hyphens, unique over all programmes."""
RemoteId = NewType("RemoteId", str)
"""A marketplace's own id of a store or a listing."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u, so that a code can be read out at a stall."""


def short_hash(*parts: str, length: int = 8) -> str:
    """A readable code of `length` characters (5 bits each) for the parts; equal parts give equal codes."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    number = int.from_bytes(digest, "big")
    return "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(length))


def normal(text: str) -> str:
    """The text as compared: case, accents, punctuation and runs of blanks do not matter."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def merchant_id(programme: ProgrammeCode, market: MarketCode, register_key: str) -> MerchantId:
    """`knm-7f3k2q8a`: the market's code and 40 bits of the register's key for the person."""
    return MerchantId(f"{market.lower()}-{short_hash(programme, market, register_key)}")


def product_id(merchant: MerchantId, product_key: str) -> ProductId:
    """`knm-7f3k2q8a-p3x9q2mw`: unique per merchant and product key (SKU or normalised name)."""
    return ProductId(f"{merchant}-{short_hash(merchant, product_key)}")


def variant_reference(product: ProductId, variant_name: str) -> Reference:
    """The SKU we give a variant; the only variant of a product has an empty name."""
    return Reference(f"{product}-{short_hash(product, normal(variant_name), length=4)}")


def store_id(merchant: MerchantId, marketplace: MarketplaceName) -> StoreId:
    """`knm-7f3k2q8a@mercur`."""
    return StoreId(f"{merchant}@{marketplace}")


def marketplace_of(store: StoreId) -> MarketplaceName:
    """The marketplace a store is on."""
    return MarketplaceName(store.rpartition("@")[2])


def app_key(marketplace: MarketplaceName, app: str) -> str:
    """`lazada.second`: what an app's secrets, rates and quotas are kept under; the first app has its marketplace's name."""
    return f"{marketplace}.{app}" if app else marketplace


def listing_id(product: ProductId, marketplace: MarketplaceName) -> ListingId:
    """`knm-7f3k2q8a-p3x9q2mw@mercur`."""
    return ListingId(f"{product}@{marketplace}")

"""Shapes of field work: merchants, goods, consents, stores, as phones send them."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Depends, Path, Query
from pydantic import AfterValidator, AwareDatetime, Field

from onboarder.api.v1.bodies import ULID, BoxSent, Sent, Ulid, Words
from onboarder.api.v1.door import allowed
from onboarder.field.consent_texts import Lang
from onboarder.model.consents import Purpose
from onboarder.people.roles import Person, Role

Worker = Annotated[Person, Depends(allowed(Role.CANVASSER, Role.COORDINATOR))]
"""Whoever works at stalls."""
InLang = Annotated[Lang, Query(alias="lang")]
Name = Annotated[Words, Field(min_length=1, max_length=100)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,32}$", examples=["KNM"])]
MerchantKey = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")]
"""Our id, or the one that a phone made."""
GoodKey = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")]
"""The same of a product."""
StoreKey = Annotated[str, Path(pattern=r"^[A-Za-z0-9@_.-]{1,96}$")]
UploadKey = Annotated[str, Path(pattern=ULID)]
PhotoKey = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,64}$", examples=["0" * 64])]
"""A finished upload, or a photo of the product by its digest."""
Place = Annotated[Words, Field(max_length=45)]
Number = Annotated[int, Field(ge=-(10**12), le=10**12, strict=True, examples=[250])]
"""Within what any database holds; what is believed is looked at later, and told as imports tell it."""


def _of_this_age(at: datetime) -> datetime:
    """Clocks that were never set tell 1970; beyond that no calendar agrees."""
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError("no time of this age")
    return at


FIRST_YEAR, LAST_YEAR = 1970, 2200


class MerchantSent(Sent):
    """`phone` as people write it; `device`: a mark of the merchant's own phone, of which only a digest is kept.

    `same_person_ok`: a person has said that this is nobody of those on record. `practice`: nobody real, for good.
    """

    id: Ulid
    market: Code
    name: Annotated[Name, Field(repr=False)]
    shop_name: Annotated[Name | None, Field(repr=False)] = None
    block: Place = ""
    stall: Place = ""
    phone: Annotated[Annotated[Words, Field(max_length=60)] | None, Field(repr=False)] = None
    email: Annotated[Annotated[Words, Field(max_length=200)] | None, Field(repr=False)] = None
    goods: Annotated[Words, Field(max_length=200)] = ""
    device: Annotated[Annotated[Words, Field(max_length=200)] | None, Field(repr=False)] = None
    same_person_ok: bool = False
    practice: bool = False


class MerchantChanged(Sent):
    """What is left out stays as it is; null takes it away."""

    market: Code | None = None
    name: Annotated[Name | None, Field(repr=False)] = None
    shop_name: Annotated[Name | None, Field(repr=False)] = None
    block: Place | None = None
    stall: Place | None = None
    phone: Annotated[Annotated[Words, Field(max_length=60)] | None, Field(repr=False)] = None
    email: Annotated[Annotated[Words, Field(max_length=200)] | None, Field(repr=False)] = None
    goods: Annotated[Words, Field(max_length=200)] | None = None
    device: Annotated[Annotated[Words, Field(max_length=200)] | None, Field(repr=False)] = None


class TrainingSent(Sent):
    on: date


class IdentitySent(Sent):
    """An identity number, sealed for the merchant as named in the address."""

    kind: Literal["nik"]
    box: BoxSent


class VariantSent(Sent):
    name: Annotated[Words, Field(max_length=60)]
    price: Number
    stock: Number


class GoodSent(Sent):
    """`price` and `stock` are those of the product without variants. `photos`: ids of finished uploads."""

    id: Ulid
    name: Annotated[Words, Field(min_length=1, max_length=200)]
    price: Number
    stock: Number
    weight_grams: Number
    category: Code | None = None
    description: Annotated[Words, Field(max_length=5000)] | None = None
    photos: Annotated[tuple[PhotoKey, ...], Field(max_length=100)] = ()
    variants: Annotated[tuple[VariantSent, ...], Field(max_length=100)] = ()


class GoodChanged(Sent):
    """What is left out stays as it is. `photos`: finished uploads, and those of the product's photos that stay."""

    name: Annotated[Words, Field(min_length=1, max_length=200)] | None = None
    price: Number | None = None
    stock: Number | None = None
    weight_grams: Number | None = None
    category: Code | None = None
    description: Annotated[Words, Field(max_length=5000)] | None = None
    photos: Annotated[tuple[PhotoKey, ...], Field(max_length=100)] | None = None
    variants: Annotated[tuple[VariantSent, ...], Field(max_length=100)] | None = None


class ConsentSent(Sent):
    """One answer. `signature`: a PNG, sealed for the merchant as named in the address. `at`: the phone's clock."""

    id: Ulid
    purpose: Purpose
    marketplace: Code | None = None
    text_version: Annotated[str, Field(min_length=1, max_length=16, examples=["1"])]
    given: bool
    read_aloud: bool
    signature: BoxSent | None = None
    at: Annotated[AwareDatetime, AfterValidator(_of_this_age)]


class UploadSent(Sent):
    """A file that comes in pieces."""

    id: Ulid
    size: Number
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=["0" * 64])]
    kind: Literal["photo"] = "photo"


class StoresSent(Sent):
    """“Buka toko”. `practice`: on practice marketplaces alone."""

    marketplaces: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    practice: bool = False


class AnswerSent(Sent):
    answer: Annotated[str, Field(min_length=1, max_length=20, examples=["done"])]

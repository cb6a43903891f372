"""Shapes of field work: merchants, goods, consents, stores, as phones send and see them."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Depends, Path, Query
from pydantic import AfterValidator, AwareDatetime, Field

from onboarder.api.v1.bodies import ULID, BoxSent, Sent, Shown, Ulid, Words
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

    `same_person_ok`: a person has said that this is nobody of those on record.
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


class WarningShown(Shown):
    """Something to look at; nothing is held up by it."""

    code: str
    title: str


class ListingShown(Shown):
    marketplace: str
    state: str
    reason: str | None


class VariantShown(Shown):
    name: str
    price: int
    stock: int


class GoodVersion(Shown):
    """What an edit is made from."""

    id: str
    reference: str
    name: str
    price: int
    stock: int
    weight_grams: int
    category: str
    description: str
    photos: list[str]
    variants: list[VariantShown]
    active: bool


class GoodShown(GoodVersion):
    """`photos`: digests of the photos as kept. `etag` for If-Match; it does not change with the listings."""

    etag: str
    listings: list[ListingShown]


class ConsentShown(Shown):
    id: str
    purpose: Purpose
    marketplace: str | None
    text_version: str
    text_digest: str
    given: bool
    read_aloud: bool
    signed: bool
    at: datetime
    recorded_at: datetime
    by: str


class ConsentTextShown(Shown):
    """One text. `summary` is read out; `marketplace`: which one it is about, null for the other purposes."""

    purpose: Purpose
    marketplace: str | None
    version: str
    required: bool
    lang: str
    title: str
    text: str
    summary: str


class ConsentTextsShown(Shown):
    items: list[ConsentTextShown]


class StoreBrief(Shown):
    """`done` of `total` goods are there. The sentence says what happened, who acts, and the next step."""

    id: str
    merchant: str
    merchant_field_id: str | None
    marketplace: str
    stage: str
    done: int
    total: int
    sentence: str
    who: str
    url: str | None
    updated_at: datetime


class EventShown(Shown):
    """`call`: what was sent to the marketplace, `answer`: what came of it."""

    at: datetime
    who: str
    what: str
    call: str | None
    answer: str


class StoreShown(StoreBrief):
    history: list[EventShown]


class TaskShown(Shown):
    """`blocks`: how many stores and listings wait for it."""

    id: int
    store: str
    merchant: str
    code: str
    who: str
    title: str
    choices: list[str]
    created_at: datetime
    blocks: int


class WorkVersion(Shown):
    """All that the ETag is of."""

    stores: list[StoreBrief]
    tasks: list[TaskShown]


class WorkShown(WorkVersion):
    now: datetime


class LinkShown(Shown):
    """`qr`: an SVG element; `whatsapp_url` opens WhatsApp with the text."""

    url: str
    qr: str
    text: str
    whatsapp_url: str
    expires_at: datetime


class StepShown(Shown):
    who: str
    title: str
    minutes: int


class MissingShown(Shown):
    """`subject`: the product that lacks it."""

    code: str
    subject: str | None
    title: str
    who: str
    minutes: int


class ReadinessShown(Shown):
    """`steps`: what people do there once the shop has been ordered."""

    marketplace: str
    title: str
    ready: bool
    minutes: int
    missing: list[MissingShown]
    steps: list[StepShown]


class TurnedShown(Shown):
    marketplace: str
    code: str
    title: str
    next: str


class OrderShown(Shown):
    """What was accepted is durable; what was refused says what is missing."""

    accepted: list[StoreBrief]
    refused: list[TurnedShown]


class MerchantItem(Shown):
    """A merchant in a list, without phone."""

    id: str
    field_id: str | None
    market: str
    name: str
    shop_name: str
    block: str
    stall: str
    goods: str
    trained_on: date | None
    registered_by: str
    registered_at: datetime
    updated_at: datetime


class MerchantVersion(Shown):
    """What an edit is made from: the ETag does not change with goods, consents and stores."""

    market: str
    name: str
    shop_name: str
    stall: str
    phone: str | None
    email: str | None
    goods: str


class MerchantShown(MerchantItem):
    phone: str | None
    email: str | None
    identities: list[str]
    """Kinds of identity numbers that are in the vault."""
    warnings: list[WarningShown]
    products: list[GoodShown]
    consents: list[ConsentShown]
    stores: list[StoreBrief]


class UploadShown(Shown):
    """`offset`: where the next piece begins."""

    id: str
    offset: int
    size: int
    done: bool


class UploadAt(Shown):
    offset: int
    done: bool

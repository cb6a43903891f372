"""Shapes of field work: merchants, goods, consents, stores, as phones see them."""

from datetime import date, datetime

from onboarder.api.v1.bodies import Shown
from onboarder.model.consents import Purpose


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
    practice: bool


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

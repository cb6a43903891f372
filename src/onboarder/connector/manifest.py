"""What a connector says about its marketplace, as data."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Capability(StrEnum):
    """What can be done through the API; everything else needs a person."""

    OPEN_STORE = "open_store"
    """The API itself can open a store; without it the merchant signs up and consents."""
    OBSERVE_STORE = "observe_store"
    LIST_BEFORE_OPEN = "list_before_open"
    """Listings may be uploaded while the store is still in review."""
    UPLOAD_PHOTO = "upload_photo"
    CREATE_LISTING = "create_listing"
    CREATE_IN_BATCH = "create_in_batch"
    UPDATE_CONTENT = "update_content"
    UPDATE_PRICE = "update_price"
    UPDATE_STOCK = "update_stock"
    WITHDRAW_LISTING = "withdraw_listing"
    RELIST = "relist"
    """A withdrawn listing can be put on sale again."""
    OBSERVE_LISTINGS = "observe_listings"
    CATEGORIES = "categories"
    WEBHOOKS = "webhooks"


class CredentialKind(StrEnum):
    NONE = "none"
    LOGIN = "login"
    """A login we hold; tokens can be had again at any time."""
    CONSENT = "consent"
    """Tokens that only the merchant's consent can give."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits of the marketplace; checked before anything is sent."""

    title_min: int = 1
    title_max: int = 255
    description_min: int = 0
    """A shorter one is completed with where the goods are sold."""
    description_max: int = 5000
    photos_min: int = 0
    photos_max: int = 9
    photo_bytes_max: int = 5_000_000
    variants_max: int = 50
    price_min: int = 1
    price_max: int = 1_000_000_000
    create_batch: int = 1
    """Listings per create call."""
    page_size: int = 50
    """Listings per page of `observe_listings`."""
    store_name_max: int = 60


@dataclass(frozen=True, slots=True)
class Quotas:
    """What a marketplace grants in all, however slowly it is asked for; None: nothing is known of such a quota."""

    calls_a_day: int | None = None
    """Of one app, all its stores together."""
    creates_a_day: int | None = None
    """Listings that one new store may create."""
    new_for_days: int | None = None
    """How long a store counts as new; None: always."""
    stores_per_app: int | None = None
    """Sellers that may authorise one app."""
    resets_in: str = "Asia/Jakarta"
    """The time zone in which the marketplace's day begins."""
    source: str = ""
    """Where the numbers are from."""

    def day(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.resets_in)).date()

    def day_began(self, now: datetime) -> datetime:
        return datetime.combine(self.day(now), time(), ZoneInfo(self.resets_in))

    def next_day(self, now: datetime) -> datetime:
        """When what is used up is granted anew."""
        tomorrow = self.day(now) + timedelta(days=1)
        return datetime.combine(tomorrow, time(), ZoneInfo(self.resets_in))


@dataclass(frozen=True, slots=True)
class HumanStep:
    """What only a person can do there for one store, with the minutes it usually takes."""

    who: str
    id: str
    en: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A connector's self-description; `onboarder marketplaces` prints it, the plan and the loop obey it."""

    name: str
    title: str
    countries: tuple[str, ...]
    capabilities: frozenset[Capability]
    credentials: CredentialKind
    limits: Limits
    settle: timedelta
    """How long after a lost answer a write may still become visible; before that, absence proves nothing."""
    requests_per_second: float
    """Budget to start with where config sets none."""
    calls_at_once: int | None = None
    """Calls that one worker process may have under way, where more is known to do harm; None: as many as are answered in
    time. Config may set another."""
    quotas: Quotas = field(default_factory=Quotas)
    """Those of an app and a store that nobody has had raised; config may set others."""
    human_steps: tuple[HumanStep, ...] = ()
    notes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    """Names under which the connector asks for what the marketplace gave the programme; `doctor` says which are there."""
    practice: bool = False
    """True: a practice marketplace, never shown as a real one."""
    call_deadline: timedelta | None = None
    """Total time for one HTTP call, body included, where some are slow by nature; else the configured one."""

    def deadline(self, configured: timedelta) -> timedelta:
        """Total time for one HTTP call: never less than these take."""
        return max(configured, self.call_deadline or configured)

    def can(self, capability: Capability) -> bool:
        return capability in self.capabilities

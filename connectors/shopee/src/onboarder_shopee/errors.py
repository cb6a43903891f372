"""How a refusal of Shopee's becomes one of the core's errors. The rows are in codes.py."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

import structlog

from onboarder.connector.advice import UNMAPPED, ErrorTable
from onboarder.connector.errors import (
    ActionNeeded,
    Advice,
    FieldFault,
    MarketplaceError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from onboarder.connector.http import Effect, Request
from onboarder_shopee import advice as say
from onboarder_shopee import codes
from onboarder_shopee.wire import Envelope

log = structlog.get_logger()

DAY_RESETS_AT = time(16, 0)
"""UTC: midnight at UTC+8, 23:00 in Cirebon."""
FIRST_BACK_OFF = timedelta(seconds=2)
KYC_LOOK = timedelta(hours=1)
LOCK_LOOK = timedelta(hours=12)

PREFIXES = ("product.", "common.", "shop.", "logistics.", "warehouse.")
FAMILIES = (
    (re.compile(r"_in_promotion$"), "in_promotion"),
    (re.compile(r"_lock$"), "lock"),
    (re.compile(r"^error_whole_?sale_"), "error_wholesale"),
)
"""Codes that are known by a part only, and the name that stands for all of them."""


_FIELDS: Mapping[str, str] = {
    say.CATEGORY.code: "category",
    say.FORBIDDEN_CATEGORY.code: "category",
    say.ATTRIBUTES.code: "category",
    say.BRAND.code: "category",
    say.SHIPPING_TIME.code: "category",
    say.PRICE.code: "price",
    say.STOCK.code: "stock",
    say.TITLE.code: "title",
    say.DESCRIPTION.code: "description",
    say.PHOTO.code: "photos",
    say.CHOICES.code: "variants",
}
"""Which of our fields a refusal concerns."""

_LOOKS: Mapping[str, timedelta] = {
    say.KYC.code: KYC_LOOK,
    say.NO_SHIPPING.code: KYC_LOOK,
    say.HOLIDAY.code: LOCK_LOOK,
    say.LOCKED.code: LOCK_LOOK,
}
"""How soon it pays to look whether the person has acted."""

TABLE = ErrorTable(
    tuple(codes.rows()),
    on_unmapped=lambda status, code: log.warning("shopee.unmapped", status=status, code=code),
)


def normal_code(code: str) -> str:
    """A code as rows name it."""
    plain = code.strip().lower()
    for prefix in PREFIXES:
        plain = plain.removeprefix(prefix)
    plain = re.sub(r"[^a-z0-9]+", "_", plain)
    return next((name for pattern, name in FAMILIES if pattern.search(plain)), plain)


def refusal(
    said: Envelope, status: int, request: Request, now: datetime, request_id: str | None
) -> MarketplaceError:
    """The error that a body with a filled `error` stands for."""
    code = normal_code(said.error or "")
    row = TABLE.find(status, code, said.message)
    error = row.error if row else ActionNeeded
    advice = row.advice if row else UNMAPPED
    if request.effect is Effect.WRITE and (row is None or issubclass(error, Unavailable)):
        # Of a write nobody knows what a fault of theirs left behind.
        error, advice = OutcomeUnknown, say.UNCLEAR if row else UNMAPPED
    detail = f"{status} {code[:60]}: {impersonal(said.message)}"
    number = said.request_id or request_id
    if issubclass(error, RateLimited):
        pause = until_reset(now) if advice is say.DAY_LIMIT else FIRST_BACK_OFF
        return RateLimited(
            advice, retry_after=pause, scope=request.scope, detail=detail, request_id=number
        )
    if issubclass(error, OutcomeUnknown):
        return OutcomeUnknown(advice, reference=request.reference, detail=detail, request_id=number)
    if issubclass(error, Rejected):
        faults = _faults(advice, said.message)
        return Rejected(advice, fields=faults, detail=detail, request_id=number)
    if issubclass(error, ActionNeeded):
        return ActionNeeded(
            advice,
            look_again=_LOOKS.get(advice.code),
            one_listing=advice is say.LOCKED,
            detail=detail,
            request_id=number,
        )
    return error(advice, detail=detail, request_id=number)


def rejected(advice: Advice, field: str, reason: str) -> Rejected:
    """Refused here, before a call was spent on it."""
    return Rejected(advice, fields=(FieldFault(field, reason),), detail=f"{field}: {reason}")


def photo_refusal(said: Envelope, request: Request, now: datetime) -> MarketplaceError:
    """Of one photo in an answer that is fine as a whole: the photo's fault, unless it is known to be something else."""
    error = refusal(said, 200, request, now, None)
    if isinstance(error, Rejected) or error.advice is UNMAPPED:
        return Rejected(say.PHOTO, detail=impersonal(said.message or said.error or ""))
    return error


def is_lock(reason: str) -> bool:
    """Whether a failure's sentence speaks of a promotion or an order that holds the item."""
    return re.search(r"(?i)promotion|lock|reserved", reason) is not None


def locked(reason: str, request_id: str | None = None) -> ActionNeeded:
    """Of one item: its other changes wait, those of other items do not."""
    return ActionNeeded(
        say.LOCKED,
        look_again=LOCK_LOOK,
        one_listing=True,
        detail=impersonal(reason),
        request_id=request_id,
    )


def until_reset(now: datetime) -> timedelta:
    """Until Shopee counts the day's calls anew."""
    at = now.astimezone(UTC)
    reset = datetime.combine(at.date(), DAY_RESETS_AT, UTC)
    return (reset if at < reset else reset + timedelta(days=1)) - at


def impersonal(message: str) -> str:
    """Shopee's text without addresses, phone numbers and long tokens, cut to 200 characters."""
    text = re.sub(r"\b(name|email|phone): .*?(?=, |$)", r"\1: …", message)
    text = re.sub(r"\S+@\S+", "…", text)
    text = re.sub(r"\+?\d[\d -]{8,}\d", "…", text)
    return re.sub(r"[0-9a-zA-Z]{24,}", "…", text)[:200]


def _faults(advice: Advice, message: str) -> tuple[FieldFault, ...]:
    field = _FIELDS.get(advice.code)
    return (FieldFault(field, impersonal(message) or advice.en),) if field else ()

"""Every refusal that Mercur 2.1.5 was seen to give, as data, with what people are told.

Source: exchanges recorded on Mercur 2.1.5 / Medusa 2.13.4, 2026-11-23. Mercur has no error codes finer than `type`, so
rows match its English texts. First match wins.
"""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import structlog

from onboarder.connector.advice import UNMAPPED, ErrorRow, ErrorTable
from onboarder.connector.errors import (
    ActionNeeded,
    Advice,
    CredentialsExpired,
    FieldFault,
    Gone,
    MarketplaceError,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from onboarder.connector.http import Answer
from onboarder.model.ids import Reference
from onboarder_mercur import wire
from onboarder_mercur.advice import (
    ATTRIBUTES,
    BAD_REFERENCE,
    BAD_REQUEST,
    CHANGED_MEANWHILE,
    CHOICES,
    EMAIL_TAKEN,
    GONE,
    LOGGED_OUT,
    NAME_TAKEN,
    NO_PERMISSION,
    NOT_MEMBER,
    PHOTO_REFUSED,
    RACE,
    REFERENCE_TAKEN,
    SKU_TAKEN,
    STOCK_REFUSED,
    STORE_GONE,
    UNKNOWN_CATEGORY,
    WRONG_ADDRESS,
    WRONG_LOGIN,
)

log = structlog.get_logger()

RACE_PAUSE = timedelta(seconds=2)
"""After a refusal that only a race explains; the racing call is done by then."""

_ROWS = (
    # not logged in, expired, malformed token; wrong API; token from before the store existed
    ErrorRow(LOGGED_OUT, CredentialsExpired, 401, "", "^Unauthorized$"),
    ErrorRow(LOGGED_OUT, CredentialsExpired, 401, None, "must be authenticated"),
    ErrorRow(WRONG_LOGIN, ActionNeeded, 401, "unauthorized", "Invalid email or password"),
    ErrorRow(WRONG_LOGIN, ActionNeeded, 401, "unauthorized", "Password should be a string"),
    ErrorRow(WRONG_LOGIN, ActionNeeded, 401, "unauthorized", "Identity with email already exists"),
    ErrorRow(WRONG_LOGIN, ActionNeeded, 401, "unauthorized", "^Provider identity with entity_id"),
    ErrorRow(NOT_MEMBER, ActionNeeded, 400, "not_allowed", "not a member of this seller"),
    ErrorRow(BAD_REQUEST, ActionNeeded, 400, "not_allowed", "x-seller-id header is required"),
    ErrorRow(NO_PERMISSION, ActionNeeded, 403, "forbidden"),
    # transient although 400: first stores of an empty database, first stores of one login
    ErrorRow(RACE, Unavailable, 400, "invalid_data", "^Rbac role .*already exists"),
    ErrorRow(RACE, Unavailable, 400, "invalid_data", "^Member with email: .*already exists"),
    ErrorRow(RACE, OutcomeUnknown, 409),
    # duplicates
    ErrorRow(NAME_TAKEN, Rejected, 400, "invalid_data", "^Seller with name: .*already exists"),
    ErrorRow(EMAIL_TAKEN, Rejected, 400, "invalid_data", "^Seller with email: .*already exists"),
    ErrorRow(
        REFERENCE_TAKEN,
        OutcomeUnknown,
        400,
        "invalid_data",
        "^Seller with handle: .*already exists",
    ),
    ErrorRow(
        REFERENCE_TAKEN,
        OutcomeUnknown,
        400,
        "invalid_data",
        "^Product with handle: .*already exists",
    ),
    ErrorRow(
        REFERENCE_TAKEN,
        OutcomeUnknown,
        400,
        "invalid_data",
        "^Product variant with sku: .*already exists",
    ),
    ErrorRow(
        SKU_TAKEN, ActionNeeded, 400, "invalid_data", "^Inventory item with sku: .*already exists"
    ),
    ErrorRow(
        REFERENCE_TAKEN,
        OutcomeUnknown,
        400,
        "invalid_data",
        "^Inventory level with .*already exists",
    ),
    # content
    ErrorRow(UNKNOWN_CATEGORY, Rejected, 404, "not_found", "product_category_id"),
    ErrorRow(ATTRIBUTES, Rejected, 400, "invalid_data", "^Missing required attributes"),
    ErrorRow(ATTRIBUTES, Rejected, 400, "invalid_data", "doesn't define .* as a possible_value"),
    ErrorRow(CHOICES, Rejected, 400, "invalid_data", "^Product options are not provided"),
    ErrorRow(CHOICES, Rejected, 400, "invalid_data", "^Option value .* does not exist for option"),
    ErrorRow(
        CHOICES, Rejected, 400, "invalid_data", "^Variant .* with provided options already exists"
    ),
    ErrorRow(BAD_REFERENCE, Rejected, 400, "invalid_data", "must contain URL safe characters"),
    ErrorRow(STOCK_REFUSED, Rejected, 400, "invalid_data", "'stocked_quantity'"),
    ErrorRow(PHOTO_REFUSED, Rejected, 400, "invalid_data", "^No files were uploaded"),
    ErrorRow(BAD_REQUEST, Rejected, 400, "invalid_data", "^Invalid request: "),
    # gone
    ErrorRow(GONE, Gone, 404, "not_found", "^Product with id: .*was not found"),
    # a part of what was read just before is gone, the listing is not
    ErrorRow(
        CHANGED_MEANWHILE,
        Unavailable,
        404,
        "not_found",
        "^Product variant with id: .*was not found",
    ),
    ErrorRow(CHANGED_MEANWHILE, Unavailable, 404, "not_found", "is not stocked at location"),
    ErrorRow(
        CHANGED_MEANWHILE, Unavailable, 404, "not_found", "^Inventory item with id: .*was not found"
    ),
    ErrorRow(STORE_GONE, ActionNeeded, 404, "not_found", "^Seller.* not found"),
    ErrorRow(WRONG_ADDRESS, ActionNeeded, 404, "", "Cannot [A-Z]+ /"),
)

_FIELDS: Mapping[str, str] = {
    NAME_TAKEN.code: "name",
    EMAIL_TAKEN.code: "email",
    UNKNOWN_CATEGORY.code: "category",
    ATTRIBUTES.code: "category",
    CHOICES.code: "variants",
    STOCK_REFUSED.code: "stock",
    PHOTO_REFUSED.code: "photos",
}
"""Which of our fields a refusal concerns."""

TABLE = ErrorTable(
    _ROWS, on_unmapped=lambda status, kind: log.warning("mercur.unmapped", status=status, type=kind)
)


def refusal(answer: Answer, reference: Reference | None) -> MarketplaceError:
    """The error that an answer outside 200–299 stands for."""
    said = wire.problem(answer.body)
    row = TABLE.find(answer.status, said.type, said.message)
    detail = f"{answer.status} {said.type or 'no type'}: {impersonal(said.message)}"
    if row is None:
        return ActionNeeded(UNMAPPED, detail=detail, request_id=answer.request_id)
    if issubclass(row.error, Unavailable):
        return row.error(row.advice, retry_after=RACE_PAUSE, detail=detail)
    if issubclass(row.error, OutcomeUnknown):
        return row.error(row.advice, reference=reference, detail=detail)
    if issubclass(row.error, Rejected):
        field = _FIELDS.get(row.advice.code)
        faults = (FieldFault(field, impersonal(said.message)),) if field else ()
        return row.error(row.advice, fields=faults, detail=detail)
    return row.error(row.advice, detail=detail, request_id=answer.request_id)


def impersonal(message: str) -> str:
    """Mercur's text without the names, e-mails and phone numbers it repeats, cut to 200 characters."""
    text = re.sub(r"\b(name|email|phone|entity_id): .*?(?=, )", r"\1: …", message)
    text = re.sub(r"\S+@\S+", "…", text)
    return re.sub(r"\+?\d{9,}", "…", text)[:200]


def unknown_category(handle: str) -> Rejected:
    """Found missing before anything was sent."""
    fault = FieldFault("category", f"{handle!r} does not exist")
    return Rejected(UNKNOWN_CATEGORY, fields=(fault,), detail=handle)


@contextmanager
def doubt_after(reference: Reference, advice: Advice) -> Generator[None]:
    """Whatever fails in here fails after a write that was done: it must be looked up, not called undone."""
    try:
        yield
    except MarketplaceError as error:
        raise OutcomeUnknown(
            advice, reference=reference, detail=f"{error.advice.code}: {error.detail}"
        ) from error

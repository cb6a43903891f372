"""What Template can refuse, as data, and how an answer becomes one of the core's errors."""

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
)
from onboarder.connector.http import Answer, Request
from onboarder.model.people import Actor
from onboarder_template.wire import REFUSAL, Refusal

log = structlog.get_logger()

KEY_UNREADABLE = Advice(
    "template.key_unreadable",
    Actor.NOBODY,
    "Kunci akses toko tidak terbaca. Sistem meminta kunci baru sendiri.",
    "The store's key cannot be read. It is fetched again by itself.",
)
NOT_YET = Advice(
    "template.not_yet",
    Actor.OPERATOR,
    "Langkah ini belum bisa dilakukan lewat API Template. Operator melihat rinciannya.",
    "This step cannot be done through Template's API. The operator looks at the detail.",
)


def _row(
    code: str, error: type[MarketplaceError], who: Actor, indonesian: str, english: str
) -> ErrorRow:
    return ErrorRow(Advice(f"template.{code}", who, indonesian, english), error, vendor_code=code)


ROWS = (
    _row(
        "key_unknown",
        CredentialsExpired,
        Actor.NOBODY,
        "Kunci akses toko tidak berlaku lagi. Sistem memperbarui sendiri.",
        "The store's key is no longer valid. It is renewed by itself.",
    ),
    _row(
        "reference_taken",
        OutcomeUnknown,
        Actor.NOBODY,
        "Data dengan rujukan ini sudah ada. Sistem mencari dan memakainya.",
        "A record with this reference exists already. It is looked up and adopted by itself.",
    ),
    _row(
        "fields_refused",
        Rejected,
        Actor.CANVASSER,
        "Isian ditolak. Canvasser memperbaiki isian yang disebut.",
        "Some fields were refused. The canvasser mends the fields named.",
    ),
    _row(
        "store_suspended",
        ActionNeeded,
        Actor.COORDINATOR,
        "Toko dibekukan. Koordinator menanyakan alasannya dan meminta dibuka kembali.",
        "The store is suspended. The coordinator asks for the reason and for it to be lifted.",
    ),
    _row(
        "store_in_review",
        ActionNeeded,
        Actor.MARKETPLACE,
        "Toko masih diperiksa. Pekerjaan dilanjutkan setelah toko disetujui.",
        "The store is still in review. Work goes on once it is approved.",
    ),
    _row(
        "unknown_record",
        Gone,
        Actor.NOBODY,
        "Data tidak ada lagi di sana. Sistem memeriksa ulang sendiri.",
        "The record is no longer there. It is looked up again by itself.",
    ),
)

TABLE = ErrorTable(
    ROWS,
    on_unmapped=lambda status, code: log.warning("template.unmapped", status=status, code=code),
)

FIELDS = {"weight": "weight_grams"}
"""Their field names to ours, where they differ."""


def refusal(answer: Answer, request: Request) -> MarketplaceError:
    """The error that an answer other than 2xx stands for."""
    try:
        said = answer.read(REFUSAL)
    except ValueError:
        said = Refusal(code="")
    row = TABLE.find(answer.status, said.code)
    detail = f"status {answer.status} {said.code[:40]}".strip()
    if row is None:
        return ActionNeeded(UNMAPPED, detail=detail, request_id=answer.request_id)
    if row.error is Rejected:
        faults = tuple(FieldFault(FIELDS.get(name, name), why) for name, why in said.fields.items())
        return Rejected(row.advice, fields=faults, detail=detail, request_id=answer.request_id)
    if row.error is OutcomeUnknown:
        return OutcomeUnknown(
            row.advice, reference=request.reference, detail=detail, request_id=answer.request_id
        )
    return row.error(row.advice, detail=detail, request_id=answer.request_id)

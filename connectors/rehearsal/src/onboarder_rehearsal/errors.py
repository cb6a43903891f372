"""What the practice marketplace can refuse, as data, and how an answer becomes one of the core's errors."""

import re

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
from onboarder.connector.http import Answer, Request
from onboarder.model.ids import Reference
from onboarder.model.people import Actor
from onboarder_rehearsal.wire import FAULT, Fault

log = structlog.get_logger()

TOKEN_UNREADABLE = Advice(
    "rehearsal.token_unreadable",
    Actor.NOBODY,
    "Kunci akses toko tidak terbaca. Sistem meminta kunci baru sendiri.",
    "The store's access token cannot be read. A new one is fetched by itself.",
)
NAME_TAKEN = "rehearsal.name_taken"


def _row(
    kind: str, error: type[MarketplaceError], who: Actor, indonesian: str, english: str
) -> ErrorRow:
    return ErrorRow(Advice(f"rehearsal.{kind}", who, indonesian, english), error, vendor_code=kind)


ROWS = (
    _row(
        "token_expired",
        CredentialsExpired,
        Actor.NOBODY,
        "Kunci akses toko sudah habis masanya. Sistem memperbarui sendiri.",
        "The store's access token has expired. It is renewed by itself.",
    ),
    _row(
        "token_unknown",
        CredentialsExpired,
        Actor.NOBODY,
        "Kunci akses toko tidak berlaku lagi. Sistem memperbarui sendiri.",
        "The store's access token is no longer valid. It is renewed by itself.",
    ),
    _row(
        "authorisation_withdrawn",
        CredentialsExpired,
        Actor.MERCHANT,
        "Pedagang mencabut izin. Minta pedagang memberi izin lagi di Pasar Latihan.",
        "The merchant has withdrawn the authorisation. Ask the merchant to authorise again.",
    ),
    _row(
        "partner_key_missing",
        ActionNeeded,
        Actor.OPERATOR,
        "Kunci mitra program tidak diterima. Operator memeriksa kunci rahasia pemasangan ini.",
        "The programme's partner key was not accepted. The operator checks this installation's secret keys.",
    ),
    _row(
        "seller_frozen",
        ActionNeeded,
        Actor.COORDINATOR,
        "Toko dibekukan Pasar Latihan. Koordinator menanyakan alasannya dan meminta dibuka kembali.",
        "The store is suspended. The coordinator asks for the reason and for it to be lifted.",
    ),
    _row(
        "seller_turned_down",
        ActionNeeded,
        Actor.CANVASSER,
        "Permohonan toko ditolak Pasar Latihan. Canvasser memperbaiki data toko bersama pedagang.",
        "The store application was turned down. The canvasser mends the store's data with the merchant.",
    ),
    _row(
        "seller_left",
        ActionNeeded,
        Actor.COORDINATOR,
        "Toko sudah ditutup. Koordinator memastikan apakah pedagang masih mau berjualan di sini.",
        "The store is closed. The coordinator finds out whether the merchant still wants to sell here.",
    ),
    _row(
        "seller_in_screening",
        Unavailable,
        Actor.MARKETPLACE,
        "Toko masih diperiksa Pasar Latihan. Sistem melanjutkan sendiri setelah disetujui.",
        "The store is still in review. Work goes on by itself once it is approved.",
    ),
    _row(
        "pickup_missing",
        Unavailable,
        Actor.NOBODY,
        "Alamat penjemputan toko belum terisi. Sistem mengisinya sendiri lalu melanjutkan.",
        "The store's pickup place is not set yet. It is set by itself, then work goes on.",
    ),
    _row(
        "seller_unknown",
        Gone,
        Actor.NOBODY,
        "Toko tidak ada lagi di Pasar Latihan. Sistem memeriksa ulang sendiri.",
        "The store is no longer there. It is looked up again by itself.",
    ),
    _row(
        "item_unknown",
        Gone,
        Actor.NOBODY,
        "Barang tidak ada lagi di Pasar Latihan. Sistem memeriksa ulang sendiri.",
        "The listing is no longer there. It is looked up again by itself.",
    ),
    _row(
        "key_taken",
        OutcomeUnknown,
        Actor.NOBODY,
        "Toko dengan rujukan ini sudah ada. Sistem mencari dan memakainya.",
        "A store with this reference exists already. It is looked up and adopted by itself.",
    ),
    _row(
        "name_taken",
        Rejected,
        Actor.CANVASSER,
        "Nama toko sudah dipakai orang lain. Canvasser memilih nama lain bersama pedagang.",
        "The store's name is taken. The canvasser chooses another with the merchant.",
    ),
    _row(
        "fields_refused",
        Rejected,
        Actor.CANVASSER,
        "Isian ditolak Pasar Latihan. Canvasser memperbaiki isian yang disebut.",
        "Some fields were refused. The canvasser mends the fields named.",
    ),
    _row(
        "choice_unknown",
        Rejected,
        Actor.OPERATOR,
        "Varian barang berbeda di Pasar Latihan. Operator memeriksa varian barang ini.",
        "The listing's variants differ there. The operator looks at this listing's variants.",
    ),
    _row(
        "category_unknown",
        Rejected,
        Actor.OPERATOR,
        "Kategori tidak dikenal Pasar Latihan. Operator memperbaiki config/categories/rehearsal.toml.",
        "The category is unknown there. The operator mends config/categories/rehearsal.toml.",
    ),
    _row(
        "category_closed",
        Rejected,
        Actor.OPERATOR,
        "Kategori ditarik oleh Pasar Latihan. Operator memilih kategori lain.",
        "The category was withdrawn there. The operator chooses another.",
    ),
    _row(
        "image_unknown",
        Rejected,
        Actor.NOBODY,
        "Foto tidak ada lagi di Pasar Latihan. Foto perlu diunggah ulang.",
        "A photo is no longer there. It has to be uploaded again.",
    ),
    _row(
        "image_unreadable",
        Rejected,
        Actor.CANVASSER,
        "Foto tidak terbaca. Canvasser mengambil foto baru.",
        "A photo cannot be read. The canvasser takes a new one.",
    ),
    _row(
        "image_too_large",
        Rejected,
        Actor.CANVASSER,
        "Foto terlalu besar. Canvasser mengirim foto yang lebih kecil.",
        "A photo is too large. The canvasser sends a smaller one.",
    ),
    _row(
        "batch_too_large",
        Rejected,
        Actor.OPERATOR,
        "Terlalu banyak barang sekali kirim. Operator memeriksa batas di konektor.",
        "Too many listings in one call. The operator checks the connector's limits.",
    ),
    _row(
        "form_unreadable",
        Rejected,
        Actor.OPERATOR,
        "Kiriman foto tidak dipahami Pasar Latihan. Operator memeriksa versi konektor.",
        "The photo form was not understood. The operator checks the connector's version.",
    ),
    _row(
        "too_large",
        Rejected,
        Actor.CANVASSER,
        "Kiriman terlalu besar. Canvasser mengirim foto yang lebih kecil.",
        "The call was too large. The canvasser sends a smaller photo.",
    ),
    _row(
        "route_unknown",
        ActionNeeded,
        Actor.OPERATOR,
        "Pasar Latihan tidak mengenal panggilan ini. Operator mencocokkan versi server dan konektor.",
        "The marketplace does not know this call. The operator matches the versions of server and connector.",
    ),
    _row(
        "busy",
        Unavailable,
        Actor.NOBODY,
        "Barang ini belum bisa diterima. Sistem mencoba lagi sendiri.",
        "This listing could not be taken just now. It is tried again by itself.",
    ),
)


def _report_unmapped(status: int, vendor_code: str) -> None:
    log.warning("rehearsal.unmapped", status=status, code=vendor_code)


TABLE = ErrorTable(ROWS, on_unmapped=_report_unmapped)

FIELDS = {
    "shop_name": "name",
    "about": "description",
    "contact.person": "owner_name",
    "contact.phone": "phone",
    "contact.email": "email",
    "headline": "title",
    "blurb": "description",
    "category": "category",
    "mass_kg": "weight_grams",
    "images": "photos",
    "file": "photos",
    "choices": "variants",
    "amount_sen": "price",
    "on_hand": "stock",
    "sku": "variants",
    "label": "variants",
}
"""Their field names to ours."""


def refusal(answer: Answer, request: Request) -> MarketplaceError:
    """The error that an answer other than 2xx stands for."""
    try:
        fault = answer.read(FAULT).fault
    except ValueError:
        fault = Fault(kind="")
    return error_of(answer.status, fault, request.reference, answer.request_id)


def limited_scope(answer: Answer) -> str:
    """Whether a 429 speaks of the calling store alone or of the programme's app."""
    try:
        spots = answer.read(FAULT).fault.spots
    except ValueError:
        return "app"
    return "store" if any((spot.at, spot.why) == ("scope", "seller") for spot in spots) else "app"


def error_of(
    status: int, fault: Fault, reference: Reference | None, request_id: str | None
) -> MarketplaceError:
    """The error for a fault, whether it came alone or for one item of a batch."""
    kind = re.sub(r"[^a-z_]", "", fault.kind)[:40]
    row = TABLE.find(status, kind, fault.text)
    detail = f"status {status} {kind}".strip()
    if row is None:
        return ActionNeeded(UNMAPPED, detail=detail, request_id=request_id)
    if row.error is Rejected:
        faults = tuple(FieldFault(_field(spot.at), spot.why) for spot in fault.spots)
        return Rejected(row.advice, fields=faults, detail=detail, request_id=request_id)
    if row.error is OutcomeUnknown:
        return OutcomeUnknown(row.advice, reference=reference, detail=detail, request_id=request_id)
    return row.error(row.advice, detail=detail, request_id=request_id)


def _field(spot: str) -> str:
    """`choices.0.amount_sen` is our `price`."""
    if spot in FIELDS:
        return FIELDS[spot]
    parts = [part for part in spot.split(".") if not part.isdigit()]
    return next((FIELDS[part] for part in reversed(parts) if part in FIELDS), spot)

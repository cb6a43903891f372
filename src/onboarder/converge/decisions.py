"""Carrying out what was decided about drifts, by policy or by a person, under the store's lease."""

from dataclasses import replace

from onboarder.connector.errors import Advice
from onboarder.converge import agreed
from onboarder.converge.orders import ANSWERS
from onboarder.converge.session import Session
from onboarder.model.people import Actor
from onboarder.model.recorded import RECREATE, RELIST, ListingRecord
from onboarder.model.work import DriftClass, DriftPolicy
from onboarder.records import runs
from onboarder.records.runs import ASKED, REPAIRED, REPAIRING, DriftRecord
from onboarder.rules.drift import REPAIRABLE

OUTCOME = {
    DriftPolicy.REPAIR: REPAIRING,
    DriftPolicy.ADOPT: "adopted",
    DriftPolicy.REPORT: "reported",
    DriftPolicy.ASK: ASKED,
}


async def carry_out_decisions(session: Session) -> None:
    """Apply every approved drift of this store to its records. Safe to repeat."""
    async with session.around.database.read() as tx:
        approved = await runs.decided(tx, session.store.id)
    if not approved:
        return
    async with session.commit() as tx:
        for drift in approved:
            record = session.record(drift.reference) if drift.reference else None
            if record is not None:
                await session.save(tx, _settled(record, drift))
            if drift.policy is DriftPolicy.ASK:
                await session.ask(
                    tx,
                    _question(session, drift),
                    subject=f"drift:{drift.id}",
                    choices=_choices(drift),
                )
            outcome = REPAIRED if _already_well(record, drift) else OUTCOME[drift.policy]
            await runs.set_outcome(tx, [drift.id], outcome)


def _settled(record: ListingRecord, drift: DriftRecord) -> ListingRecord:
    match drift.policy:
        case DriftPolicy.REPAIR:
            return (
                record
                if _already_well(record, drift)
                else replace(
                    record,
                    repairs=record.repairs | {_repair(drift)},
                    not_before=None,
                    refused_digest=None,
                )
            )
        case DriftPolicy.ADOPT | DriftPolicy.REPORT:
            return agreed.rebased(record, drift.field)
        case DriftPolicy.ASK:
            return record


def _repair(drift: DriftRecord) -> str:
    match drift.kind:
        case DriftClass.VANISHED:
            return RECREATE
        case DriftClass.STATUS_CHANGED:
            return RELIST
        case _:
            if drift.field is None:
                raise ValueError(f"drift {drift.id} of class {drift.kind} names no field to repair")
            return drift.field


def _already_well(record: ListingRecord | None, drift: DriftRecord) -> bool:
    """Whether a restore has become pointless, because the listing was mended by other work meanwhile."""
    if drift.policy is not DriftPolicy.REPAIR or record is None:
        return False
    return drift.kind is DriftClass.VANISHED and record.remote_id not in {None, drift.remote_id}


def _choices(drift: DriftRecord) -> tuple[str, ...]:
    return tuple(ANSWERS) if drift.kind in REPAIRABLE else ()


def _question(session: Session, drift: DriftRecord) -> Advice:
    content = session.wanted.listings.get(drift.reference) if drift.reference else None
    what = content.title if content else (drift.reference or drift.remote_id or session.store.id)
    told, told_en = _SENTENCES[drift.kind]
    facts = {"wanted": drift.wanted, "observed": drift.observed, "detail": drift.detail or "-"}
    return Advice(
        f"drift.{drift.kind}",
        _WHO.get(drift.kind, Actor.CANVASSER),
        f"{what}: {told.format(**facts)}",
        f"{what}: {told_en.format(**facts)}",
    )


_WHO = {
    DriftClass.DUPLICATE: Actor.COORDINATOR,
    DriftClass.STORE_SUSPENDED: Actor.COORDINATOR,
    DriftClass.STORE_VANISHED: Actor.COORDINATOR,
}
_SENTENCES = {
    DriftClass.VANISHED: (
        "hilang dari marketplace. Tanyakan kepada pedagang, lalu jawab keep (biarkan) atau restore (unggah lagi).",
        "vanished from the marketplace. Ask the merchant, then answer keep or restore.",
    ),
    DriftClass.UNKNOWN_TO_US: (
        "ada di toko tetapi tidak tercatat di sini. Periksa apakah milik pedagang.",
        "is in the store but not on record here. Check whether it is the merchant's own.",
    ),
    DriftClass.DUPLICATE: (
        "tayang lebih dari sekali. Putuskan bersama pedagang mana yang ditarik; sistem tidak menghapus.",
        "is listed more than once. Decide with the merchant which one to withdraw; nothing is deleted by itself.",
    ),
    DriftClass.PRICE_CHANGED: (
        "harga di marketplace {observed}, di daftar {wanted}. Jawab keep (pakai harga marketplace) atau restore.",
        "price is {observed} there and {wanted} here. Answer keep or restore.",
    ),
    DriftClass.STOCK_CHANGED: (
        "stok di marketplace {observed}, di daftar {wanted}. Jawab keep atau restore.",
        "stock is {observed} there and {wanted} here. Answer keep or restore.",
    ),
    DriftClass.CONTENT_CHANGED: (
        "isi diubah di marketplace ({observed}). Jawab keep (biarkan) atau restore (kembalikan).",
        "content was changed there ({observed}). Answer keep or restore.",
    ),
    DriftClass.STATUS_CHANGED: (
        "ditarik dari penjualan ({observed}; {detail}). Jawab keep (biarkan) atau restore (jual lagi).",
        "was taken off sale ({observed}; {detail}). Answer keep or restore.",
    ),
    DriftClass.REJECTED: (
        "ditolak marketplace: {detail}. Perbaiki barang di daftar, lalu impor lagi.",
        "was rejected by the marketplace: {detail}. Mend the product in the register and import it again.",
    ),
    DriftClass.STORE_SUSPENDED: (
        "toko dihentikan marketplace ({observed}): {detail}. Hubungi marketplace bersama pedagang.",
        "the marketplace stopped the store ({observed}): {detail}. Contact it together with the merchant.",
    ),
    DriftClass.STORE_VANISHED: (
        "toko tidak ditemukan lagi di marketplace. Tanyakan kepada marketplace.",
        "the store is no longer found there. Ask the marketplace.",
    ),
    DriftClass.AUTHORISATION_LOST: (
        "izin masuk ke toko tidak berlaku lagi. Minta pedagang menautkan ulang tokonya.",
        "access to the store is no longer accepted. Ask the merchant to authorise again.",
    ),
}

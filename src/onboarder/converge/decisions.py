"""Carrying out what was decided about drifts, by policy or by a person, under the store's lease."""

from dataclasses import replace

from onboarder.connector.errors import Advice
from onboarder.converge import agreed
from onboarder.converge.orders import ANSWERS
from onboarder.converge.session import Session
from onboarder.model.people import Actor
from onboarder.model.recorded import RECREATE, RELIST, ListingRecord
from onboarder.model.shop import ListingField, ListingState
from onboarder.model.work import Drift, DriftClass, DriftPolicy
from onboarder.records import runs
from onboarder.records.database import Transaction
from onboarder.records.runs import ASKED, REPAIRED, REPAIRING, DriftRecord
from onboarder.rules.drift import REPAIRABLE

Difference = Drift | DriftRecord
TOLD_ANYWAY = frozenset(
    {
        DriftClass.REJECTED,
        DriftClass.STORE_SUSPENDED,
        DriftClass.STORE_VANISHED,
        DriftClass.AUTHORISATION_LOST,
    }
)
"""Classes whose task is opened by the look itself, at any time of the day."""
CONTESTED = frozenset({DriftClass.PRICE_CHANGED, DriftClass.CONTENT_CHANGED})
OUTCOME = {
    DriftPolicy.REPAIR: REPAIRING,
    DriftPolicy.ADOPT: "adopted",
    DriftPolicy.REPORT: "reported",
    DriftPolicy.ASK: ASKED,
}


async def carry_out_decisions(session: Session) -> None:
    """Apply every approved drift of this store to its records. Safe to repeat."""
    approved = await session.around.clerk.approved(session.store.id)
    if not approved:
        return
    async with session.commit() as tx:
        for drift in approved:
            record = session.record(drift.reference) if drift.reference else None
            if record is not None:
                await session.save(tx, _settled(session, record, drift))
            if drift.policy is DriftPolicy.ASK:
                await ask_about(session, tx, drift.id, drift)
            outcome = REPAIRED if _already_well(record, drift) else OUTCOME[drift.policy]
            await runs.set_outcome(tx, [drift.id], outcome)


async def ask_about(session: Session, tx: Transaction, number: int, drift: Difference) -> None:
    """Open or renew the task that asks about drift `number`; what has a task of its own anyway is not asked again."""
    if drift.kind in TOLD_ANYWAY:
        return
    await session.ask(
        tx, _question(session, drift), subject=f"drift:{number}", choices=_choices(drift)
    )


def policy_for(session: Session, drift: Drift) -> DriftPolicy:
    """The operator's policy. Where the register changed the same field too, only a person can say who is right.

    Stock alone may be settled without: sales change it there all the time, and a new count in the register is newer.
    """
    policy = session.around.drift_policy[drift.kind]
    tame = policy in {DriftPolicy.ADOPT, DriftPolicy.REPORT}
    if tame and drift.kind in CONTESTED and _contested(session, drift):
        return DriftPolicy.ASK
    return policy


def _contested(session: Session, drift: Drift) -> bool:
    if drift.reference is None or drift.field is None:
        return False
    record, content = session.record(drift.reference), session.wanted.listings.get(drift.reference)
    if record is None or record.applied is None or content is None:
        return False
    return ListingField(drift.field) in content.differing(record.applied)


def _settled(session: Session, record: ListingRecord, drift: DriftRecord) -> ListingRecord:
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
        case DriftPolicy.ADOPT if drift.kind in CONTESTED or _answered(session, drift):
            return agreed.kept(record, drift.field, session.wanted.listings.get(record.reference))
        case DriftPolicy.ADOPT | DriftPolicy.REPORT:
            return agreed.rebased(record, drift.field)
        case DriftPolicy.ASK:
            return record


def _answered(session: Session, drift: DriftRecord) -> bool:
    """Whether a person decided this, not the operator's policy."""
    return session.around.drift_policy[drift.kind] is not drift.policy


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
    return drift.kind is DriftClass.VANISHED and record.state is not ListingState.VANISHED


def _choices(drift: Difference) -> tuple[str, ...]:
    return tuple(ANSWERS) if drift.kind in REPAIRABLE else ()


def _question(session: Session, drift: Difference) -> Advice:
    what = session.title(drift.reference) if drift.reference else drift.remote_id or "-"
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

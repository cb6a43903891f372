"""What people are told when a marketplace stops a store or rejects a listing."""

from onboarder.connector.errors import Advice
from onboarder.model.people import Actor
from onboarder.model.shop import StoreState

REJECTED = "listing.rejected"
"""Code of the task about a rejected listing; it lasts as long as the listing is rejected."""

_SENTENCES = {
    StoreState.REFUSED: (
        Actor.CANVASSER,
        "Pengajuan toko ditolak marketplace",
        "Perbaiki data pedagang, lalu ajukan lagi.",
        "The marketplace refused the store application",
        "Mend the merchant's data and apply again.",
    ),
    StoreState.SUSPENDED: (
        Actor.COORDINATOR,
        "Toko dibekukan marketplace",
        "Hubungi marketplace bersama pedagang, lalu minta dibuka lagi.",
        "The marketplace suspended the store",
        "Contact the marketplace together with the merchant.",
    ),
    StoreState.CLOSED: (
        Actor.COORDINATOR,
        "Toko ditutup di marketplace",
        "Tanyakan kepada pedagang apakah toko memang ditutup.",
        "The store was closed at the marketplace",
        "Ask the merchant whether that was intended.",
    ),
    StoreState.VANISHED: (
        Actor.COORDINATOR,
        "Toko tidak ditemukan lagi di marketplace",
        "Tanyakan kepada marketplace; jangan membuka toko kedua.",
        "The store is no longer found at the marketplace",
        "Ask the marketplace; do not open a second store.",
    ),
}


def rejection_advice(title: str, reason: str | None) -> Advice:
    """The task for a listing that the marketplace rejected after review."""
    why = f": {reason}" if reason else ""
    return Advice(
        REJECTED,
        Actor.CANVASSER,
        f"{title}: ditolak marketplace{why}. Perbaiki barang ini di daftar, lalu impor lagi.",
        f"{title}: rejected by the marketplace{why}. Mend the product in the register and import it again.",
    )


def standing_advice(state: StoreState, reason: str | None) -> Advice | None:
    """The task for a stopped store, with the marketplace's reason; None for stores in good standing."""
    if state not in _SENTENCES:
        return None
    who, happened, step, happened_en, step_en = _SENTENCES[state]
    why = f": {reason}" if reason else ""
    return Advice(
        f"store.{state}", who, f"{happened}{why}. {step}", f"{happened_en}{why}. {step_en}"
    )

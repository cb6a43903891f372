"""The gate: only trained merchants are onboarded, and every door asks here."""

from onboarder.connector.errors import Advice
from onboarder.model.people import Actor, Merchant

UNTRAINED = Advice(
    "gate.untrained",
    Actor.CANVASSER,
    "Pedagang belum tercatat ikut pelatihan. Catat tanggal pelatihan dan nama canvasser di daftar, lalu impor lagi.",
    "The merchant has no recorded training. Enter date and canvasser in the register and import it again.",
)


def refusal(merchant: Merchant) -> Advice | None:
    """Why the merchant may not be onboarded; None if they may."""
    return None if merchant.trained else UNTRAINED

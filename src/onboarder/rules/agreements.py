"""The gate of consents: without the merchant's word no shop, and none any more once it is taken back."""

from collections.abc import Collection

from onboarder.connector.errors import Advice
from onboarder.model.consents import Agreement, GivenConsent, Purpose, agreement
from onboarder.model.ids import MarketplaceName
from onboarder.model.people import Actor

NO_DATA = Advice(
    "gate.consent_data",
    Actor.CANVASSER,
    "Pedagang belum menyetujui pendaftaran dan pelatihan. Bacakan persetujuannya, lalu catat jawabannya.",
    "The merchant has not agreed to be registered and trained. Read the text out and record the answer.",
)
NO_MARKETPLACE = Advice(
    "gate.consent_marketplace",
    Actor.CANVASSER,
    "Pedagang belum menyetujui toko di marketplace ini. Bacakan persetujuannya, lalu catat jawabannya.",
    "The merchant has not agreed to a shop on this marketplace. Read the text out and record the answer.",
)
WITHDRAWN = Advice(
    "consent.withdrawn",
    Actor.COORDINATOR,
    "Pedagang mencabut persetujuannya; semua pekerjaan untuk toko ini sudah berhenti. "
    "Tarik barangnya dari marketplace bersama pedagang dalam 3 x 24 jam, lalu tandai tugas ini selesai.",
    "The merchant withdrew the consent; all work for this store has stopped. "
    "Withdraw the listings together with the merchant within 3 x 24 hours, then answer done.",
)


def lacking(
    said: Collection[GivenConsent], marketplace: MarketplaceName, *, in_the_field: bool
) -> Advice | None:
    """Why no shop may be opened there; None if one may.

    Who came by an imported register agreed on paper; what such a merchant refuses here counts all the same.
    """
    asked = ((Purpose.DATA, None, NO_DATA), (Purpose.MARKETPLACE, marketplace, NO_MARKETPLACE))
    for purpose, where, advice in asked:
        found = agreement(said, purpose, where)
        if found is Agreement.REFUSED or (in_the_field and found is Agreement.NEVER_ASKED):
            return advice
    return None


def withdrawn(said: Collection[GivenConsent], marketplace: MarketplaceName) -> bool:
    """Whether work for the merchant's store there has to stop."""
    return lacking(said, marketplace, in_the_field=False) is not None

"""What a merchant agreed to at the stall, each purpose by itself. Never changed: taking it back is one more record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from onboarder.model.ids import MarketplaceName, MerchantId


class Purpose(StrEnum):
    """What the merchant is asked to agree to."""

    DATA = "data"
    """To be registered and trained."""
    MARKETPLACE = "marketplace"
    """A shop on one marketplace, with the goods."""
    PHOTOS = "photos"
    CONTACT = "contact"


class Agreement(StrEnum):
    """Where things stand for one purpose."""

    NEVER_ASKED = "never_asked"
    GIVEN = "given"
    REFUSED = "refused"
    """Refused, or taken back."""


LATE = timedelta(days=31)
"""A phone without signal for longer has a wrong clock instead."""


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """One answer of a merchant's. `at` is the phone's clock, `recorded_at` ours."""

    id: str
    merchant_id: MerchantId
    purpose: Purpose
    marketplace: MarketplaceName | None
    text_version: str
    text_digest: str
    """Of the very words that were read out."""
    given: bool
    read_aloud: bool
    at: datetime
    recorded_at: datetime
    by: str
    signature: str | None = None
    """Sealed in the vault."""

    @property
    def counts_from(self) -> datetime:
        """When it was said, as far as a phone's clock can be believed: in doubt so that a refusal counts."""
        told = min(self.at, self.recorded_at)
        return self.recorded_at if not self.given and self.recorded_at - told > LATE else told


def agreement(
    said: Iterable[GivenConsent], purpose: Purpose, marketplace: MarketplaceName | None = None
) -> Agreement:
    """What the last word on the purpose was, in whatever order the records arrived; of two at once the refusal."""
    about = [one for one in said if (one.purpose, one.marketplace) == (purpose, marketplace)]
    if not about:
        return Agreement.NEVER_ASKED
    last = max(about, key=lambda one: (one.counts_from, not one.given))
    return Agreement.GIVEN if last.given else Agreement.REFUSED

"""What can go wrong at a marketplace, grouped by what to do next.

MarketplaceError
├── Unavailable          later, by itself
├── RateLimited          not before `retry_after`; uses up no attempt
├── CredentialsExpired   renew once, else ask the merchant for consent again
├── ActionNeeded         a person must do something; becomes a task
├── Rejected             the content was refused; final for this content
├── Unsupported          cannot be expressed there; raised before anything is sent
├── Gone                 the record is no longer there; look again and plan anew
└── OutcomeUnknown       a write may or may not have happened; look for our Reference first
"""

from dataclasses import dataclass
from datetime import timedelta

from onboarder.model.ids import Reference
from onboarder.model.people import Actor


@dataclass(frozen=True, slots=True)
class Advice:
    """What people are told. `id` and `en` say what happened and the next step; `who` has that step."""

    code: str
    """Stable, dotted: `mercur.sku_taken`."""
    who: Actor
    id: str
    en: str


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One refused field, in our own field names, with the marketplace's reason."""

    field: str
    reason: str


class MarketplaceError(Exception):
    """Something went wrong at a marketplace."""

    def __init__(self, advice: Advice, *, detail: str = "", request_id: str | None = None) -> None:
        super().__init__(f"{advice.code}: {detail or advice.en}")
        self.advice = advice
        self.detail = detail
        """English, for logs; carries no personal data and no secret."""
        self.request_id = request_id


class Unavailable(MarketplaceError):
    """The marketplace cannot answer now; nothing was changed there."""

    def __init__(
        self,
        advice: Advice,
        *,
        retry_after: timedelta | None = None,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        super().__init__(advice, detail=detail, request_id=request_id)
        self.retry_after = retry_after


class RateLimited(MarketplaceError):
    """Asked to wait, by the marketplace or by our own budget; nothing was changed there."""

    def __init__(
        self,
        advice: Advice,
        *,
        retry_after: timedelta,
        scope: str,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        super().__init__(advice, detail=detail, request_id=request_id)
        self.retry_after = retry_after
        self.scope = scope


class CredentialsExpired(MarketplaceError):
    """The access is no longer accepted; nothing was changed there."""


class ActionNeeded(MarketplaceError):
    """Only a person can go on; nothing was changed there."""

    def __init__(
        self,
        advice: Advice,
        *,
        look_again: timedelta | None = None,
        one_listing: bool = False,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        super().__init__(advice, detail=detail, request_id=request_id)
        self.look_again = look_again
        """How soon it pays to see whether the person has done it; None leaves it to the loop."""
        self.one_listing = one_listing
        """Whether only the listing at hand waits for that person, and the store's others go on."""


class Rejected(MarketplaceError):
    """The marketplace refuses this content; nothing was changed there."""

    def __init__(
        self,
        advice: Advice,
        *,
        fields: tuple[FieldFault, ...] = (),
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        super().__init__(advice, detail=detail, request_id=request_id)
        self.fields = fields


class Unsupported(MarketplaceError):
    """The marketplace has no way to express it; found before sending."""


class Gone(MarketplaceError):
    """The store or listing addressed is not there any more."""


class OutcomeUnknown(MarketplaceError):
    """A write whose effect is not known: timeout, reset, 5xx, unreadable answer, or 'already exists'."""

    def __init__(
        self,
        advice: Advice,
        *,
        reference: Reference | None = None,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        super().__init__(advice, detail=detail, request_id=request_id)
        self.reference = reference

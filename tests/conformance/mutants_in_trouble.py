"""Connectors with one defect each that shows when something goes wrong: outages, dead tokens, wrong clocks, lags."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeVar

from pydantic import TypeAdapter

from onboarder.connector.advice import TOO_LARGE, UNAVAILABLE, UNREACHABLE
from onboarder.connector.contract import Access, CreateOutcome, ListingDraft, OpenedStore
from onboarder.connector.errors import (
    ActionNeeded,
    Advice,
    CredentialsExpired,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from onboarder.connector.http import Request
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingState, ObservedListing, ObservedStore, StoreContent
from onboarder_rehearsal import RehearsalConnector, calls, wire
from onboarder_rehearsal.errors import TOKEN_UNREADABLE

T = TypeVar("T")


class AdoptsOneThenTheOther(RehearsalConnector):
    """adopts another one of several stores at every look-up"""

    _looks = 0

    async def find_store(self, content: StoreContent) -> OpenedStore | None:
        request = calls.find_seller(self._partner, content.reference)
        sellers = (await self._ask(request, wire.SELLERS)).sellers
        self._looks += 1
        return await self._opened(sellers[self._looks % len(sellers)]) if sellers else None


class BlamesItemsForADeadToken(RehearsalConnector):
    """calls every item of a batch refused when only the token was dead"""

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        try:
            return await super().create_listings(access, drafts)
        except CredentialsExpired as expired:
            return {d.content.reference: Rejected(expired.advice) for d in drafts}


class CallsLostRelistingsDone(RehearsalConnector):
    """takes a listing whose relisting got no answer for one on sale"""

    async def relist(self, access: Access, remote_id: RemoteId) -> ObservedListing:
        try:
            return await super().relist(access, remote_id)
        except OutcomeUnknown:
            return ObservedListing(remote_id, ListingState.LIVE)


class _BelievesIn(RehearsalConnector):
    """takes creates whose answer has that fault for done"""

    fault: ClassVar[Advice]

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        try:
            return await super().create_listings(access, drafts)
        except OutcomeUnknown as unknown:
            if unknown.advice is not self.fault:
                raise
            one = RemoteId("I999999")
            references = [draft.content.reference for draft in drafts]
            return {r: ObservedListing(one, ListingState.LIVE, r) for r in references}


class BelievesInHalfAnswers(_BelievesIn):
    """takes an answer that was cut in the middle for a success"""

    fault = UNREACHABLE


class BelievesInLongAnswers(_BelievesIn):
    """takes an answer that is too long to be read for a success"""

    fault = TOO_LARGE


class TakesAbsenceForAnOutage(RehearsalConnector):
    """says that the marketplace is away when it does not show a listing yet"""

    async def find_listing(self, access: Access, reference: Reference) -> ObservedListing | None:
        found = await super().find_listing(access, reference)
        if found is None:
            raise Unavailable(UNAVAILABLE)
        return found


class NeverGivesUp(RehearsalConnector):
    """asks a marketplace that is away again and again"""

    async def observe_store(self, access: Access) -> ObservedStore | None:
        for _ in range(4):
            try:
                return await super().observe_store(access)
            except Unavailable:
                continue
        return await super().observe_store(access)


class NeedsNobody(RehearsalConnector):
    """takes what only a person can mend for an outage that passes"""

    async def _ask(self, request: Request, shape: TypeAdapter[T]) -> T:
        try:
            return await super()._ask(request, shape)
        except ActionNeeded as error:
            raise Unavailable(error.advice) from None


class BelievesItsClock(RehearsalConnector):
    """refuses to use a token that is over by its own clock, whatever the marketplace thinks"""

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        ends = access.credentials.expires_at
        if ends is not None and ends <= self._clock():
            raise CredentialsExpired(TOKEN_UNREADABLE)
        return await super().create_listings(access, drafts)

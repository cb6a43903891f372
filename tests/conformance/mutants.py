"""Connectors with one defect each, and the check that must catch it. They prove that the kit bites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import httpx
import structlog
from pydantic import TypeAdapter

from onboarder.connector.advice import UNAVAILABLE, UNMAPPED
from onboarder.connector.contract import (
    Access,
    Category,
    CreateOutcome,
    Credentials,
    Equipment,
    ListingDraft,
    OpenedStore,
    Page,
)
from onboarder.connector.errors import (
    FieldFault,
    Gone,
    MarketplaceError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from onboarder.connector.http import Request
from onboarder.connector.manifest import Capability
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import (
    ListingField,
    ListingState,
    ObservedListing,
    ObservedStore,
    StoreContent,
    StoreState,
)
from onboarder_rehearsal import RehearsalConnector, calls, mapping, wire
from onboarder_rehearsal.auth import seller_auth
from tests.conformance.mutants_in_trouble import (
    AdoptsOneThenTheOther,
    BelievesInHalfAnswers,
    BelievesInLongAnswers,
    BelievesItsClock,
    BlamesItemsForADeadToken,
    CallsLostRelistingsDone,
    NeedsNobody,
    NeverGivesUp,
    TakesAbsenceForAnOutage,
)

T = TypeVar("T")
Drafts = Sequence[ListingDraft]
Outcomes = Mapping[Reference, CreateOutcome]
Fields = frozenset[ListingField]
log = structlog.get_logger()


@dataclass(frozen=True)
class Mutant:
    """One defect (the class's docstring) and the id of the check that must catch it."""

    connector: type[RehearsalConnector]
    check: str

    @property
    def name(self) -> str:
        return self.connector.__name__

    @property
    def defect(self) -> str:
        return str(self.connector.__doc__)


def _imagined(reference: Reference) -> ObservedListing:
    return ObservedListing(RemoteId("I999999"), ListingState.LIVE, reference)


def _forget_dates(response: httpx.Response) -> None:
    if not response.headers.get("retry-after", "1").isdecimal():
        del response.headers["retry-after"]


class ResendsCreates(RehearsalConnector):
    """sends a create again when its answer is lost"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        try:
            return await super().create_listings(access, drafts)
        except OutcomeUnknown:
            return await super().create_listings(access, drafts)


class ResendsOpenings(RehearsalConnector):
    """sends an opening again when its answer is lost"""

    async def open_store(self, content: StoreContent) -> OpenedStore:
        try:
            return await super().open_store(content)
        except OutcomeUnknown:
            return await super().open_store(content)


class BelievesInLostAnswers(RehearsalConnector):
    """takes a lost answer for a success"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        try:
            return await super().create_listings(access, drafts)
        except OutcomeUnknown:
            return {d.content.reference: _imagined(d.content.reference) for d in drafts}


class BelievesInWebPages(RehearsalConnector):
    """takes any 200 for a success, whatever its body says"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        try:
            return await super().create_listings(access, drafts)
        except OutcomeUnknown as unknown:
            if "unexpected answer" not in unknown.detail:
                raise
            return {d.content.reference: _imagined(d.content.reference) for d in drafts}


class CallsLostCreatesUndone(RehearsalConnector):
    """says Unavailable when the answer to a create is lost"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        try:
            return await super().create_listings(access, drafts)
        except OutcomeUnknown as unknown:
            raise Unavailable(unknown.advice) from None


class CallsHalfOpenedStoresUndone(RehearsalConnector):
    """says that nothing was changed when only the token is missing"""

    async def _apply(self, content: StoreContent, name: str) -> OpenedStore:
        request = calls.apply(self._partner, mapping.application(content, name), content.reference)
        return await self._opened((await self._ask(request, wire.SELLER)).seller)


class KeepsToOneName(RehearsalConnector):
    """gives up when the first shop name is taken"""

    async def open_store(self, content: StoreContent) -> OpenedStore:
        return await super().open_store(replace(content, alternative_names=()))


class FindsStoresByPart(RehearsalConnector):
    """looks a store up by the first part of its Reference"""

    async def find_store(self, content: StoreContent) -> OpenedStore | None:
        part = Reference(content.reference.removesuffix("-2"))
        return await super().find_store(replace(content, reference=part))


class CompletesBlindly(RehearsalConnector):
    """sets the pickup place without looking whether there is one"""

    async def complete_store(self, access: Access, content: StoreContent) -> ObservedStore:
        request = calls.set_pickup(seller_auth(access), mapping.pickup(content), content.reference)
        return mapping.observed_store((await self._ask(request, wire.SELLER)).seller)


class OverlooksSuspension(RehearsalConnector):
    """takes a suspended store for an open one"""

    async def observe_store(self, access: Access) -> ObservedStore | None:
        seen = await super().observe_store(access)
        suspended = seen is not None and seen.state is StoreState.SUSPENDED
        return replace(seen, state=StoreState.OPEN) if seen and suspended else seen


class FindsByPrefix(RehearsalConnector):
    """finds a listing by the beginning of its Reference"""

    async def find_listing(self, access: Access, reference: Reference) -> ObservedListing | None:
        page = await self.observe_listings(access, None)
        return next((o for o in page.listings if (o.reference or "").startswith(reference)), None)


class SeesAbsenceInNoise(RehearsalConnector):
    """takes an unreadable look-up for an absence"""

    async def find_listing(self, access: Access, reference: Reference) -> ObservedListing | None:
        try:
            return await super().find_listing(access, reference)
        except Unavailable:
            return None


class SeesOnePage(RehearsalConnector):
    """shows the first page only"""

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        return replace(await super().observe_listings(access, cursor), next_cursor=None)


class CountsByPosition(RehearsalConnector):
    """pages by position, which shifts when a listing vanishes"""

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        size, skip = self.manifest.limits.page_size, int(cursor or 0)
        page = await super().observe_listings(access, None)
        found = [*page.listings]
        while page.next_cursor is not None:
            page = await super().observe_listings(access, page.next_cursor)
            found += page.listings
        more = len(found) > skip + size
        return Page(tuple(found[skip : skip + size]), str(skip + size) if more else None)


class BelievesInMissingResults(RehearsalConnector):
    """counts items that the batch's answer leaves out as created"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        references = [draft.content.reference for draft in drafts]
        outcomes = await super().create_listings(access, drafts)
        return {one: outcomes.get(one, _imagined(one)) for one in references}


class TakesResultsByPosition(RehearsalConnector):
    """gives the batch's results to the items in the order they came"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        outcomes = await super().create_listings(access, drafts)
        return dict(zip([d.content.reference for d in drafts], outcomes.values(), strict=False))


class CondemnsWholeBatches(RehearsalConnector):
    """calls a whole batch failed when one item of it failed"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        outcomes = await super().create_listings(access, drafts)
        failed = [one for one in outcomes.values() if isinstance(one, MarketplaceError)]
        return dict.fromkeys(outcomes, failed[0]) if failed else outcomes


class CallsLimitsOutages(RehearsalConnector):
    """takes 429 for an outage"""

    async def _ask(self, request: Request, shape: TypeAdapter[T]) -> T:
        try:
            return await super()._ask(request, shape)
        except RateLimited:
            raise Unavailable(UNAVAILABLE) from None


class WaitsAsItLikes(RehearsalConnector):
    """waits five seconds whatever Retry-After says"""

    async def _ask(self, request: Request, shape: TypeAdapter[T]) -> T:
        try:
            return await super()._ask(request, shape)
        except RateLimited as limited:
            limited.retry_after = timedelta(seconds=5)
            raise


class CannotReadDates(RehearsalConnector):
    """understands Retry-After in seconds only"""

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None:
        super().__init__(settings, equipment)
        client = equipment.http._client  # pyright: ignore[reportPrivateUsage]  # the defect
        pass_on = client.pass_on

        async def forgetful(message: httpx.Request, auth: httpx.Auth | None) -> httpx.Response:
            answer = await pass_on(message, auth)
            _forget_dates(answer)
            return answer

        vars(client)["pass_on"] = forgetful


class HasNoDeadline(RehearsalConnector):
    """waits for an answer as long as it takes"""

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None:
        super().__init__(settings, equipment)
        equipment.http._deadline = 60  # pyright: ignore[reportPrivateUsage]  # the defect


class SwallowsAnything(RehearsalConnector):
    """reads answers of any size"""

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None:
        super().__init__(settings, equipment)
        equipment.http._largest_answer = 10**9  # pyright: ignore[reportPrivateUsage]  # the defect


class NeverRenews(RehearsalConnector):
    """hands the old credentials back instead of renewing them"""

    async def renew(self, access: Access) -> Credentials:
        return access.credentials


class TellsNaiveTimes(RehearsalConnector):
    """says when credentials end without a time zone"""

    async def open_store(self, content: StoreContent) -> OpenedStore:
        opened = await super().open_store(content)
        ends = opened.credentials.expires_at
        naive = replace(opened.credentials, expires_at=ends and ends.replace(tzinfo=None))
        return replace(opened, credentials=naive)


class RemembersTheFirstStore(RehearsalConnector):
    """keeps the first access it is given and uses it for every store"""

    _first: Access | None = None

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        self._first = self._first or access
        return await super().create_listings(self._first, drafts)


class PrintsTheToken(RehearsalConnector):
    """puts the store's token into the address that people see"""

    async def open_store(self, content: StoreContent) -> OpenedStore:
        opened = await super().open_store(content)
        url = f"{opened.store.url}?key={opened.credentials.secret.get_secret_value()}"
        return replace(opened, store=replace(opened.store, url=url))


class LogsTheToken(RehearsalConnector):
    """logs the store's token"""

    async def observe_store(self, access: Access) -> ObservedStore | None:
        log.info("rehearsal.looking", access=access.credentials.secret.get_secret_value())
        return await super().observe_store(access)

    async def complete_store(self, access: Access, content: StoreContent) -> ObservedStore:
        log.info("rehearsal.completing", access=access.credentials.secret.get_secret_value())
        return await super().complete_store(access, content)


class LogsTheOwner(RehearsalConnector):
    """logs the owner's name"""

    async def open_store(self, content: StoreContent) -> OpenedStore:
        log.info("rehearsal.opening", owner=content.owner_name)
        return await super().open_store(content)


class AsksByPhone(RehearsalConnector):
    """puts the owner's phone number into a URL"""

    async def find_store(self, content: StoreContent) -> OpenedStore | None:
        found = calls.find_seller(self._partner, content.reference)
        params = (*found.params, ("phone", content.phone or ""))
        answer = await self._ask(replace(found, params=params), wire.SELLERS)
        seller = mapping.best_seller(answer.sellers)
        return None if seller is None else await self._opened(seller)


class QuotesTheOwner(RehearsalConnector):
    """repeats what was sent in an error's detail"""

    async def open_store(self, content: StoreContent) -> OpenedStore:
        try:
            return await super().open_store(content)
        except MarketplaceError as error:
            error.detail = f"opening for {content.owner_name}: {error.detail}"
            raise


class SwallowsUnknownErrors(RehearsalConnector):
    """says nothing about an error that it does not know"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        try:
            return await super().create_listings(access, drafts)
        except MarketplaceError as error:
            if error.advice is not UNMAPPED:
                raise
            return {}


class LeaksOtherErrors(RehearsalConnector):
    """lets a KeyError out when an answer is not what it expects"""

    async def categories(self, access: Access) -> tuple[Category, ...]:
        try:
            return await super().categories(access)
        except Unavailable as error:
            raise KeyError("taxonomy") from error


class MistakesContentForOutage(RehearsalConnector):
    """says that a withdrawn category is an outage, so that it is tried for ever"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        try:
            return await super().create_listings(access, drafts)
        except Rejected as refused:
            raise Unavailable(refused.advice) from None


class NamesTheirFields(RehearsalConnector):
    """names refused fields in the marketplace's words"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        try:
            return await super().create_listings(access, drafts)
        except Rejected as refused:
            refused.fields = tuple(
                FieldFault(f"choices.{f.field}", f.reason) for f in refused.fields
            )
            raise


class DropsVariants(RehearsalConnector):
    """sends only the first variant along with any change"""

    async def update_listing(
        self, access: Access, remote_id: RemoteId, draft: ListingDraft, fields: Fields
    ) -> ObservedListing:
        first = replace(draft, content=replace(draft.content, offers=draft.content.offers[:1]))
        more = fields | {ListingField.VARIANTS}
        return await super().update_listing(access, remote_id, first, more)


class UpdatesEverything(RehearsalConnector):
    """sends every field when one was named"""

    async def update_listing(
        self, access: Access, remote_id: RemoteId, draft: ListingDraft, fields: Fields
    ) -> ObservedListing:
        return await super().update_listing(access, remote_id, draft, frozenset(ListingField))


class ResetsPricesOfOthers(RehearsalConnector):
    """sends our old prices along when a variant is added"""

    async def update_listing(
        self, access: Access, remote_id: RemoteId, draft: ListingDraft, fields: Fields
    ) -> ObservedListing:
        prices = {ListingField.PRICE} if ListingField.VARIANTS in fields else set[ListingField]()
        more = fields | prices
        return await super().update_listing(access, remote_id, draft, more)


class IgnoresGone(RehearsalConnector):
    """calls an update done when the listing is no longer there"""

    async def update_listing(
        self, access: Access, remote_id: RemoteId, draft: ListingDraft, fields: Fields
    ) -> ObservedListing:
        try:
            return await super().update_listing(access, remote_id, draft, fields)
        except Gone:
            return _imagined(draft.content.reference)


class ResendsUpdates(RehearsalConnector):
    """calls a lost update an outage, which is tried again without a look"""

    async def update_listing(
        self, access: Access, remote_id: RemoteId, draft: ListingDraft, fields: Fields
    ) -> ObservedListing:
        try:
            return await super().update_listing(access, remote_id, draft, fields)
        except OutcomeUnknown:
            return await super().update_listing(access, remote_id, draft, fields)


class _Bends(RehearsalConnector):
    """changes a draft before it is sent"""

    async def create_listings(self, access: Access, drafts: Drafts) -> Outcomes:
        return await super().create_listings(access, [self._bent(draft) for draft in drafts])

    def _bent(self, draft: ListingDraft) -> ListingDraft:
        raise NotImplementedError


class CutsTitles(_Bends):
    """cuts a title that is too long"""

    def _bent(self, draft: ListingDraft) -> ListingDraft:
        title = draft.content.title[: self.manifest.limits.title_max]
        return replace(draft, content=replace(draft.content, title=title))


class DropsPhotos(_Bends):
    """leaves the photos out that are too many"""

    def _bent(self, draft: ListingDraft) -> ListingDraft:
        return replace(draft, photos=draft.photos[: self.manifest.limits.photos_max])


class DropsSurplusVariants(_Bends):
    """leaves the variants out that are too many"""

    def _bent(self, draft: ListingDraft) -> ListingDraft:
        offers = draft.content.offers[: self.manifest.limits.variants_max]
        return replace(draft, content=replace(draft.content, offers=offers))


class MakesUpWeights(_Bends):
    """sends 250 g where the weight is missing"""

    def _bent(self, draft: ListingDraft) -> ListingDraft:
        grams = draft.content.weight_grams or 250
        return replace(draft, content=replace(draft.content, weight_grams=grams))


class MakesUpPrices(_Bends):
    """sends the lowest price where it is zero"""

    def _bent(self, draft: ListingDraft) -> ListingDraft:
        least = self.manifest.limits.price_min
        offers = tuple(replace(o, price=max(o.price, least)) for o in draft.content.offers)
        return replace(draft, content=replace(draft.content, offers=offers))


class EatsZeros(_Bends):
    """takes a SKU for a number"""

    def _bent(self, draft: ListingDraft) -> ListingDraft:
        offers = tuple(
            replace(o, reference=Reference(o.reference.lstrip("0"))) for o in draft.content.offers
        )
        return replace(draft, content=replace(draft.content, offers=offers))


class EscapesMarkup(_Bends):
    """escapes what looks like markup, which the marketplace then shows"""

    def _bent(self, draft: ListingDraft) -> ListingDraft:
        title = draft.content.title.replace("&", "&amp;").replace("<", "&lt;")
        return replace(draft, content=replace(draft.content, title=title))


class ClaimsTooMuch(RehearsalConnector):
    """declares that stores in review take listings"""

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None:
        super().__init__({**settings, "list_before_open": True}, equipment)


class ClaimsTooLittle(RehearsalConnector):
    """can relist and does not declare it"""

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None:
        super().__init__(settings, equipment)
        less = self.manifest.capabilities - {Capability.RELIST}
        vars(self)["manifest"] = replace(self.manifest, capabilities=less)


MUTANTS = (
    Mutant(ResendsCreates, "a-create-is-sent-once"),
    Mutant(ResendsOpenings, "an-opening-that-never-arrived-can-be-sent-again"),
    Mutant(BelievesInLostAnswers, "a-lost-create-is-unknown-and-adopted"),
    Mutant(BelievesInWebPages, "a-create-answered-with-a-web-page-is-unknown"),
    Mutant(CallsLostCreatesUndone, "a-lost-create-is-unknown-and-adopted"),
    Mutant(CallsHalfOpenedStoresUndone, "a-half-done-opening-is-never-called-undone"),
    Mutant(KeepsToOneName, "two-merchants-of-one-name-get-two-stores"),
    Mutant(FindsStoresByPart, "references-of-stores-are-matched-exactly"),
    Mutant(AdoptsOneThenTheOther, "a-doubly-delivered-opening-is-settled-on-one"),
    Mutant(CompletesBlindly, "completing-is-repeatable"),
    Mutant(OverlooksSuspension, "a-suspended-store-is-seen-with-its-reason"),
    Mutant(FindsByPrefix, "references-of-listings-are-matched-exactly"),
    Mutant(SeesAbsenceInNoise, "an-unreadable-answer-is-never-an-absence"),
    Mutant(SeesOnePage, "pages-show-everything-once"),
    Mutant(CountsByPosition, "a-listing-removed-between-pages-hides-none"),
    Mutant(BelievesInMissingResults, "a-missing-result-is-no-success"),
    Mutant(TakesResultsByPosition, "shuffled-results-reach-their-items"),
    Mutant(CondemnsWholeBatches, "a-half-done-batch-is-told-item-by-item"),
    Mutant(BlamesItemsForADeadToken, "a-token-may-die-before-a-batch"),
    Mutant(BelievesInHalfAnswers, "a-create-answered-with-half-an-answer-is-unknown"),
    Mutant(BelievesInLongAnswers, "a-create-answered-with-too-many-bytes-is-unknown"),
    Mutant(TakesAbsenceForAnOutage, "a-listing-that-shows-late-is-absent-until-then"),
    Mutant(NeverGivesUp, "a-long-outage-is-unavailable-after-few-calls"),
    Mutant(NeedsNobody, "every-row-raises-its-error"),
    Mutant(BelievesItsClock, "a-wrong-clock-does-no-harm"),
    Mutant(CallsLimitsOutages, "a-limit-with-seconds-is-kept"),
    Mutant(WaitsAsItLikes, "a-limit-with-seconds-is-kept"),
    Mutant(CannotReadDates, "a-limit-with-a-date-is-kept"),
    Mutant(HasNoDeadline, "a-create-answered-a-byte-at-a-time-ends-by-its-deadline"),
    Mutant(SwallowsAnything, "a-create-answered-with-a-gzip-bomb-is-unknown"),
    Mutant(NeverRenews, "a-withdrawn-consent-asks-the-merchant"),
    Mutant(TellsNaiveTimes, "times-of-credentials-are-utc"),
    Mutant(RemembersTheFirstStore, "stores-worked-at-the-same-time-do-not-mix"),
    Mutant(PrintsTheToken, "credentials-stay-secret-in-print"),
    Mutant(LogsTheToken, "no-secret-is-logged"),
    Mutant(LogsTheOwner, "nobody-is-named-in-a-log"),
    Mutant(AsksByPhone, "nobody-is-named-in-a-url"),
    Mutant(QuotesTheOwner, "nobody-is-named-in-an-error"),
    Mutant(SwallowsUnknownErrors, "an-unknown-error-is-shown-and-never-swallowed"),
    Mutant(LeaksOtherErrors, "nothing-but-marketplace-errors-comes-out"),
    Mutant(MistakesContentForOutage, "a-withdrawn-category-is-never-taken-for-granted"),
    Mutant(NamesTheirFields, "a-refusal-names-our-fields"),
    Mutant(DropsVariants, "variants-survive-a-change-of-content"),
    Mutant(UpdatesEverything, "an-update-touches-only-the-named-field"),
    Mutant(ResetsPricesOfOthers, "a-new-variant-leaves-the-others-alone"),
    Mutant(IgnoresGone, "changing-what-is-gone-says-so"),
    Mutant(ResendsUpdates, "a-lost-update-is-unknown-and-repeatable"),
    Mutant(CallsLostRelistingsDone, "a-lost-relisting-is-unknown-and-repeatable"),
    Mutant(CutsTitles, "too-long-a-title-is-refused"),
    Mutant(DropsPhotos, "one-photo-too-many-is-never-dropped-in-silence"),
    Mutant(DropsSurplusVariants, "too-many-variants-are-never-dropped-in-silence"),
    Mutant(MakesUpWeights, "a-missing-weight-is-held-as-sent-or-refused"),
    Mutant(MakesUpPrices, "a-price-of-zero-is-refused"),
    Mutant(EatsZeros, "leading-zeros-of-a-reference-stay"),
    Mutant(EscapesMarkup, "hostile-titles-are-held-as-sent-or-refused"),
    Mutant(ClaimsTooMuch, "listing-before-the-store-is-open-is-as-declared"),
    Mutant(ClaimsTooLittle, "undeclared-is-unsupported-before-sending"),
)

"""The plan: which remote calls bring a store from what is recorded and observed to what is wanted. Pure.

The same plan is shown by `onboarder plan` and carried out by the loop.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import ceil

from onboarder.connector.manifest import Capability, Manifest
from onboarder.converge.drift import changed_there
from onboarder.converge.wanted import Wanted
from onboarder.model.ids import PhotoHash, Reference
from onboarder.model.recorded import RECREATE, RELIST, ListingRecord, StoreWork
from onboarder.model.shop import ListingContent, ListingField, ListingState, StoreState

CALLS_TO_OPEN = 3
"""Calls of opening and completing a store, look-up included, for the estimate."""


@dataclass(frozen=True, slots=True)
class OpenStore:
    """Create the store under its Reference."""


@dataclass(frozen=True, slots=True)
class CompleteStore:
    """Set up what an opened store still lacks."""


@dataclass(frozen=True, slots=True)
class UploadPhoto:
    photo: PhotoHash


@dataclass(frozen=True, slots=True)
class CreateListing:
    content: ListingContent


@dataclass(frozen=True, slots=True)
class UpdateListing:
    record: ListingRecord
    content: ListingContent
    fields: frozenset[ListingField]


@dataclass(frozen=True, slots=True)
class WithdrawListing:
    record: ListingRecord


@dataclass(frozen=True, slots=True)
class RelistListing:
    record: ListingRecord


ListingStep = CreateListing | UpdateListing | WithdrawListing | RelistListing
Step = OpenStore | CompleteStore | UploadPhoto | ListingStep


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order. `later` says the first time at which more can be done; None if nothing waits for time."""

    steps: tuple[Step, ...]
    later: datetime | None = None

    def calls(self, manifest: Manifest) -> int:
        """Remote calls the steps take when all goes well."""
        batch = manifest.limits.create_batch
        return sum(
            ceil(len(list(run)) / batch) if kind is CreateListing else _cost(kind) * len(list(run))
            for kind, run in groupby(self.steps, key=type)
        )


def plan(wanted: Wanted, work: StoreWork, manifest: Manifest, now: datetime) -> Plan:
    """What to do next. Empty when the store is as wanted, held up, or waiting for a person."""
    if wanted.refusal is not None:
        return Plan(())
    doubted = {doubt.reference: doubt.until for doubt in work.doubts if doubt.kind.blind}
    if work.store.reference in doubted:
        return Plan((), later=doubted[work.store.reference])
    store_steps = _store_steps(work, manifest)
    if not _may_list(work, manifest):
        return Plan(store_steps)
    free: list[ListingStep] = []
    waits: list[datetime] = []
    for step in _listing_steps(wanted, work, manifest):
        reference = _reference(step)
        until = doubted.get(reference) or _held_until(work.listings.get(reference), now)
        if until is None:
            free.append(step)
        else:
            waits.append(until)
    steps = (*store_steps, *_with_uploads(free, work, manifest))
    return Plan(steps, later=min(waits, default=None))


def alive(state: StoreState) -> bool:
    """Whether a store in that state can still be set up."""
    return state in {StoreState.DRAFT, StoreState.IN_REVIEW, StoreState.OPEN}


def fields_to_set(record: ListingRecord, content: ListingContent) -> frozenset[ListingField]:
    """Our own changes and agreed repairs; a field that the merchant changed there too is left for a person."""
    repairs = frozenset(name for name in ListingField if name in record.repairs)
    ours = (
        content.differing(record.applied) if record.applied is not None else frozenset(ListingField)
    )
    theirs = changed_there(record.baseline, record.observed, content)
    return (ours - theirs) | repairs


def _store_steps(work: StoreWork, manifest: Manifest) -> tuple[Step, ...]:
    if work.store.remote_id is None:
        by_api = manifest.can(Capability.OPEN_STORE) and work.store.state is StoreState.DRAFT
        return (OpenStore(), CompleteStore()) if by_api else ()
    if not work.store.complete and alive(work.store.state):
        return (CompleteStore(),)
    return ()


def _may_list(work: StoreWork, manifest: Manifest) -> bool:
    if work.store.state is StoreState.OPEN:
        return True
    early = manifest.can(Capability.LIST_BEFORE_OPEN)
    return early and work.store.state in {StoreState.IN_REVIEW, StoreState.DRAFT}


def _listing_steps(wanted: Wanted, work: StoreWork, manifest: Manifest) -> Iterator[ListingStep]:
    creates: list[CreateListing] = []
    for reference, content in wanted.listings.items():
        record = work.listings.get(reference)
        if _to_create(record, content):
            creates.append(CreateListing(content))
        elif record is not None and record.remote_id is not None:
            yield from _upkeep(record, content, manifest)
    yield from creates
    yield from _withdrawals(work, manifest)


def _reference(step: ListingStep) -> Reference:
    return step.content.reference if isinstance(step, CreateListing) else step.record.reference


def _held_until(record: ListingRecord | None, now: datetime) -> datetime | None:
    """When a listing whose last attempt failed may be tried again; None if it may be now."""
    if record is None or record.failure is None or record.not_before is None:
        return None
    return record.not_before if record.not_before > now else None


def _with_uploads(
    steps: Sequence[ListingStep], work: StoreWork, manifest: Manifest
) -> Iterator[Step]:
    """First the photos that the steps send and this store does not have, each once, then the steps."""
    uploaded = set(work.photos) if manifest.can(Capability.UPLOAD_PHOTO) else None
    for photo in (one for step in steps for one in photos_sent(step)):
        if uploaded is not None and photo not in uploaded:
            uploaded.add(photo)
            yield UploadPhoto(photo)
    yield from steps


def photos_sent(step: ListingStep) -> tuple[PhotoHash, ...]:
    """The photos that the step names, which must be there before it."""
    match step:
        case CreateListing():
            return step.content.photos
        case UpdateListing():
            return step.content.photos if ListingField.PHOTOS in step.fields else ()
        case WithdrawListing() | RelistListing():
            return ()


def _to_create(record: ListingRecord | None, content: ListingContent) -> bool:
    if record is None:
        return True
    if record.refused(content):
        return False
    if record.state is ListingState.VANISHED:
        return RECREATE in record.repairs
    return record.remote_id is None


def _upkeep(
    record: ListingRecord, content: ListingContent, manifest: Manifest
) -> Iterator[ListingStep]:
    if record.state is ListingState.VANISHED or record.refused(content):
        return
    fields = frozenset(
        name for name in fields_to_set(record, content) if manifest.can(_CAPABILITY[name])
    )
    if fields:
        yield UpdateListing(record, content, fields)
    if RELIST in record.repairs and manifest.can(Capability.RELIST):
        yield RelistListing(record)


_CAPABILITY = {
    ListingField.PRICE: Capability.UPDATE_PRICE,
    ListingField.STOCK: Capability.UPDATE_STOCK,
    ListingField.TITLE: Capability.UPDATE_CONTENT,
    ListingField.DESCRIPTION: Capability.UPDATE_CONTENT,
    ListingField.CATEGORY: Capability.UPDATE_CONTENT,
    ListingField.WEIGHT: Capability.UPDATE_CONTENT,
    ListingField.PHOTOS: Capability.UPDATE_CONTENT,
    ListingField.VARIANTS: Capability.UPDATE_CONTENT,
}


def _withdrawals(work: StoreWork, manifest: Manifest) -> Iterator[WithdrawListing]:
    if not manifest.can(Capability.WITHDRAW_LISTING):
        return
    sold = {Reference(one.id) for one in work.products if one.active}
    for reference, record in work.listings.items():
        on_sale = record.state in {ListingState.LIVE, ListingState.IN_REVIEW, ListingState.REJECTED}
        if reference not in sold and record.remote_id is not None and on_sale:
            yield WithdrawListing(record)


def _cost(kind: type[Step]) -> int:
    """Completing is counted apart from opening; before a listing is changed it is looked at."""
    if kind is OpenStore:
        return CALLS_TO_OPEN - 1
    return 2 if kind is UpdateListing else 1

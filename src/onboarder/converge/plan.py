"""The plan: which remote calls bring a store from what is recorded and observed to what is wanted. Pure.

The same plan is shown by `onboarder plan` and carried out by the loop.
"""

from collections.abc import Collection, Iterator
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


Step = (
    OpenStore
    | CompleteStore
    | UploadPhoto
    | CreateListing
    | UpdateListing
    | WithdrawListing
    | RelistListing
)


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
    held = [until for reference, until in doubted.items() if reference in wanted.listings]
    held += [one.not_before for one in _waiting(wanted, work, now) if one.not_before is not None]
    steps = tuple(_listing_steps(wanted, work, manifest, now, blocked=doubted.keys()))
    return Plan(store_steps + steps, later=min(held, default=None))


def _store_steps(work: StoreWork, manifest: Manifest) -> tuple[Step, ...]:
    if not manifest.can(Capability.OPEN_STORE):
        return ()
    if work.store.remote_id is None and work.store.state is StoreState.DRAFT:
        return (OpenStore(), CompleteStore())
    if work.store.remote_id is not None and not work.store.complete and _alive(work.store.state):
        return (CompleteStore(),)
    return ()


def _alive(state: StoreState) -> bool:
    return state in {StoreState.DRAFT, StoreState.IN_REVIEW, StoreState.OPEN}


def _may_list(work: StoreWork, manifest: Manifest) -> bool:
    if work.store.state is StoreState.OPEN:
        return True
    early = manifest.can(Capability.LIST_BEFORE_OPEN)
    return early and work.store.state in {StoreState.IN_REVIEW, StoreState.DRAFT}


def _waiting(wanted: Wanted, work: StoreWork, now: datetime) -> list[ListingRecord]:
    """Listings still to be created whose next attempt lies in the future."""
    records = (work.listings.get(reference) for reference in wanted.listings)
    return [
        one
        for one in records
        if one is not None
        and one.remote_id is None
        and one.not_before is not None
        and one.not_before > now
    ]


def _listing_steps(
    wanted: Wanted,
    work: StoreWork,
    manifest: Manifest,
    now: datetime,
    *,
    blocked: Collection[Reference],
) -> Iterator[Step]:
    uploaded = set(work.photos)
    creates: list[CreateListing] = []
    for reference, content in wanted.listings.items():
        record = work.listings.get(reference)
        if reference in blocked:
            continue
        if _to_create(record, content, now):
            creates.append(CreateListing(content))
        elif record is not None and record.remote_id is not None:
            yield from _upkeep(record, content, manifest, uploaded)
    for create in creates:
        yield from _uploads(create.content, manifest, uploaded)
    yield from creates
    yield from _withdrawals(work, manifest)


def _to_create(record: ListingRecord | None, content: ListingContent, now: datetime) -> bool:
    if record is None:
        return True
    if record.refused_digest == content.digest:
        return False
    if record.not_before is not None and record.not_before > now:
        return False
    if record.state is ListingState.VANISHED:
        return RECREATE in record.repairs
    return record.remote_id is None


def _upkeep(
    record: ListingRecord, content: ListingContent, manifest: Manifest, uploaded: set[PhotoHash]
) -> Iterator[Step]:
    if record.state is ListingState.VANISHED or record.refused_digest == content.digest:
        return
    fields = frozenset(
        name for name in _fields_to_set(record, content) if manifest.can(_CAPABILITY[name])
    )
    if fields:
        if ListingField.PHOTOS in fields:
            yield from _uploads(content, manifest, uploaded)
        yield UpdateListing(record, content, fields)
    unlisted = record.state is ListingState.DRAFT or RELIST in record.repairs
    if unlisted and manifest.can(Capability.RELIST):
        yield RelistListing(record)


def _fields_to_set(record: ListingRecord, content: ListingContent) -> frozenset[ListingField]:
    """Our own changes and agreed repairs; a field that the merchant changed there too is left for a person."""
    repairs = frozenset(name for name in ListingField if name in record.repairs)
    ours = (
        content.differing(record.applied) if record.applied is not None else frozenset(ListingField)
    )
    theirs = changed_there(record.baseline, record.observed, content)
    return (ours - theirs) | repairs


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


def _uploads(
    content: ListingContent, manifest: Manifest, uploaded: set[PhotoHash]
) -> Iterator[UploadPhoto]:
    """Photos this store does not have yet, each once in the whole plan."""
    if not manifest.can(Capability.UPLOAD_PHOTO):
        return
    for photo in content.photos:
        if photo not in uploaded:
            uploaded.add(photo)
            yield UploadPhoto(photo)


def _withdrawals(work: StoreWork, manifest: Manifest) -> Iterator[WithdrawListing]:
    if not manifest.can(Capability.WITHDRAW_LISTING):
        return
    sold = {Reference(one.id) for one in work.products if one.active}
    for reference, record in work.listings.items():
        on_sale = record.state in {ListingState.LIVE, ListingState.IN_REVIEW, ListingState.REJECTED}
        if reference not in sold and record.remote_id is not None and on_sale:
            yield WithdrawListing(record)


def _cost(kind: type[Step]) -> int:
    return CALLS_TO_OPEN - 1 if kind is OpenStore else 1

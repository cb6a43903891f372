"""A plan frozen: its figures, every step as a line, and how two of them differ. Pure."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import assert_never

from onboarder.connector.errors import Advice
from onboarder.converge.outlook import Outlook, PlannedStore
from onboarder.converge.plan import (
    CompleteStore,
    CreateListing,
    OpenStore,
    RelistListing,
    Step,
    UpdateListing,
    UploadPhoto,
    WithdrawListing,
)
from onboarder.model.ids import StoreId
from onboarder.model.plans import Change, Difference, Reason, Share, StoreSteps

EXAMPLES = 5
MOST_DIFFERENCES = 200
"""More are not worth reading: the plan is drawn up anew."""
_SHORT = 16
"""Hexadecimal digits of a content's digest in a line."""


def share_of(seen: Outlook) -> Share:
    """The figures of one marketplace."""
    return Share(
        marketplace=seen.marketplace,
        merchants=seen.merchants,
        stores=seen.stores,
        drafts=seen.drafts,
        listings=seen.listings,
        updates=seen.updates,
        withdrawals=seen.withdrawals,
        photos=seen.photos,
        calls=seen.calls,
        minutes=round(seen.minutes, 1),
        person_minutes=seen.person_minutes,
        stopped=len(seen.stopped),
        refused=_reasons(seen.refused),
        faults=_reasons(seen.faults),
        days=max(seen.days.values(), default=1),
        binding_quota=seen.binding,
        apps_needed=seen.apps_needed,
        apps_configured=len(seen.apps),
    )


def steps_of(seen: Sequence[Outlook]) -> tuple[StoreSteps, ...]:
    """Every store for which something is to be done, in order of id."""
    found = [
        StoreSteps(one.store, lines)
        for outlook in seen
        for one in outlook.planned
        if (lines := _lines(one))
    ]
    return tuple(sorted(found, key=lambda one: one.store))


def digest_of(steps: Sequence[StoreSteps]) -> str:
    """Equal exactly where every store and every step is."""
    plain = json.dumps([(one.store, one.lines) for one in steps])
    return hashlib.sha256(plain.encode()).hexdigest()


def differences(
    approved: Sequence[StoreSteps], found: Sequence[StoreSteps]
) -> tuple[Difference, ...]:
    """What is to be done now and was not approved, and the other way round; at most `MOST_DIFFERENCES`."""
    before = {one.store: one.lines for one in approved}
    after = {one.store: one.lines for one in found}
    stores = sorted(before.keys() | after.keys())
    every = (one for store in stores for one in _between(store, before, after))
    return tuple(one for one, _ in zip(every, range(MOST_DIFFERENCES), strict=False))


def _between(
    store: StoreId,
    before: dict[StoreId, tuple[str, ...]],
    after: dict[StoreId, tuple[str, ...]],
) -> list[Difference]:
    if store not in after:
        return [Difference(Change.STORE_GONE, store, "")]
    if store not in before:
        return [Difference(Change.STORE_ADDED, store, "")]
    gone = Counter(before[store]) - Counter(after[store])
    added = Counter(after[store]) - Counter(before[store])
    return [
        *(Difference(Change.STEP_GONE, store, line) for line in gone),
        *(Difference(Change.STEP_ADDED, store, line) for line in added),
    ]


def _lines(planned: PlannedStore) -> tuple[str, ...]:
    opening = _digest(astuple(planned.content))
    lines = [_line(step, opening) for step in planned.steps]
    return tuple([f"draft {opening}", *lines] if planned.draft else lines)


def _line(step: Step, opening: str) -> str:
    match step:
        case OpenStore() | CompleteStore():
            return f"{_NAMES[type(step)]} {opening}"
        case UploadPhoto(photo):
            return f"upload_photo {photo[:_SHORT]}"
        case CreateListing(content):
            return f"create_listing {content.reference} {content.digest[:_SHORT]}"
        case UpdateListing(record, content, fields):
            named = "+".join(sorted(fields))
            return f"update_listing {record.reference} {named} {content.digest[:_SHORT]}"
        case WithdrawListing(record) | RelistListing(record):
            return f"{_NAMES[type(step)]} {record.reference}"
        case _:
            assert_never(step)


_NAMES: Mapping[type[Step], str] = {
    OpenStore: "open_store",
    CompleteStore: "complete_store",
    WithdrawListing: "withdraw_listing",
    RelistListing: "relist_listing",
}


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:_SHORT]


def _reasons(cases: Sequence[tuple[str, Advice]]) -> tuple[Reason, ...]:
    advices = {advice.code: advice for _, advice in reversed(cases)}
    counted = Counter(advice.code for _, advice in cases).most_common()
    return tuple(
        Reason(
            code,
            advices[code].who,
            advices[code].id,
            advices[code].en,
            number,
            tuple(what for what, advice in cases if advice.code == code)[:EXAMPLES],
        )
        for code, number in counted
    )

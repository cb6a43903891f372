"""The three-way comparison: what we wanted, what we recorded, what the marketplace shows. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from onboarder.model.ids import Reference, StoreId
from onboarder.model.recorded import ListingRecord
from onboarder.model.shop import (
    ListingContent,
    ListingField,
    ListingState,
    ObservedListing,
    ObservedStore,
    StoreState,
)
from onboarder.model.work import Drift, DriftClass

FIELD_CLASS = {
    ListingField.PRICE: DriftClass.PRICE_CHANGED,
    ListingField.STOCK: DriftClass.STOCK_CHANGED,
}
"""Every other field is content."""
LONGEST_BRIEF = 80
OFF_SALE = {ListingState.WITHDRAWN, ListingState.DRAFT}


def store_drifts(
    store: StoreId, recorded: StoreState, observed: ObservedStore | None
) -> list[Drift]:
    """What happened to the store itself."""
    if observed is None:
        return [Drift(store, DriftClass.STORE_VANISHED, wanted=recorded)]
    stopped = {StoreState.SUSPENDED, StoreState.CLOSED, StoreState.REFUSED}
    if observed.state in stopped:
        reason = observed.reason or ""
        return [
            Drift(
                store,
                DriftClass.STORE_SUSPENDED,
                wanted=StoreState.OPEN,
                observed=observed.state,
                detail=reason,
            )
        ]
    return []


def listing_drifts(
    store: StoreId,
    wanted: Mapping[Reference, ListingContent],
    recorded: Mapping[Reference, ListingRecord],
    observed: Sequence[ObservedListing],
    absent: Iterable[Reference],
) -> list[Drift]:
    """All differences in a store whose listings were observed to the last page.

    `absent` are recorded listings that no page showed and whose settle time is over.
    """
    found: list[Drift] = []
    seen: dict[Reference, list[ObservedListing]] = defaultdict(list)
    for shown in observed:
        if shown.reference is None or shown.reference not in recorded:
            found.append(_unknown(store, shown))
        else:
            seen[shown.reference].append(shown)
    for reference, shown_ones in seen.items():
        record = recorded[reference]
        found += _duplicates(store, record, shown_ones)
        shown = next(
            (one for one in shown_ones if one.remote_id == record.remote_id), shown_ones[0]
        )
        found += _changes(store, wanted.get(reference), record, shown)
    found += [Drift(store, DriftClass.VANISHED, one, recorded[one].remote_id) for one in absent]
    return found


def changed_there(
    baseline: ObservedListing | None,
    observed: ObservedListing | None,
    content: ListingContent | None,
) -> frozenset[ListingField]:
    """Fields that differ from what both sides last agreed on, unless they now are what we want anyway."""
    if baseline is None or observed is None or baseline == observed:
        return frozenset()
    return frozenset(
        name
        for name in ListingField
        if _differs(_shown(baseline, name), _shown(observed, name))
        and not (content is not None and agrees(observed, content, name))
    )


def agrees(observed: ObservedListing, content: ListingContent, name: ListingField) -> bool:
    """Whether the marketplace shows this field as we want it."""
    shown = _shown(observed, name)
    if shown is None:
        return False
    match name:
        case ListingField.PHOTOS:
            return shown == len(content.photos)
        case ListingField.VARIANTS:
            return shown == frozenset(offer.reference for offer in content.offers)
        case _:
            return shown == content.value(name)


def _changes(
    store: StoreId, content: ListingContent | None, record: ListingRecord, shown: ObservedListing
) -> list[Drift]:
    found = [
        Drift(
            store,
            FIELD_CLASS.get(name, DriftClass.CONTENT_CHANGED),
            record.reference,
            shown.remote_id,
            name,
            wanted=_brief(record.baseline, name) if content is None else _wish(content, name),
            observed=_brief(shown, name),
        )
        for name in sorted(changed_there(record.baseline, shown, content))
    ]
    agreed, why = _agreed_state(record)
    if shown.state is ListingState.REJECTED:
        detail = shown.reason or ""
        if agreed is not ListingState.REJECTED or why != shown.reason:
            found.append(
                Drift(
                    store,
                    DriftClass.REJECTED,
                    record.reference,
                    shown.remote_id,
                    detail=detail,
                    wanted=ListingState.LIVE,
                    observed=shown.state,
                )
            )
    elif shown.state in OFF_SALE and content is not None and agreed not in OFF_SALE:
        found.append(
            Drift(
                store,
                DriftClass.STATUS_CHANGED,
                record.reference,
                shown.remote_id,
                wanted=agreed,
                observed=shown.state,
                detail=shown.reason or "",
            )
        )
    return found


def _agreed_state(record: ListingRecord) -> tuple[ListingState, str | None]:
    agreed = record if record.baseline is None else record.baseline
    return agreed.state, agreed.reason


def _duplicates(
    store: StoreId, record: ListingRecord, shown: Sequence[ObservedListing]
) -> list[Drift]:
    extra = [one for one in shown if one.remote_id != record.remote_id] if len(shown) > 1 else []
    return [
        Drift(store, DriftClass.DUPLICATE, record.reference, one.remote_id, observed=one.state)
        for one in extra
    ]


def _unknown(store: StoreId, shown: ObservedListing) -> Drift:
    return Drift(
        store, DriftClass.UNKNOWN_TO_US, shown.reference, shown.remote_id, observed=shown.state
    )


def _differs(before: object, now: object) -> bool:
    return before is not None and now is not None and before != now


def _shown(observed: ObservedListing, name: ListingField) -> object:
    """The field as observed, comparable with `ListingContent.value`; None if not shown."""
    if name is ListingField.PHOTOS:
        return observed.photo_count
    if name not in {ListingField.PRICE, ListingField.STOCK, ListingField.VARIANTS}:
        return getattr(observed, name.value)
    if observed.offers is None:
        return None
    if name is ListingField.VARIANTS:
        return frozenset(offer.reference for offer in observed.offers)
    values = {offer.reference: getattr(offer, name.value) for offer in observed.offers}
    return None if None in values.values() else values


def _wish(content: ListingContent, name: ListingField) -> str:
    """What we want the field to be, in short, for a report."""
    match name:
        case ListingField.PRICE | ListingField.STOCK:
            return ", ".join(str(getattr(offer, name.value)) for offer in content.offers)
        case ListingField.VARIANTS:
            return str(len(content.offers))
        case ListingField.PHOTOS:
            return str(len(content.photos))
        case _:
            return str(getattr(content, name.value))[:LONGEST_BRIEF]


def _brief(observed: ObservedListing | None, name: ListingField) -> str:
    """The field's value in short, for a report."""
    if observed is None:
        return ""
    if name in {ListingField.PRICE, ListingField.STOCK}:
        return ", ".join(str(getattr(offer, name.value)) for offer in observed.offers or ())
    if name is ListingField.VARIANTS:
        return str(len(observed.offers or ()))
    shown = _shown(observed, name)
    return "" if shown is None else str(shown)[:LONGEST_BRIEF]

"""What both sides agree on after a successful write or an adoption. Pure."""

from dataclasses import replace
from datetime import datetime

from onboarder.model.recorded import RECREATE, RELIST, ListingRecord
from onboarder.model.shop import (
    ListingContent,
    ListingField,
    ListingState,
    ObservedListing,
    ObservedOffer,
    Offer,
)

ON_SALE = frozenset({ListingState.LIVE, ListingState.IN_REVIEW})
_IN_OFFERS = frozenset({ListingField.PRICE, ListingField.STOCK, ListingField.VARIANTS})


def created(
    record: ListingRecord,
    content: ListingContent,
    shown: ObservedListing,
    *,
    now: datetime,
    settled: datetime,
) -> ListingRecord:
    """After a create that the marketplace confirmed. Until `settled` its absence from a page proves nothing."""
    agreed = _as_sent(shown, content, frozenset({ListingField.PRICE, ListingField.STOCK}))
    fresh = _well(record, shown, now, applied=content, baseline=agreed)
    return replace(fresh, not_before=settled, repairs=_to_list(shown))


def adopted(
    record: ListingRecord,
    content: ListingContent,
    shown: ObservedListing,
    *,
    now: datetime,
    just_sent: bool = False,
) -> ListingRecord:
    """After finding under our Reference what we do not remember sending: believe what is shown.

    What we have `just_sent` and find off sale nobody can have taken down: it is still to be put on sale, whatever the
    marketplace calls a listing that never was.
    """
    fresh = _well(record, shown, now, applied=_content_as_shown(content, shown), baseline=shown)
    to_list = just_sent or RELIST in record.repairs
    if to_list and shown.state is ListingState.WITHDRAWN:
        return replace(fresh, repairs=frozenset({RELIST}))
    return replace(fresh, repairs=_to_list(shown))


def updated(
    record: ListingRecord,
    content: ListingContent,
    fields: frozenset[ListingField],
    shown: ObservedListing,
    *,
    now: datetime,
) -> ListingRecord:
    """After an update of the named fields; the others keep their baseline, so a change there stays visible."""
    sent = _as_sent(shown, content, fields & {ListingField.PRICE, ListingField.STOCK})
    fresh = _well(
        record,
        shown.over(record.observed),
        now,
        applied=_applied(record.applied, content, fields),
        baseline=_rebased(record.baseline, sent, fields),
    )
    unlisted = _to_list(shown) if record.state is not shown.state else frozenset[str]()
    return replace(fresh, repairs=(record.repairs - fields) | unlisted)


def withdrawn(
    record: ListingRecord, shown: ObservedListing | None, *, now: datetime
) -> ListingRecord:
    """After we took it off sale: once the product is sold again, it goes back on sale. None: it is not there any more."""
    if shown is None:
        return replace(
            record,
            state=ListingState.WITHDRAWN,
            remote_id=None,
            failure=None,
            attempts=0,
            not_before=None,
            repairs=frozenset(),
        )
    fresh = _placed(record, shown, now)
    return replace(fresh, repairs=fresh.repairs | {RELIST})


def relisted(record: ListingRecord, shown: ObservedListing, *, now: datetime) -> ListingRecord:
    """After we put it on sale again."""
    fresh = _placed(record, shown, now)
    return replace(fresh, repairs=fresh.repairs - {RELIST})


def observed(record: ListingRecord, shown: ObservedListing, *, now: datetime) -> ListingRecord:
    """After a look: fields never seen before are agreed on as they are; differences stay for the comparison.

    That it is on sale is agreed on at once; that it is off sale, rejected or gone, only by a decision.
    """
    baseline = shown if record.baseline is None else record.baseline.over(shown)
    if shown.state in ON_SALE:
        baseline = replace(baseline, state=shown.state, reason=shown.reason)
    return replace(
        record,
        remote_id=shown.remote_id,
        state=shown.state,
        reason=shown.reason,
        baseline=baseline,
        observed=shown,
        observed_at=now,
        repairs=record.repairs - ({RECREATE, RELIST} if shown.state in ON_SALE else {RECREATE}),
    )


def rebased(record: ListingRecord, name: str | None) -> ListingRecord:
    """Take what the marketplace shows of one field (None: of the listing's state) as agreed."""
    if record.observed is None or record.baseline is None:
        return record
    if name is None:
        state = replace(record.baseline, state=record.state, reason=record.reason)
        return replace(record, baseline=state)
    fields = frozenset({ListingField(name)})
    return replace(record, baseline=_rebased(record.baseline, record.observed, fields))


def kept(record: ListingRecord, name: str | None, content: ListingContent | None) -> ListingRecord:
    """`rebased`, and our own wish for the field gives way: it goes out again only when the register changes again."""
    fresh = rebased(record, name)
    if name is None:
        return replace(fresh, repairs=fresh.repairs - {RECREATE, RELIST})
    if content is not None and fresh.applied is not None:
        given_up = _applied(fresh.applied, content, frozenset({ListingField(name)}))
        fresh = replace(fresh, applied=given_up)
    return replace(fresh, repairs=fresh.repairs - {name})


def _placed(record: ListingRecord, shown: ObservedListing, now: datetime) -> ListingRecord:
    """After a change of state that we made ourselves."""
    fresh = observed(record, shown.over(record.observed), now=now)
    return replace(rebased(fresh, None), failure=None, attempts=0, not_before=None)


def _to_list(shown: ObservedListing) -> frozenset[str]:
    """What our own write left as a draft is still to be put on sale."""
    return frozenset({RELIST}) if shown.state is ListingState.DRAFT else frozenset()


def _well(
    record: ListingRecord,
    shown: ObservedListing,
    now: datetime,
    *,
    applied: ListingContent,
    baseline: ObservedListing,
) -> ListingRecord:
    return replace(
        record,
        state=shown.state,
        remote_id=shown.remote_id,
        reason=shown.reason,
        applied=applied,
        baseline=baseline,
        observed=shown.over(baseline),
        observed_at=now,
        failure=None,
        refused_digest=None,
        attempts=0,
        not_before=None,
    )


def _as_sent(
    shown: ObservedListing, content: ListingContent, fields: frozenset[ListingField]
) -> ObservedListing:
    """The observation with prices and stocks that the answer does not show taken from what was sent."""
    known = {offer.reference: offer for offer in shown.offers or ()}
    offers = tuple(
        ObservedOffer(
            offer.reference,
            _or_sent(known.get(offer.reference), ListingField.PRICE, offer, fields),
            _or_sent(known.get(offer.reference), ListingField.STOCK, offer, fields),
        )
        for offer in content.offers
    )
    return replace(shown, offers=offers)


def _or_sent(
    shown: ObservedOffer | None, name: ListingField, sent: Offer, fields: frozenset[ListingField]
) -> int | None:
    if name in fields:
        return int(getattr(sent, name.value))
    value: int | None = getattr(shown, name.value) if shown is not None else None
    return value


def _rebased(
    baseline: ObservedListing | None, sent: ObservedListing, fields: frozenset[ListingField]
) -> ObservedListing:
    """The old baseline with the updated fields as the marketplace shows them now."""
    if baseline is None:
        return sent
    plain = {
        ListingField.TITLE: "title",
        ListingField.DESCRIPTION: "description",
        ListingField.CATEGORY: "category",
        ListingField.WEIGHT: "weight_grams",
        ListingField.PHOTOS: "photo_count",
    }
    changes = {plain[name]: getattr(sent, plain[name]) for name in fields if name in plain}
    agreed = sent if sent.state in ON_SALE else baseline
    return replace(
        baseline,
        remote_id=sent.remote_id,
        state=agreed.state,
        reason=agreed.reason,
        offers=_rebased_offers(baseline, sent, fields),
        **changes,
    )


def _applied(
    before: ListingContent | None, content: ListingContent, fields: frozenset[ListingField]
) -> ListingContent:
    """What we have sent by now: the named fields as in `content`, the others as before."""
    if before is None:
        return content
    plain = {name.value: getattr(content, name.value) for name in fields if name not in _IN_OFFERS}
    sent = {offer.reference: offer for offer in content.offers}
    kept = {offer.reference: offer for offer in before.offers}
    offers = content.offers if ListingField.VARIANTS in fields else before.offers
    return replace(
        before,
        offers=tuple(
            replace(
                offer,
                price=(sent if ListingField.PRICE in fields else kept)
                .get(offer.reference, offer)
                .price,
                stock=(sent if ListingField.STOCK in fields else kept)
                .get(offer.reference, offer)
                .stock,
            )
            for offer in offers
        ),
        **plain,
    )


def _rebased_offers(
    baseline: ObservedListing, sent: ObservedListing, fields: frozenset[ListingField]
) -> tuple[ObservedOffer, ...] | None:
    if not fields & _IN_OFFERS:
        return baseline.offers
    before = {offer.reference: offer for offer in baseline.offers or ()}
    return tuple(
        ObservedOffer(
            offer.reference,
            *(
                getattr(offer if name in fields else before.get(offer.reference, offer), name.value)
                for name in (ListingField.PRICE, ListingField.STOCK)
            ),
        )
        for offer in sent.offers or ()
    )


def _content_as_shown(content: ListingContent, shown: ObservedListing) -> ListingContent:
    """What we must have sent, going by what is shown; what is not shown counts as sent as wanted."""
    offers = {offer.reference: offer for offer in shown.offers or ()}
    photos_differ = shown.photo_count is not None and shown.photo_count != len(content.photos)
    return replace(
        content,
        title=content.title if shown.title is None else shown.title,
        weight_grams=content.weight_grams if shown.weight_grams is None else shown.weight_grams,
        photos=() if photos_differ else content.photos,
        offers=content.offers
        if shown.offers is None
        else tuple(
            _offer_as_shown(offer, offers[offer.reference])
            for offer in content.offers
            if offer.reference in offers
        ),
    )


def _offer_as_shown(offer: Offer, shown: ObservedOffer) -> Offer:
    return replace(
        offer,
        price=offer.price if shown.price is None else shown.price,
        stock=offer.stock if shown.stock is None else shown.stock,
    )

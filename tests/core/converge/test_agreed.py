"""What both sides agree on after each event, and what stays open."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from onboarder.converge import agreed
from onboarder.converge.drift import agrees, changed_there, listing_drifts, store_drifts
from onboarder.model.ids import PhotoHash, Reference, RemoteId
from onboarder.model.recorded import RECREATE, RELIST
from onboarder.model.shop import (
    ListingContent,
    ListingField,
    ListingState,
    ObservedListing,
    ObservedOffer,
    ObservedStore,
    Offer,
    StoreState,
)
from onboarder.model.work import DriftClass
from tests.core.converge.samples import (
    NOW,
    SETTLE,
    STEADY,
    STORE,
    content,
    listed,
    planned,
    shown,
    with_fields,
)

OTHER = replace(
    content(price=90, stock=2, title="Other"),
    description="Other",
    category="x",
    weight_grams=1,
    photos=(),
)
BARE = ObservedListing(RemoteId("R-p1"), ListingState.LIVE, Reference("p1"))
"""An answer that shows nothing but that the listing is there."""


def test_a_create_is_agreed_on_as_sent_where_the_answer_shows_no_prices() -> None:
    record = agreed.created(planned(content()), content(), BARE, now=NOW, settled=NOW + SETTLE)
    assert record.baseline is not None
    assert record.baseline.offers == (ObservedOffer(Reference("p1-v"), 100, 5),)
    assert (record.applied, record.not_before) == (content(), NOW + SETTLE)
    assert changed_there(record.baseline, shown(content(price=90)), content()) == {
        ListingField.PRICE
    }


def test_an_adoption_believes_what_is_shown() -> None:
    record = agreed.adopted(planned(content()), content(), shown(OTHER), now=NOW)
    assert record.applied is not None
    assert content().differing(record.applied) == {
        ListingField.TITLE,
        ListingField.WEIGHT,
        ListingField.PHOTOS,
        ListingField.PRICE,
        ListingField.STOCK,
    }
    bare = agreed.adopted(planned(content()), content(), BARE, now=NOW)
    assert bare.applied == content()


def test_an_adopted_listing_without_its_variants_still_gets_them() -> None:
    """A create that was cut off between the listing and its choices."""
    whole = replace(content(), offers=(*content().offers, Offer(Reference("p1-w"), "XL", 120, 4)))
    half = agreed.adopted(planned(whole), whole, shown(content()), now=NOW)

    assert half.applied is not None
    assert whole.differing(half.applied) == {
        ListingField.VARIANTS,
        ListingField.PRICE,
        ListingField.STOCK,
    }


@pytest.mark.parametrize("name", list(ListingField))
def test_an_update_of_one_field_keeps_every_other_change_made_there(name: ListingField) -> None:
    sent = ListingField.TITLE if name is not ListingField.TITLE else ListingField.DESCRIPTION
    theirs = with_fields(
        content(), OTHER if name is not ListingField.VARIANTS else VARIED, frozenset({name})
    )
    record = agreed.observed(listed(content()), shown(theirs), now=NOW)
    before = changed_there(record.baseline, record.observed, content())
    assert name in before
    ours = replace(content(), title="Ours", description="Ours")
    there = with_fields(theirs, ours, frozenset({sent}))
    fresh = agreed.updated(record, ours, frozenset({sent}), shown(there), now=NOW)
    assert changed_there(fresh.baseline, fresh.observed, ours) == before


VARIED = replace(content(), offers=(*content().offers, Offer(Reference("p1-w"), "besar", 1, 1)))


@pytest.mark.parametrize("state", [ListingState.WITHDRAWN, ListingState.DRAFT])
def test_an_update_does_not_agree_to_what_was_taken_off_sale_there(state: ListingState) -> None:
    fields = frozenset({ListingField.PRICE})
    there = shown(content(price=120), state=state)
    fresh = agreed.updated(
        replace(listed(content()), state=state), content(price=120), fields, there, now=NOW
    )
    assert fresh.state is state
    assert fresh.baseline is not None
    assert fresh.baseline.state is ListingState.LIVE
    assert RELIST not in fresh.repairs


def test_an_update_fulfils_the_repairs_it_sent_and_keeps_the_others() -> None:
    record = replace(listed(content()), repairs=frozenset({"price", RELIST}))
    fields = frozenset({ListingField.PRICE})
    there = shown(content(), state=ListingState.WITHDRAWN)
    assert agreed.updated(record, content(), fields, there, now=NOW).repairs == {RELIST}


def test_what_we_withdrew_is_agreed_on_and_goes_back_on_sale_with_the_product() -> None:
    off = agreed.withdrawn(
        listed(content()), shown(content(), state=ListingState.WITHDRAWN), now=NOW
    )
    assert off.baseline is not None
    assert off.state is off.baseline.state is ListingState.WITHDRAWN
    assert off.repairs == {RELIST}
    on = agreed.relisted(off, shown(content()), now=NOW)
    assert (on.state, on.repairs) == (ListingState.LIVE, frozenset())


def test_a_withdrawal_that_finds_nothing_frees_the_listing_to_be_created_again() -> None:
    gone = agreed.withdrawn(listed(content()), None, now=NOW)
    assert (gone.state, gone.remote_id, gone.repairs) == (
        ListingState.WITHDRAWN,
        None,
        frozenset(),
    )


@pytest.mark.parametrize(
    ("state", "taken"),
    [
        (ListingState.LIVE, True),
        (ListingState.IN_REVIEW, True),
        (ListingState.WITHDRAWN, False),
        (ListingState.DRAFT, False),
        (ListingState.REJECTED, False),
    ],
)
def test_a_look_agrees_to_good_news_and_leaves_bad_news_to_a_decision(
    state: ListingState, taken: bool
) -> None:
    record = listed(content(), ListingState.IN_REVIEW)
    seen = agreed.observed(record, shown(content(), state=state), now=NOW)
    assert seen.baseline is not None
    assert seen.state is state
    assert (seen.baseline.state is state) == taken


def test_a_look_ends_the_wish_to_create_it_again() -> None:
    record = replace(
        listed(content()), state=ListingState.VANISHED, repairs=frozenset({RECREATE, "price"})
    )
    assert agreed.observed(record, shown(content()), now=NOW).repairs == {"price"}


def test_agreeing_to_one_field_leaves_the_others_open() -> None:
    record = agreed.observed(listed(content()), shown(OTHER), now=NOW)
    before = changed_there(record.baseline, record.observed, content())
    price = agreed.rebased(record, "price")
    assert changed_there(price.baseline, price.observed, content()) == before - {ListingField.PRICE}
    state = agreed.rebased(replace(record, state=ListingState.VANISHED), None)
    assert changed_there(state.baseline, state.observed, content()) == before
    assert state.baseline is not None
    assert state.baseline.state is ListingState.VANISHED


def test_keeping_theirs_gives_our_own_wish_for_the_field_up_and_no_other() -> None:
    ours = content(price=120, stock=9)
    record = agreed.observed(listed(content()), shown(content(price=90)), now=NOW)
    kept = agreed.kept(replace(record, repairs=frozenset({"price", "stock"})), "price", ours)
    assert kept.applied is not None
    assert ours.differing(kept.applied) == {ListingField.STOCK}
    assert changed_there(kept.baseline, kept.observed, ours) == frozenset()
    assert kept.repairs == {"stock"}


def test_nothing_is_agreed_on_about_what_was_never_seen() -> None:
    assert agreed.rebased(planned(content()), "price") == planned(content())
    assert agreed.rebased(planned(content()), None) == planned(content())


def made(price: int, stock: int, title: str, photos: tuple[PhotoHash, ...]) -> ListingContent:
    return replace(content(price=price, stock=stock, title=title), photos=photos)


some_contents = some.builds(
    made,
    some.integers(1, 3),
    some.integers(1, 3),
    some.sampled_from(["T", "U"]),
    some.sampled_from([(), (PhotoHash("f1"),), (PhotoHash("f1"), PhotoHash("f2"))]),
)
names = some.frozensets(some.sampled_from(list(ListingField)), min_size=1)


@STEADY
@given(before=some_contents, there=some_contents, after=some_contents, fields=names)
def test_an_update_never_loses_a_change_the_merchant_made_to_another_field(
    before: ListingContent,
    there: ListingContent,
    after: ListingContent,
    fields: frozenset[ListingField],
) -> None:
    record = agreed.observed(listed(before), shown(there), now=NOW)
    theirs = changed_there(record.baseline, record.observed, after) - fields
    held = with_fields(there, after, fields)
    fresh = agreed.updated(record, after, fields, shown(held), now=NOW)
    assert changed_there(fresh.baseline, fresh.observed, after) >= theirs
    assert not changed_there(fresh.baseline, fresh.observed, after) & fields


observations = some.builds(
    ObservedListing,
    remote_id=some.just(RemoteId("R")),
    state=some.sampled_from(list(ListingState)),
    reference=some.just(Reference("p1")),
    title=some.sampled_from([None, "T", "U"]),
    photo_count=some.sampled_from([None, 0, 1]),
    offers=some.sampled_from([None, (), (ObservedOffer(Reference("p1-v"), 1, 2),)]),
    reason=some.sampled_from([None, "r"]),
)


@STEADY
@given(first=observations, second=observations, third=observations)
def test_over_keeps_what_is_shown_and_fills_what_is_not(
    first: ObservedListing, second: ObservedListing, third: ObservedListing
) -> None:
    merged = second.over(first)
    assert second.over(second) == second
    assert second.over(None) == second
    assert third.over(second).over(first) == third.over(merged)
    assert (merged.state, merged.reason) == (second.state, second.reason)
    assert merged.title == (first.title if second.title is None else second.title)


@STEADY
@given(of=some_contents, name=some.sampled_from(list(ListingField)))
def test_agreeing_to_a_field_twice_is_agreeing_once(of: ListingContent, name: ListingField) -> None:
    record = agreed.observed(listed(content()), shown(of), now=NOW)
    once = agreed.rebased(record, name)
    assert agreed.rebased(once, name) == once
    assert agrees(once.observed or BARE, of, name)


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (None, DriftClass.STORE_VANISHED),
        (StoreState.SUSPENDED, DriftClass.STORE_SUSPENDED),
        (StoreState.CLOSED, DriftClass.STORE_SUSPENDED),
        (StoreState.REFUSED, DriftClass.STORE_SUSPENDED),
        (StoreState.OPEN, None),
        (StoreState.IN_REVIEW, None),
    ],
)
def test_what_happened_to_the_store(seen: StoreState | None, kind: DriftClass | None) -> None:
    observed = None if seen is None else ObservedStore(RemoteId("S1"), seen, reason="r")
    found = store_drifts(STORE, StoreState.OPEN, observed)
    assert [one.kind for one in found] == ([] if kind is None else [kind])


@pytest.mark.parametrize(
    ("there", "kind", "field"),
    [
        (content(price=90), DriftClass.PRICE_CHANGED, "price"),
        (content(stock=1), DriftClass.STOCK_CHANGED, "stock"),
        (content(title="Other"), DriftClass.CONTENT_CHANGED, "title"),
        (replace(content(), description="Other"), DriftClass.CONTENT_CHANGED, "description"),
        (replace(content(), category="x"), DriftClass.CONTENT_CHANGED, "category"),
        (replace(content(), weight_grams=1), DriftClass.CONTENT_CHANGED, "weight_grams"),
        (replace(content(), photos=()), DriftClass.CONTENT_CHANGED, "photos"),
    ],
)
def test_each_changed_field_is_one_drift_of_its_class(
    there: ListingContent, kind: DriftClass, field: str
) -> None:
    record = listed(content())
    wants, records = {record.reference: content()}, {record.reference: record}
    [found] = listing_drifts(STORE, wants, records, [shown(there)], [])
    assert (found.kind, found.field, found.remote_id) == (kind, field, "R-p1")
    agreeing = {record.reference: there}
    assert listing_drifts(STORE, agreeing, records, [shown(there)], []) == []
    unwanted = listing_drifts(STORE, {}, records, [shown(there)], [])
    assert [one.kind for one in unwanted] == [kind]


def test_of_several_listings_under_one_reference_ours_is_compared_and_the_rest_are_duplicates() -> (
    None
):
    record = listed(content())
    copies = [
        shown(content(price=1), remote_id="R-9"),
        shown(content()),
        shown(content(), remote_id="R-8"),
    ]
    found = listing_drifts(
        STORE, {record.reference: content()}, {record.reference: record}, copies, []
    )
    assert [(one.kind, one.remote_id) for one in found] == [
        (DriftClass.DUPLICATE, "R-9"),
        (DriftClass.DUPLICATE, "R-8"),
    ]


def test_listings_without_a_reference_of_ours_are_unknown_to_us() -> None:
    own = replace(shown(content()), reference=None)
    alien = replace(shown(content()), reference=Reference("zzz"))
    found = listing_drifts(STORE, {}, {}, [own, alien], [])
    assert [one.kind for one in found] == [DriftClass.UNKNOWN_TO_US] * 2


def test_absent_listings_have_vanished() -> None:
    record = listed(content())
    [found] = listing_drifts(STORE, {}, {record.reference: record}, [], [record.reference])
    assert (found.kind, found.remote_id) == (DriftClass.VANISHED, record.remote_id)


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (ListingState.LIVE, ListingState.WITHDRAWN, DriftClass.STATUS_CHANGED),
        (ListingState.LIVE, ListingState.DRAFT, DriftClass.STATUS_CHANGED),
        (ListingState.IN_REVIEW, ListingState.REJECTED, DriftClass.REJECTED),
        (ListingState.WITHDRAWN, ListingState.WITHDRAWN, None),
        (ListingState.REJECTED, ListingState.REJECTED, None),
        (ListingState.IN_REVIEW, ListingState.LIVE, None),
    ],
)
def test_a_change_of_state_is_a_drift_until_it_is_agreed_on(
    before: ListingState, now: ListingState, kind: DriftClass | None
) -> None:
    there = shown(content(), state=now)
    record = listed(content(), before)
    wants = {record.reference: content()}
    seen_by_day = agreed.observed(record, there, now=NOW)
    for known in (record, seen_by_day):
        found = listing_drifts(STORE, wants, {known.reference: known}, [there], [])
        assert [one.kind for one in found] == ([] if kind is None else [kind])
    decided = agreed.rebased(seen_by_day, None)
    assert listing_drifts(STORE, wants, {record.reference: decided}, [there], []) == []


def test_what_is_no_longer_wanted_may_be_off_sale() -> None:
    record = listed(content())
    there = shown(content(), state=ListingState.WITHDRAWN)
    assert listing_drifts(STORE, {}, {record.reference: record}, [there], []) == []

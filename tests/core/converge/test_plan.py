"""The plan, branch by branch, and the laws it keeps whatever the store looks like."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from onboarder.connector.errors import Advice
from onboarder.connector.manifest import Capability
from onboarder.converge import agreed
from onboarder.converge.plan import (
    CompleteStore,
    CreateListing,
    ListingStep,
    OpenStore,
    Plan,
    RelistListing,
    UpdateListing,
    UploadPhoto,
    WithdrawListing,
    plan,
)
from onboarder.model.ids import PhotoHash
from onboarder.model.people import Actor
from onboarder.model.recorded import RECREATE, RELIST, ListingRecord
from onboarder.model.shop import ListingContent, ListingField, ListingState, Offer, StoreState
from onboarder.model.work import Failure, IntentKind
from tests.core.converge.samples import (
    MANIFEST,
    NOW,
    SETTLE,
    STEADY,
    content,
    doubt,
    listed,
    planned,
    shown,
    store,
    wanted,
    with_fields,
    without,
    work,
)

FAILED = Failure("x", "OutcomeUnknown", "nobody", "", "", "", NOW)
GOING = {StoreState.OPEN}


def kinds(made: Plan) -> list[str]:
    return [type(one).__name__ for one in made.steps]


def test_a_refused_merchant_gets_no_plan() -> None:
    want = replace(wanted(content()), refusal=Advice("gate", Actor.CANVASSER, "", ""))
    assert plan(want, work(of=store(remote_id=None)), MANIFEST, NOW) == Plan(())


def test_a_draft_is_opened_and_completed_before_anything_is_listed() -> None:
    draft = store(state=StoreState.DRAFT, remote_id=None, complete=False)
    manifest = without(Capability.LIST_BEFORE_OPEN)
    assert plan(wanted(content()), work(of=draft), manifest, NOW) == Plan(
        (OpenStore(), CompleteStore())
    )


def test_a_draft_where_the_api_opens_no_stores_waits_for_a_person() -> None:
    draft = store(state=StoreState.DRAFT, remote_id=None, complete=False)
    manifest = without(Capability.OPEN_STORE, Capability.LIST_BEFORE_OPEN)
    assert plan(wanted(content()), work(of=draft), manifest, NOW) == Plan(())


@pytest.mark.parametrize("state", list(StoreState))
def test_only_an_open_store_is_stocked_unless_listings_may_come_early(state: StoreState) -> None:
    late = plan(
        wanted(content()), work(of=store(state=state)), without(Capability.LIST_BEFORE_OPEN), NOW
    )
    early = plan(wanted(content()), work(of=store(state=state)), MANIFEST, NOW)
    assert ("CreateListing" in kinds(late)) == (state is StoreState.OPEN)
    may = {StoreState.OPEN, StoreState.IN_REVIEW, StoreState.DRAFT}
    assert ("CreateListing" in kinds(early)) == (state in may)


@pytest.mark.parametrize("state", list(StoreState))
def test_an_incomplete_store_is_completed_while_it_stands(state: StoreState) -> None:
    made = plan(wanted(), work(of=store(state=state, complete=False)), MANIFEST, NOW)
    standing = {StoreState.DRAFT, StoreState.IN_REVIEW, StoreState.OPEN}
    assert (CompleteStore() in made.steps) == (state in standing)


@pytest.mark.parametrize("kind", [IntentKind.OPEN_STORE, IntentKind.COMPLETE_STORE])
def test_nothing_is_planned_while_the_store_itself_is_in_doubt(kind: IntentKind) -> None:
    unsure = doubt("knm-1", kind)
    made = plan(wanted(content()), work(doubts=(unsure,)), MANIFEST, NOW)
    assert made == Plan((), later=unsure.until)


def test_a_listing_in_doubt_waits_and_the_others_do_not() -> None:
    one, two = content(1), content(2)
    made = plan(wanted(one, two), work(doubts=(doubt("p1"),)), MANIFEST, NOW)
    assert made == Plan((CreateListing(two),), later=doubt("p1").until)


def test_an_update_in_doubt_may_be_sent_again() -> None:
    now_wanted = content(price=120)
    unsure = doubt("p1", IntentKind.UPDATE_LISTING)
    made = plan(wanted(now_wanted), work(listed(content()), doubts=(unsure,)), MANIFEST, NOW)
    assert kinds(made) == ["UpdateListing"]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (planned(content()), True),
        (replace(planned(content()), refused_digest=content().digest), False),
        (replace(planned(content()), refused_digest=content(price=1).digest), True),
        (replace(listed(content()), state=ListingState.VANISHED), False),
        (
            replace(listed(content()), state=ListingState.VANISHED, repairs=frozenset({RECREATE})),
            True,
        ),
        (replace(listed(content()), repairs=frozenset({RECREATE})), False),
        (replace(listed(content()), state=ListingState.WITHDRAWN, remote_id=None), True),
    ],
)
def test_when_a_listing_is_created(record: ListingRecord, expected: bool) -> None:
    made = plan(wanted(content()), work(record), MANIFEST, NOW)
    assert (CreateListing(content()) in made.steps) == expected


@pytest.mark.parametrize("fresh", [planned(content()), listed(content())])
def test_a_failed_attempt_is_not_repeated_before_its_time(fresh: ListingRecord) -> None:
    record = replace(fresh, failure=FAILED, not_before=NOW + SETTLE)
    want = wanted(content(price=120))
    assert plan(want, work(record), MANIFEST, NOW) == Plan((), later=NOW + SETTLE)
    assert len(plan(want, work(record), MANIFEST, NOW + SETTLE).steps) == 1


def test_a_fresh_listing_may_be_updated_at_once() -> None:
    record = replace(listed(content()), not_before=NOW + SETTLE)
    assert kinds(plan(wanted(content(price=120)), work(record), MANIFEST, NOW)) == ["UpdateListing"]


def test_only_what_changed_is_updated() -> None:
    [step] = plan(wanted(content(price=120)), work(listed(content())), MANIFEST, NOW).steps
    assert isinstance(step, UpdateListing)
    assert step.fields == {ListingField.PRICE}


def test_what_the_merchant_changed_there_is_left_out_and_the_rest_goes() -> None:
    record = listed(content())
    record = agreed.observed(record, shown(content(price=90)), now=NOW)
    [step] = plan(wanted(content(price=120, stock=9)), work(record), MANIFEST, NOW).steps
    assert isinstance(step, UpdateListing)
    assert step.fields == {ListingField.STOCK}


def test_an_approved_repair_overrules_the_merchants_change() -> None:
    record = agreed.observed(listed(content()), shown(content(price=90)), now=NOW)
    record = replace(record, repairs=frozenset({"price"}))
    [step] = plan(wanted(content()), work(record), MANIFEST, NOW).steps
    assert isinstance(step, UpdateListing)
    assert step.fields == {ListingField.PRICE}


@pytest.mark.parametrize(
    ("missing", "changed"),
    [
        (Capability.UPDATE_PRICE, content(price=120)),
        (Capability.UPDATE_STOCK, content(stock=9)),
        (Capability.UPDATE_CONTENT, content(title="Other")),
    ],
)
def test_what_the_api_cannot_update_is_not_planned(
    missing: Capability, changed: ListingContent
) -> None:
    assert plan(wanted(changed), work(listed(content())), without(missing), NOW) == Plan(())
    assert len(plan(wanted(changed), work(listed(content())), MANIFEST, NOW).steps) == 1


def test_content_refused_for_good_is_neither_updated_nor_relisted() -> None:
    changed = content(price=120)
    record = replace(listed(content()), refused_digest=changed.digest, repairs=frozenset({RELIST}))
    assert plan(wanted(changed), work(record), MANIFEST, NOW) == Plan(())


@pytest.mark.parametrize("state", list(ListingState))
def test_a_listing_is_relisted_only_where_that_was_decided(state: ListingState) -> None:
    record = replace(listed(content()), state=state)
    assert "RelistListing" not in kinds(plan(wanted(content()), work(record), MANIFEST, NOW))
    decided = replace(record, repairs=frozenset({RELIST}))
    made = plan(wanted(content()), work(decided), MANIFEST, NOW)
    assert (RelistListing(decided) in made.steps) == (state is not ListingState.VANISHED)
    cannot = plan(wanted(content()), work(decided), without(Capability.RELIST), NOW)
    assert cannot == Plan(())


def test_what_a_create_left_as_a_draft_is_put_on_sale() -> None:
    record = listed(content(), ListingState.DRAFT)
    assert kinds(plan(wanted(content()), work(record), MANIFEST, NOW)) == ["RelistListing"]


@pytest.mark.parametrize("state", list(ListingState))
def test_what_is_no_longer_sold_is_withdrawn_while_it_is_on_sale(state: ListingState) -> None:
    record = replace(listed(content()), state=state)
    made = plan(wanted(), work(record, sold=()), MANIFEST, NOW)
    on_sale = {ListingState.LIVE, ListingState.IN_REVIEW, ListingState.REJECTED}
    assert (WithdrawListing(record) in made.steps) == (state in on_sale)
    assert plan(wanted(), work(record, sold=()), without(Capability.WITHDRAW_LISTING), NOW) == Plan(
        ()
    )


def test_a_product_with_a_fault_stays_on_sale_as_it_is() -> None:
    record = listed(content())
    assert plan(wanted(), work(record, sold=(content(),)), MANIFEST, NOW) == Plan(())


def test_a_photo_is_uploaded_once_and_before_what_needs_it() -> None:
    one, two = content(1), content(2)
    made = plan(wanted(one, two), work(photos=()), MANIFEST, NOW)
    assert made.steps == (UploadPhoto(PhotoHash("f1")), CreateListing(one), CreateListing(two))
    assert kinds(plan(wanted(one), work(), MANIFEST, NOW)) == ["CreateListing"]
    cannot = without(Capability.UPLOAD_PHOTO)
    assert kinds(plan(wanted(one), work(photos=()), cannot, NOW)) == ["CreateListing"]


def test_an_update_uploads_photos_only_when_it_sends_them() -> None:
    other = replace(content(), photos=(PhotoHash("f2"),))
    assert kinds(plan(wanted(other), work(listed(content())), MANIFEST, NOW)) == [
        "UploadPhoto",
        "UpdateListing",
    ]
    dearer = content(price=120)
    made = plan(wanted(dearer), work(listed(content()), photos=()), MANIFEST, NOW)
    assert kinds(made) == ["UpdateListing"]


def test_calls_are_counted_by_batch() -> None:
    contents = [content(number) for number in range(1, 8)]
    draft = store(state=StoreState.DRAFT, remote_id=None, complete=False)
    opening = plan(wanted(), work(of=draft), MANIFEST, NOW)
    listing = plan(wanted(*contents), work(photos=()), MANIFEST, NOW)
    assert opening.calls(MANIFEST) == 3
    assert listing.calls(MANIFEST) == 1 + 3


prices = some.integers(1, 3)
titles = some.sampled_from(["T", "U"])
photos = some.lists(some.sampled_from(["f1", "f2", "f3"]), max_size=3, unique=True)


@some.composite
def contents(draw: some.DrawFn, number: int = 1) -> ListingContent:
    made = content(number, price=draw(prices), stock=draw(prices), title=draw(titles))
    offers = made.offers
    if draw(some.booleans()):
        offers = (*offers, Offer(offers[0].reference, "besar", draw(prices), draw(prices)))
        offers = (
            offers[0],
            replace(offers[1], reference=type(offers[1].reference)(f"p{number}-w")),
        )
    chosen = tuple(PhotoHash(one) for one in draw(photos))
    return replace(made, photos=chosen, offers=offers)


def carried_out(
    step: ListingStep, there: ListingContent | None
) -> tuple[ListingRecord, ListingContent]:
    """The record and what the marketplace holds after a step that went well."""
    if isinstance(step, CreateListing):
        return listed(step.content), step.content
    assert isinstance(step, UpdateListing)
    assert there is not None
    held = with_fields(there, step.content, step.fields)
    fresh = agreed.updated(step.record, step.content, step.fields, shown(held), now=NOW)
    return fresh, held


@STEADY
@given(before=contents(), after=contents(), known=some.booleans())
def test_once_carried_out_the_plan_is_empty(
    before: ListingContent, after: ListingContent, known: bool
) -> None:
    want, there = wanted(after), before if known else None
    records = (listed(before),) if known else ()
    first = plan(want, work(*records, photos=("f1", "f2", "f3")), MANIFEST, NOW)
    for step in first.steps:
        assert isinstance(step, CreateListing | UpdateListing)
        record, held = carried_out(step, there)
        assert held == after
        records = (record,)
    again = plan(want, work(*records, photos=("f1", "f2", "f3")), MANIFEST, NOW)
    assert again == Plan(())


@STEADY
@given(
    after=some.lists(some.integers(1, 6).flatmap(contents), unique_by=lambda one: one.reference),
    doubted=some.sets(some.integers(1, 6)),
    uploaded=some.sets(some.sampled_from(["f1", "f2", "f3"])),
)
def test_nothing_in_doubt_is_created_and_no_photo_is_uploaded_twice(
    after: list[ListingContent], doubted: set[int], uploaded: set[str]
) -> None:
    doubts = tuple(doubt(f"p{number}") for number in doubted)
    made = plan(wanted(*after), work(doubts=doubts, photos=tuple(uploaded)), MANIFEST, NOW)
    created = {one.content.reference for one in made.steps if isinstance(one, CreateListing)}
    sent = [one.photo for one in made.steps if isinstance(one, UploadPhoto)]
    assert created == {one.reference for one in after} - {one.reference for one in doubts}
    assert len(sent) == len(set(sent))
    assert not set(sent) & uploaded
    assert (made.later is None) == (not created ^ {one.reference for one in after})


@STEADY
@given(before=contents(), there=contents(), after=contents())
def test_a_field_the_merchant_changed_is_never_in_an_update_unless_decided(
    before: ListingContent, there: ListingContent, after: ListingContent
) -> None:
    record = agreed.observed(listed(before), shown(there), now=NOW + timedelta(days=1))
    made = plan(wanted(after), work(record, photos=("f1", "f2", "f3")), MANIFEST, NOW)
    touched = {name for one in made.steps if isinstance(one, UpdateListing) for name in one.fields}
    for name in touched - {ListingField.PHOTOS, ListingField.VARIANTS}:
        assert there.value(name) in (before.value(name), after.value(name))

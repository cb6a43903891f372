"""One store for one Reference, whatever happens to the answers."""

from datetime import UTC

from onboarder.connector.errors import (
    ActionNeeded,
    MarketplaceError,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.answers import SPOILT_ANSWERS, UNAVAILABLE
from onboarder.connector.testing.bench import Bench, access_to, expect, expect_error, outcome_of
from onboarder.connector.testing.check import Check, check
from onboarder.connector.testing.marketplace import Ability, Act
from onboarder.connector.testing.proxy import Reply, Spoil
from onboarder.connector.testing.samples import a_store
from onboarder.model.ids import Reference
from onboarder.model.shop import StoreContent, StoreState

OPEN = Capability.OPEN_STORE


@check(OPEN)
async def a_store_is_opened_once_and_found_by_its_reference(bench: Bench) -> None:
    """What open_store answers is what find_store and observe_store show, and the marketplace holds just one."""
    content, opened = await bench.opened()
    found = await bench.connector.find_store(content)
    expect(found is not None, "find_store found nothing after an undisturbed opening")
    assert found is not None
    seen = await bench.connector.observe_store(access_to(content, found))
    held = await bench.stores(content)
    expect([one.remote_id for one in held] == [opened.store.remote_id], f"held: {held}")
    expect(found.store.remote_id == opened.store.remote_id, "find_store found another")
    expect(seen is not None and seen.remote_id == opened.store.remote_id, "observe_store differs")
    references = {one and one.reference for one in (opened.store, found.store, seen)}
    expect(references == {content.reference}, f"the Reference came back as {references}")


@check(OPEN)
async def a_lost_opening_is_unknown_and_adopted(bench: Bench) -> None:
    """Opened, answer lost: OutcomeUnknown with the Reference, and find_store adopts the one store."""
    content = a_store(bench.reference())
    bench.spoil(Act.OPEN_STORE, Spoil.LOST_AFTER)
    error = await expect_error(
        bench.connector.open_store(content),
        OutcomeUnknown,
        when="the answer to an opening was lost",
    )
    assert isinstance(error, OutcomeUnknown)
    expect(error.reference == content.reference, f"the error names {error.reference}")
    await _expect_adopted(bench, a_store(bench.reference()))


@check(OPEN)
async def an_opening_that_never_arrived_can_be_sent_again(bench: Bench) -> None:
    """Lost on the way there: never claimed as done, not found, and one store after a second try."""
    content = a_store(bench.reference())
    bench.spoil(Act.OPEN_STORE, Spoil.LOST_BEFORE)
    await expect_error(
        bench.connector.open_store(content),
        OutcomeUnknown,
        Unavailable,
        when="an opening never arrived",
    )
    expect(bench.sent(Act.OPEN_STORE) == 1, "the connector sent it again by itself")
    expect(await bench.connector.find_store(content) is None, "found what is not there")
    await bench.connector.open_store(content)
    expect(len(await bench.stores(content)) == 1, "not exactly one store after the second try")


@check(OPEN)
async def a_late_opening_is_found_when_it_shows(bench: Bench) -> None:
    """An opening that arrives after its caller gave up is not found before, and adopted after."""
    content = a_store(bench.reference())
    bench.spoil(Act.OPEN_STORE, Spoil.LATE_COMMIT)
    await expect_error(
        bench.connector.open_store(content), OutcomeUnknown, when="the opening was delayed"
    )
    expect(await bench.connector.find_store(content) is None, "found before it was done")
    await bench.proxy.let_through()
    await _expect_adopted(bench, content)


@check(OPEN)
async def a_doubly_delivered_opening_is_settled_on_one(bench: Bench) -> None:
    """If the network delivers an opening twice, every look-up adopts the same store, one that is really there."""
    content = a_store(bench.reference())
    bench.spoil(Act.OPEN_STORE, Spoil.DOUBLED)
    outcome = await outcome_of(bench.connector.open_store(content))
    if isinstance(outcome, MarketplaceError):
        expect(isinstance(outcome, OutcomeUnknown), f"ended in {outcome!r}")
    found = {await _found_id(bench, content.reference) for _ in range(3)}
    expect(len(found) == 1, f"look-ups disagree: {found}")
    expect(found <= {one.remote_id for one in await bench.stores(content)}, f"adopted {found}")


def _opening_with(kind: str, spoil: Spoil, reply: Reply) -> Check:
    async def body(bench: Bench) -> None:
        content = a_store(bench.reference())
        bench.spoil(Act.OPEN_STORE, spoil, reply)
        await expect_error(
            bench.connector.open_store(content), OutcomeUnknown, when=f"answered with {kind}"
        )
        await _expect_adopted(bench, content)

    body.__doc__ = f"A store opened and answered with {kind} is OutcomeUnknown, and adopted."
    words = kind.replace("'s", "").replace(" ", "-").lower()
    return check(OPEN, name=f"an-opening-answered-with-{words}-is-unknown")(body)


spoilt_openings = tuple(_opening_with(kind, *how) for kind, how in SPOILT_ANSWERS.items())


@check(OPEN)
async def a_half_done_opening_is_never_called_undone(bench: Bench) -> None:
    """If a call after the opening itself fails, the error must not say that nothing was changed."""
    content = a_store(bench.reference())
    bench.spoil(Act.RENEW, Spoil.INSTEAD, UNAVAILABLE, times=9)
    outcome = await outcome_of(bench.connector.open_store(content))
    bench.proxy.calm()
    if isinstance(outcome, MarketplaceError) and await bench.stores(content):
        expect(isinstance(outcome, OutcomeUnknown), f"a store is there, the error says {outcome!r}")
    if await bench.stores(content):
        await _expect_adopted(bench, content)


@check(OPEN)
async def a_taken_reference_is_never_a_refusal(bench: Bench) -> None:
    """Opening a second time is OutcomeUnknown or finds the first store, and every look-up adopts the same one."""
    content, _ = await bench.opened()
    outcome = await outcome_of(bench.connector.open_store(content))
    if isinstance(outcome, MarketplaceError):
        expect(isinstance(outcome, OutcomeUnknown), f"a second opening ended in {outcome!r}")
    found = {await _found_id(bench, content.reference) for _ in range(3)}
    expect(len(found) == 1 and None not in found, f"look-ups disagree: {found}")


@check(OPEN)
async def references_of_stores_are_matched_exactly(bench: Bench) -> None:
    """A Reference that begins like another one finds its own store, and a part of one finds nothing."""
    whole, opened = await bench.opened("abc")
    longer, other = await bench.opened("abc-2")
    expect(
        await _found_id(bench, whole.reference) == opened.store.remote_id, "shorter: wrong store"
    )
    expect(await _found_id(bench, longer.reference) == other.store.remote_id, "longer: wrong store")
    expect(await _found_id(bench, bench.reference("ab")) is None, "a part of a Reference was found")
    expect(await _found_id(bench, bench.reference("nobody")) is None, "found what never was")


@check(OPEN)
async def two_merchants_of_one_name_get_two_stores(bench: Bench) -> None:
    """Two merchants with the same shop name end with a store each, found under its own Reference."""
    if Ability.MAKE_NAMES_UNIQUE not in bench.control.cannot:
        await bench.control.make_names_unique()
    ids: set[str] = set()
    for tail in ("first", "second"):
        content = a_store(bench.reference(tail), name="Toko Berkah Jaya")
        outcome = await outcome_of(bench.connector.open_store(content))
        expect(not isinstance(outcome, Rejected), f"the name was taken: {outcome!r}")
        ids.add(str(await _found_id(bench, content.reference, name="Toko Berkah Jaya")))
    expect(len(ids) == 2, "both References lead to one store")


@check(OPEN)
async def completing_is_repeatable(bench: Bench) -> None:
    """complete_store looks first: done twice, the second time writes nothing and says the same."""
    content, opened = await bench.opened()
    access = access_to(content, opened)
    first = await bench.connector.complete_store(access, content)
    sent = bench.sent(Act.COMPLETE_STORE)
    second = await bench.connector.complete_store(access, content)
    expect(first.complete and second.complete, "complete_store leaves the store incomplete")
    expect(first == second, f"the second time differs: {first} {second}")
    expect(bench.sent(Act.COMPLETE_STORE) == sent, "completed what was complete already")
    seen = await bench.connector.observe_store(access)
    expect(seen is not None and seen.complete, "observe_store says that it is incomplete")


@check(OPEN)
async def a_lost_completion_is_unknown_and_done_once(bench: Bench) -> None:
    """Completed, answer lost: OutcomeUnknown, and the next complete_store finishes."""
    content, opened = await bench.opened()
    access = access_to(content, opened)
    bench.spoil(Act.COMPLETE_STORE, Spoil.LOST_AFTER)
    outcome = await outcome_of(bench.connector.complete_store(access, content))
    if bench.sent(Act.COMPLETE_STORE):
        expect(isinstance(outcome, OutcomeUnknown), f"the answer was lost, it said {outcome!r}")
    done = await bench.connector.complete_store(access, content)
    expect(done.complete, "still incomplete")


@check(Capability.OBSERVE_STORE, needs=[Ability.SUSPEND_STORE])
async def a_suspended_store_is_seen_with_its_reason(bench: Bench) -> None:
    """A suspension shows as such with the marketplace's reason, and creates in it change nothing."""
    shop = await bench.shop()
    await bench.control.suspend_store(shop.access.remote_id, "Keluhan pembeli")
    seen = await bench.connector.observe_store(shop.access)
    expect(seen is not None and seen.state is StoreState.SUSPENDED, f"seen as {seen}")
    expect(seen is not None and seen.reason == "Keluhan pembeli", f"reason: {seen and seen.reason}")


@check(Capability.CREATE_LISTING, needs=[Ability.SUSPEND_STORE])
async def work_in_a_suspended_store_needs_a_person(bench: Bench) -> None:
    """A create in a suspended store either asks a person to act and leaves nothing, or is really done."""
    shop = await bench.shop()
    await bench.control.suspend_store(shop.access.remote_id, "Keluhan pembeli")
    listing = shop.listing()
    outcome = await shop.try_to_create(listing)
    if isinstance(outcome, MarketplaceError):
        expect(isinstance(outcome, ActionNeeded), f"ended in {outcome!r}")
        expect(await shop.how_many(listing) == 0, "refused, and yet it is there")
    else:
        await shop.held(listing)


@check(Capability.OBSERVE_STORE, needs=[Ability.REFUSE_STORE, Ability.HOLD_REVIEWS])
async def a_refused_application_is_seen_with_its_reason(bench: Bench) -> None:
    """An application in review shows as such, and turned down it shows the reason."""
    await bench.control.hold_reviews()
    content, opened = await bench.opened()
    access = access_to(content, opened)
    waiting = await bench.connector.observe_store(access)
    await bench.control.refuse_store(access.remote_id, "KTP tidak jelas")
    seen = await bench.connector.observe_store(access)
    expect(waiting is not None and waiting.state is StoreState.IN_REVIEW, f"waiting: {waiting}")
    expect(seen is not None and seen.state is StoreState.REFUSED, f"refused: {seen}")
    expect(seen is not None and seen.reason == "KTP tidak jelas", f"reason: {seen and seen.reason}")


@check(Capability.OBSERVE_STORE, needs=[Ability.DELETE_STORE])
async def a_store_that_is_gone_is_none(bench: Bench) -> None:
    """A store that the marketplace no longer has is neither observed nor found."""
    content, opened = await bench.opened()
    await bench.control.delete_store(opened.store.remote_id)
    expect(await bench.connector.find_store(content) is None, "find_store finds it")
    access = access_to(content, opened)
    gone = await outcome_of(bench.connector.observe_store(access))
    expect(gone is None or isinstance(gone, MarketplaceError), f"observed as {gone}")


@check(OPEN)
async def times_of_credentials_are_utc(bench: Bench) -> None:
    """Credentials end at a moment in UTC that lies ahead, or never."""
    _, opened = await bench.opened()
    ends = opened.credentials.expires_at
    if ends is not None:
        expect(ends.tzinfo is UTC or ends.utcoffset() is not None, "expires_at is naive")
        expect(ends > bench.subject.clock(), "fresh credentials have expired already")


async def _found_id(bench: Bench, reference: Reference, *, name: str = "") -> str | None:
    found = await bench.connector.find_store(a_store(reference, name=name))
    return None if found is None else found.store.remote_id


async def _expect_adopted(bench: Bench, content: StoreContent) -> None:
    """Exactly one store is held, and find_store finds it with credentials that work."""
    held = await bench.stores(content)
    expect(len(held) == 1, f"the marketplace holds {len(held)} stores of one Reference")
    found = await bench.connector.find_store(content)
    expect(found is not None and found.store.remote_id == held[0].remote_id, f"found {found}")
    assert found is not None
    seen = await bench.connector.observe_store(access_to(content, found))
    expect(seen is not None, "the credentials of an adopted store do not work")

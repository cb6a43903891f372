"""One listing for one Reference, whatever happens to the answers."""

import asyncio
from dataclasses import replace

from onboarder.connector.errors import MarketplaceError, OutcomeUnknown, Unavailable
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.answers import SPOILT_ANSWERS
from onboarder.connector.testing.bench import Bench, Shop, expect
from onboarder.connector.testing.check import Check, check
from onboarder.connector.testing.marketplace import Ability, Act
from onboarder.connector.testing.proxy import Reply, Spoil
from onboarder.model.ids import Reference
from onboarder.model.shop import ListingContent, ListingState, ObservedListing

CREATE = Capability.CREATE_LISTING
SHOWN_AFTER = (0.0, 5.0, 30.0)
"""Seconds after which a created listing shows in searches."""


@check(CREATE)
async def a_listing_is_created_as_sent(bench: Bench) -> None:
    """Title, description, category, weight, prices and stocks are held and shown exactly as sent."""
    shop = await bench.shop()
    content = shop.listing("p1", "Merah", "Biru")
    answered = await shop.create(content)
    held = await shop.held(content)
    expect(answered.remote_id == held.remote_id, "the answer names another listing")
    expect(held.title == content.title, f"title: {held.title!r}")
    expect(held.description == content.description, f"description: {held.description!r}")
    expect(held.category == content.category, f"category: {held.category!r}")
    expect(held.weight_grams == content.weight_grams, f"weight: {held.weight_grams}")
    wanted = {one.reference: (one.name, one.price, one.stock) for one in content.offers}
    there = {key: (one.name, one.price, one.stock) for key, one in held.offers.items()}
    expect(there == wanted, f"offers: {there}")


@check(CREATE)
async def a_created_listing_reads_as_it_was_sent(bench: Bench) -> None:
    """What find_listing shows of a fresh listing equals what was wanted, so that nothing is repaired for nothing."""
    shop = await bench.shop()
    content = shop.listing("p1", "Merah", "Biru")
    await shop.create(content)
    found = await shop.found(content)
    _expect_shown(found, content)
    expect(found.state in {ListingState.LIVE, ListingState.IN_REVIEW}, f"state: {found.state}")


@check(CREATE)
async def references_come_back(bench: Bench) -> None:
    """Our Reference on listing and offers comes back from create, find and pages as it was given."""
    shop = await bench.shop()
    content = shop.listing("p1", "Merah", "Biru")
    answered = await shop.create(content)
    seen = [answered, await shop.found(content)]
    if bench.can(Capability.OBSERVE_LISTINGS):
        seen += [one for page in await shop.pages() for one in page.listings]
    expect({one.reference for one in seen} == {content.reference}, "the Reference changed")
    offers = {frozenset(o.reference for o in one.offers) for one in seen if one.offers is not None}
    expect(offers <= {frozenset(o.reference for o in content.offers)}, f"offers: {offers}")


@check(CREATE)
async def a_lost_create_is_unknown_and_adopted(bench: Bench) -> None:
    """Created, answer lost: OutcomeUnknown for that Reference, and find_listing adopts the one listing."""
    shop = await bench.shop()
    content = shop.listing()
    bench.spoil(Act.CREATE_LISTING, Spoil.LOST_AFTER)
    await _expect_unknown(shop, content, "the answer was lost")
    await _expect_adopted(shop, content)


@check(CREATE)
async def a_create_that_never_arrived_can_be_sent_again(bench: Bench) -> None:
    """Lost on the way there: not claimed as done, not found, one listing after a second try."""
    shop = await bench.shop()
    content = shop.listing()
    bench.spoil(Act.CREATE_LISTING, Spoil.LOST_BEFORE)
    outcome = await shop.try_to_create(content)
    expect(
        outcome is None or isinstance(outcome, OutcomeUnknown | Unavailable), f"said {outcome!r}"
    )
    expect(await shop.find(content) is None, "found what is not there")
    await shop.create(content)
    await shop.held(content)


@check(CREATE)
async def a_create_is_sent_once(bench: Bench) -> None:
    """A create is never sent a second time by the connector itself, whatever the first answer was."""
    shop = await bench.shop()
    for number, spoil in enumerate((Spoil.LOST_BEFORE, Spoil.INSTEAD, Spoil.LOST_AFTER)):
        content = shop.listing(f"p{number}")
        before = bench.sent(Act.CREATE_LISTING)
        bench.spoil(Act.CREATE_LISTING, spoil, Reply(503))
        await shop.try_to_create(content)
        sent = bench.sent(Act.CREATE_LISTING) - before
        expect(sent == 1, f"{spoil}: sent {sent} times")
        bench.proxy.calm()


@check(CREATE)
async def a_late_create_is_found_when_it_shows(bench: Bench) -> None:
    """A create that arrives after its caller gave up is not found before, and adopted after."""
    shop = await bench.shop()
    content = shop.listing()
    bench.spoil(Act.CREATE_LISTING, Spoil.LATE_COMMIT)
    await _expect_unknown(shop, content, "the create was delayed")
    expect(await shop.find(content) is None, "found before it was done")
    await bench.proxy.let_through()
    await _expect_adopted(shop, content)


@check(CREATE, needs=[Ability.DELAY_VISIBILITY])
async def a_listing_that_shows_late_is_absent_until_then(bench: Bench) -> None:
    """Searches that lag by 0, 5 and 30 s: absent before, adopted after, no error in between."""
    shop = await bench.shop()
    for number, seconds in enumerate(SHOWN_AFTER):
        content = shop.listing(f"p{number}")
        await bench.control.delay_visibility(seconds)
        bench.spoil(Act.CREATE_LISTING, Spoil.LOST_AFTER)
        await _expect_unknown(shop, content, "the answer was lost")
        if seconds:
            expect(await shop.find(content) is None, f"found before the {seconds} s were over")
        await bench.control.pass_time(seconds + 1)
        await _expect_adopted(shop, content)


@check(CREATE)
async def a_doubly_delivered_create_is_settled_on_one(bench: Bench) -> None:
    """If the network delivers a create twice, every look-up adopts the same listing, and pages hide none."""
    shop = await bench.shop()
    content = shop.listing()
    bench.spoil(Act.CREATE_LISTING, Spoil.DOUBLED)
    outcome = await shop.try_to_create(content)
    if isinstance(outcome, MarketplaceError):
        expect(isinstance(outcome, OutcomeUnknown), f"ended in {outcome!r}")
    ids = {(await shop.found(content)).remote_id for _ in range(3)}
    expect(len(ids) == 1, f"look-ups disagree: {ids}")
    held = {one.remote_id for one in await bench.control.listings(content.reference)}
    expect(ids <= held, "adopted what is not there")
    if bench.can(Capability.OBSERVE_LISTINGS):
        shown = {one.remote_id for page in await shop.pages() for one in page.listings}
        expect(held <= shown, "pages hide a double, so the night cannot report it")


def _create_with(kind: str, spoil: Spoil, reply: Reply) -> Check:
    async def body(bench: Bench) -> None:
        shop = await bench.shop()
        content = shop.listing()
        bench.spoil(Act.CREATE_LISTING, spoil, reply)
        await _expect_unknown(shop, content, f"answered with {kind}")
        await _expect_adopted(shop, content)

    body.__doc__ = f"A listing created and answered with {kind} is OutcomeUnknown, and adopted."
    words = kind.replace("'s", "").replace(" ", "-").lower()
    return check(CREATE, name=f"a-create-answered-with-{words}-is-unknown")(body)


spoilt_creates = tuple(_create_with(kind, *how) for kind, how in SPOILT_ANSWERS.items())


@check(CREATE)
async def a_create_answered_a_byte_at_a_time_ends_by_its_deadline(bench: Bench) -> None:
    """An answer that trickles is given up at the total deadline, as OutcomeUnknown, and adopted."""
    await _expect_deadline(bench, Spoil.TRICKLED)


@check(CREATE)
async def a_create_never_answered_ends_by_its_deadline(bench: Bench) -> None:
    """Silence on an open connection is given up at the total deadline, as OutcomeUnknown, and adopted."""
    await _expect_deadline(bench, Spoil.SILENT)


@check(CREATE)
async def one_reference_twice_is_never_a_refusal(bench: Bench) -> None:
    """Creating what is there already is OutcomeUnknown or a double that shows, never 'refused' or 'undone'."""
    shop = await bench.shop()
    content = shop.listing()
    await shop.create(content)
    outcome = await shop.try_to_create(content)
    if isinstance(outcome, MarketplaceError):
        expect(isinstance(outcome, OutcomeUnknown), f"ended in {outcome!r}")
    expect(await shop.find(content) is not None, "and now it is not found")


async def _expect_deadline(bench: Bench, spoil: Spoil) -> None:
    shop = await bench.shop()
    content = shop.listing()
    hasty = bench.another_connector(deadline=bench.subject.hurry)
    await hasty.find_listing(shop.access, content.reference)
    bench.spoil(Act.CREATE_LISTING, spoil)
    hurried = replace(shop, connector=hasty)
    async with asyncio.timeout(3 * bench.subject.hurry.total_seconds()):
        await _expect_unknown(hurried, content, spoil)
    await _expect_adopted(shop, content)


async def _expect_unknown(shop: Shop, content: ListingContent, when: str) -> None:
    """Nothing said of the Reference counts as unknown, as the contract has it."""
    outcome = await shop.try_to_create(content)
    unknown = outcome is None or isinstance(outcome, OutcomeUnknown)
    expect(unknown, f"{when}: expected OutcomeUnknown, got {outcome!r}")


async def _expect_adopted(shop: Shop, content: ListingContent) -> None:
    held = await shop.held(content)
    found = await shop.found(content)
    expect(found.remote_id == held.remote_id, "adopted another listing")


def _expect_shown(found: ObservedListing, content: ListingContent) -> None:
    """Every field that is shown is the one that was sent."""
    shown: dict[str, tuple[object, object]] = {
        "title": (found.title, content.title),
        "description": (found.description, content.description),
        "category": (found.category, content.category),
        "weight_grams": (found.weight_grams, content.weight_grams),
        "photo_count": (found.photo_count, len(content.photos)),
    }
    for name, (seen, sent) in shown.items():
        expect(seen is None or seen == sent, f"{name}: {seen!r} instead of {sent!r}")
    offers: dict[Reference, tuple[int | None, int | None]] = {
        one.reference: (one.price, one.stock) for one in found.offers or ()
    }
    for offer in content.offers:
        price, stock = offers.get(offer.reference, (None, None))
        expect(price in {None, offer.price}, f"price: {price} instead of {offer.price}")
        expect(stock in {None, offer.stock}, f"stock: {stock} instead of {offer.stock}")

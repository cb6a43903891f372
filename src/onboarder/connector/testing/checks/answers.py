"""Answers to questions: what cannot be read is asked again or put off, and never taken for the truth."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from onboarder.connector.errors import MarketplaceError, Unavailable
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.answers import (
    BURST,
    EMPTY,
    INVALID,
    MAINTENANCE,
    OTHER_SHAPE,
    UNAVAILABLE,
)
from onboarder.connector.testing.bench import Bench, Shop, expect, expect_error, outcome_of
from onboarder.connector.testing.check import check
from onboarder.connector.testing.marketplace import Act
from onboarder.connector.testing.proxy import Reply, Spoil
from onboarder.connector.testing.samples import a_photo
from onboarder.model.ids import RemoteId
from onboarder.model.shop import ListingField

UNREADABLE: Mapping[str, Reply] = {
    "a web page": MAINTENANCE,
    "an empty body": EMPTY,
    "another shape": OTHER_SHAPE,
    "broken JSON": INVALID,
}


@check(Capability.CREATE_LISTING)
async def an_unreadable_answer_is_never_an_absence(bench: Bench) -> None:
    """If the answer to a look-up cannot be read, find says Unavailable and not 'there is none'."""
    shop = await bench.shop()
    content = shop.listing()
    await shop.create(content)
    for kind, reply in UNREADABLE.items():
        bench.spoil_everything(Spoil.REPLACED, reply)
        when = f"a look-up answered with {kind}"
        await expect_error(shop.find(content), Unavailable, when=when)
        if bench.can(Capability.OPEN_STORE):
            store = bench.connector.find_store(shop.content)
            await expect_error(store, Unavailable, when=when)
        bench.proxy.calm()


@check(Capability.OBSERVE_LISTINGS)
async def an_unreadable_page_is_never_an_empty_one(bench: Bench) -> None:
    """A page that cannot be read is Unavailable, so that nobody believes the store to be empty."""
    shop = await bench.shop()
    for kind, reply in UNREADABLE.items():
        bench.spoil(Act.OBSERVE_LISTINGS, Spoil.REPLACED, reply, times=9)
        page = bench.connector.observe_listings(shop.access, None)
        await expect_error(page, Unavailable, when=f"a page answered with {kind}")
        bench.proxy.calm()


@check(Capability.OBSERVE_STORE)
async def an_unreadable_store_is_never_a_closed_one(bench: Bench) -> None:
    """A store that cannot be read is Unavailable and neither gone nor closed."""
    shop = await bench.shop()
    for kind, reply in UNREADABLE.items():
        bench.spoil_everything(Spoil.REPLACED, reply)
        seen = bench.connector.observe_store(shop.access)
        await expect_error(seen, Unavailable, when=f"a store answered with {kind}")
        bench.proxy.calm()


@check(Capability.OBSERVE_STORE)
async def reads_get_over_a_short_outage(bench: Bench) -> None:
    """Two 503 in a row do not end a read."""
    shop = await bench.shop()
    bench.spoil(Act.OBSERVE_STORE, Spoil.INSTEAD, BURST, times=2)
    seen = await outcome_of(bench.connector.observe_store(shop.access))
    expect(not isinstance(seen, MarketplaceError | None), f"ended in {seen!r}")


@check(Capability.OBSERVE_STORE)
async def a_long_outage_is_unavailable_after_few_calls(bench: Bench) -> None:
    """A marketplace that stays away is Unavailable, and a read asks it three times at most."""
    shop = await bench.shop()
    before = len(bench.proxy.seen)
    bench.spoil_everything(Spoil.INSTEAD, BURST)
    await expect_error(
        bench.connector.observe_store(shop.access), Unavailable, when="the marketplace was away"
    )
    expect(len(bench.proxy.seen) - before <= 3, "the marketplace was asked more than three times")


@check(Capability.OBSERVE_STORE)
async def a_read_that_trickles_ends_by_its_deadline(bench: Bench) -> None:
    """An answer of one byte at a time to a read is Unavailable at the total deadline."""
    shop = await bench.shop()
    hasty = bench.another_connector(deadline=bench.subject.hurry)
    bench.spoil(Act.OBSERVE_STORE, Spoil.TRICKLED, times=9)
    await expect_error(hasty.observe_store(shop.access), Unavailable, when="the answer trickled")


@check(Capability.CREATE_LISTING)
async def nothing_but_marketplace_errors_comes_out(bench: Bench) -> None:
    """With the marketplace away, lost or talking nonsense every method raises a MarketplaceError and nothing else."""
    shop = await bench.shop()
    listing = await shop.create(shop.listing())
    for reply in (UNAVAILABLE, Reply(200, b"null"), Reply(418, b"<p>?</p>")):
        for name in _methods(shop, listing.remote_id):
            bench.spoil_everything(Spoil.INSTEAD, reply)
            # as another process: one that knows of the outage would leave the marketplace alone
            elsewhere = replace(shop, connector=bench.another_connector())
            outcome = await outcome_of(_methods(elsewhere, listing.remote_id)[name]())
            bench.proxy.calm()
            failed = isinstance(outcome, MarketplaceError)
            expect(failed, f"{name}: answered {reply.status}, it returned {outcome!r}")


def _methods(shop: Shop, listing: RemoteId) -> Mapping[str, Callable[[], Awaitable[object]]]:
    """One call of every method that needs the marketplace for it."""
    connector, access, draft = shop.connector, shop.access, shop.draft(shop.listing())
    title = frozenset({ListingField.TITLE})
    there = {"find_store": lambda: connector.find_store(shop.content)}
    return (there if shop.bench.can(Capability.OPEN_STORE) else {}) | {
        "open_store": lambda: connector.open_store(shop.content),
        "renew": lambda: connector.renew(access),
        "observe_store": lambda: connector.observe_store(access),
        "complete_store": lambda: connector.complete_store(access, shop.content),
        "categories": lambda: connector.categories(access),
        "upload_photo": lambda: connector.upload_photo(access, a_photo()),
        "create_listings": lambda: connector.create_listings(access, [draft]),
        "find_listing": lambda: connector.find_listing(access, draft.content.reference),
        "update_listing": lambda: connector.update_listing(access, listing, draft, title),
        "withdraw_listing": lambda: connector.withdraw_listing(access, listing),
        "relist": lambda: connector.relist(access, listing),
        "observe_listings": lambda: connector.observe_listings(access, None),
    }

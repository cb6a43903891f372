"""Batches: every item is judged by its own result, found by its own Reference."""

from dataclasses import replace

from onboarder.connector.contract import CreateOutcome
from onboarder.connector.errors import (
    CredentialsExpired,
    MarketplaceError,
    OutcomeUnknown,
    Rejected,
)
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.bench import (
    Bench,
    Shop,
    expect,
    expect_error,
    outcome_of,
)
from onboarder.connector.testing.check import check
from onboarder.connector.testing.marketplace import Ability, Act, BatchFault
from onboarder.connector.testing.proxy import Spoil
from onboarder.model.ids import Reference
from onboarder.model.shop import ListingContent, ObservedListing

BATCH = Capability.CREATE_IN_BATCH


@check(BATCH, needs=[Ability.SPOIL_BATCH])
async def shuffled_results_reach_their_items(bench: Bench) -> None:
    """Results in another order are matched by Reference and not by place."""
    shop, contents = await _prepared(bench)
    await bench.control.spoil_batch(BatchFault.SHUFFLED)
    outcomes = await _create(shop, contents)
    for content in contents:
        outcome = outcomes.get(content.reference)
        expect(isinstance(outcome, ObservedListing), f"{content.reference}: {outcome!r}")
        held = await shop.held(content)
        assert isinstance(outcome, ObservedListing)
        expect(outcome.remote_id == held.remote_id, f"{content.reference} got another's result")


@check(BATCH, needs=[Ability.SPOIL_BATCH])
async def a_missing_result_is_no_success(bench: Bench) -> None:
    """An item that the answer does not speak of is left to be looked up, not called done or refused."""
    shop, contents = await _prepared(bench)
    await bench.control.spoil_batch(BatchFault.MISSING)
    outcomes = await _create(shop, contents)
    silent = [c for c in contents if not isinstance(outcomes.get(c.reference), ObservedListing)]
    expect(bool(silent), "results were left out, and yet all items are called created")
    for content in silent:
        outcome = outcomes.get(content.reference)
        expect(outcome is None or isinstance(outcome, OutcomeUnknown), f"called {outcome!r}")
        expect((await shop.found(content)).reference == content.reference, "cannot be adopted")


@check(BATCH, needs=[Ability.SPOIL_BATCH])
async def a_half_done_batch_is_told_item_by_item(bench: Bench) -> None:
    """Where some items of a batch fail, each one's outcome is what the marketplace really did with it."""
    shop, contents = await _prepared(bench)
    await bench.control.spoil_batch(BatchFault.HALF)
    outcomes = await _create(shop, contents)
    failed = 0
    for content in contents:
        outcome, there = outcomes.get(content.reference), await shop.how_many(content)
        done = isinstance(outcome, ObservedListing)
        failed += not done
        expect(done == (there == 1), f"{content.reference}: said {outcome!r}, held {there}")
    expect(0 < failed < len(contents), "the batch was not half done")


@check(BATCH)
async def a_lost_batch_is_adopted_item_by_item(bench: Bench) -> None:
    """A batch whose answer is lost is OutcomeUnknown, and every item of it is found once."""
    shop, contents = await _prepared(bench)
    bench.spoil(Act.CREATE_LISTING, Spoil.LOST_AFTER)
    drafts = shop.drafts(*contents)
    outcome = await outcome_of(bench.connector.create_listings(shop.access, drafts))
    if isinstance(outcome, MarketplaceError):
        expect(isinstance(outcome, OutcomeUnknown), f"ended in {outcome!r}")
    else:
        known = [one for one in outcome.values() if not isinstance(one, OutcomeUnknown)]
        expect(not known, f"the answer was lost, and yet {known!r}")
    for content in contents:
        expect((await shop.found(content)).remote_id == (await shop.held(content)).remote_id, "?")


@check(BATCH)
async def a_token_may_die_before_a_batch(bench: Bench) -> None:
    """A batch sent with a token that just died is CredentialsExpired as a whole; after renewal all of it is made once."""
    shop, contents = await _prepared(bench)
    bench.spoil(Act.CREATE_LISTING, Spoil.STRANGER)
    batch = bench.connector.create_listings(shop.access, shop.drafts(*contents))
    await expect_error(batch, CredentialsExpired, when="the token died before the batch")
    made = sum([await shop.how_many(content) for content in contents])
    expect(made == 0, f"{made} made with a dead token")
    fresh = replace(shop.access, credentials=await bench.connector.renew(shop.access))
    await _create(replace(shop, access=fresh), contents)
    for content in contents:
        await shop.held(content)


@check(BATCH)
async def one_bad_item_does_not_spoil_its_batch(bench: Bench) -> None:
    """An item that is refused is told with its fields, and the others of the batch are created."""
    shop, contents = await _prepared(bench)
    bad = contents[1]
    wrong = ListingContent(
        bad.reference, bad.title, bad.description, "no-such-category", 250, (), bad.offers
    )
    outcomes = await _create(shop, [contents[0], wrong, contents[2]])
    refused = outcomes.get(bad.reference)
    expect(isinstance(refused, Rejected), f"the bad item: {refused!r}")
    assert isinstance(refused, Rejected)
    expect({one.field for one in refused.fields} == {"category"}, f"fields: {refused.fields}")
    for content in (contents[0], contents[2]):
        await shop.held(content)
    expect(await shop.how_many(bad) == 0, "refused, and yet it is there")


async def _prepared(bench: Bench) -> tuple[Shop, list[ListingContent]]:
    shop = await bench.shop()
    size = min(6, bench.manifest.limits.create_batch)
    return shop, [shop.listing(f"p{number}") for number in range(size)]


async def _create(shop: Shop, contents: list[ListingContent]) -> dict[Reference, CreateOutcome]:
    drafts = shop.drafts(*contents)
    outcomes = await shop.connector.create_listings(shop.access, drafts)
    alien = outcomes.keys() - {content.reference for content in contents}
    expect(not alien, f"outcomes for what was not sent: {alien}")
    return dict(outcomes)

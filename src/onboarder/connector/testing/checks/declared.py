"""What the manifest says is what the connector does, both ways."""

from collections.abc import Awaitable, Callable, Mapping

from onboarder.connector.contract import CreateOutcome
from onboarder.connector.errors import ActionNeeded, Unavailable, Unsupported
from onboarder.connector.manifest import Capability, Manifest
from onboarder.connector.testing.bench import (
    Bench,
    Shop,
    access_to,
    expect,
    expect_error,
    outcome_of,
)
from onboarder.connector.testing.check import check
from onboarder.connector.testing.marketplace import Ability
from onboarder.connector.testing.samples import a_photo, a_store
from onboarder.model.ids import RemoteId
from onboarder.model.shop import ListingField, ObservedListing

CONTENT_FIELDS = frozenset(ListingField) - {ListingField.PRICE, ListingField.STOCK}


@check()
async def manifest_is_whole(bench: Bench) -> None:
    """The manifest names the marketplace, its countries, and limits that can be kept."""
    manifest = bench.manifest
    limits = manifest.limits
    expect(manifest.name.isidentifier() and manifest.name.islower(), "name: a lower-case word")
    expect(bool(manifest.title.strip()), "title: empty")
    expect(bool(manifest.countries), "countries: none")
    expect(all(len(c) == 2 and c.isupper() for c in manifest.countries), "countries: ISO codes")
    expect(0 < limits.title_min <= limits.title_max, "limits: title_min to title_max")
    expect(0 <= limits.photos_min <= limits.photos_max, "limits: photos_min to photos_max")
    expect(0 < limits.price_min <= limits.price_max, "limits: price_min to price_max")
    expect(min(limits.create_batch, limits.page_size, limits.variants_max) >= 1, "limits: below 1")
    expect(manifest.settle.total_seconds() >= 0, "settle: negative")
    expect(manifest.requests_per_second > 0, "requests_per_second: not above 0")
    own = manifest.call_deadline
    expect(own is None or own.total_seconds() > 0, "call_deadline: not above 0")


@check()
async def manifest_agrees_with_itself(bench: Bench) -> None:
    """Batches are declared with their size, and what the API cannot do is left to a named person."""
    manifest = bench.manifest
    batch = manifest.can(Capability.CREATE_IN_BATCH)
    expect(
        batch == (manifest.limits.create_batch > 1),
        "create_in_batch and limits.create_batch differ",
    )
    if not manifest.can(Capability.OPEN_STORE):
        expect(bool(manifest.human_steps), "without open_store a human step must say who opens")
    for step in manifest.human_steps:
        expect(bool(step.id and step.en and step.id != step.en), f"human step of {step.who}: texts")
        expect(step.minutes > 0, f"human step of {step.who}: minutes")


@check(Capability.OPEN_STORE)
async def settings_of_an_instance_do_not_change_the_class(bench: Bench) -> None:
    """The class's manifest has the same name and the same fixed limits as the instance's."""
    of_class: Manifest = type(bench.connector).manifest
    expect(of_class.name == bench.manifest.name, "the class's manifest has another name")
    expect(of_class.credentials == bench.manifest.credentials, "another kind of credentials")


@check()
async def undeclared_is_unsupported_before_sending(bench: Bench) -> None:
    """What is not declared raises Unsupported, and not one call is sent for it."""
    shop = await bench.shop()
    for capability, call in _calls(shop).items():
        if bench.can(capability):
            continue
        before = len(bench.proxy.seen)
        await expect_error(call(), Unsupported, when=f"{capability} is not declared")
        expect(len(bench.proxy.seen) == before, f"{capability}: a call was sent before Unsupported")


@check(Capability.CREATE_LISTING)
async def declared_methods_work(bench: Bench) -> None:
    """Every declared capability's method works on an undisturbed marketplace."""
    shop = await bench.shop()
    listing = await shop.create(shop.listing())
    for capability, call in _calls(shop, listing.remote_id).items():
        if not bench.can(capability) or capability is Capability.OPEN_STORE:
            continue
        outcome = await outcome_of(call())
        expect(
            not isinstance(outcome, Exception), f"{capability} is declared and ended in {outcome!r}"
        )


@check(Capability.CREATE_IN_BATCH)
async def a_whole_batch_is_taken(bench: Bench) -> None:
    """A batch of the declared size is taken in one call."""
    shop = await bench.shop()
    contents = [shop.listing(f"p{n}") for n in range(bench.manifest.limits.create_batch)]
    outcomes = await bench.connector.create_listings(shop.access, shop.drafts(*contents))
    made = [one for one in outcomes.values() if isinstance(one, ObservedListing)]
    expect(len(made) == len(contents), f"{len(made)} of {len(contents)} were created")
    held = [await shop.held(content) for content in contents]
    expect(len({one.remote_id for one in held}) == len(contents), "listings share a remote id")


@check(Capability.CREATE_LISTING, needs=[Ability.HOLD_REVIEWS])
async def listing_before_the_store_is_open_is_as_declared(bench: Bench) -> None:
    """Listings for a store in review are taken where list_before_open is declared, and else put off unharmed."""
    await bench.control.hold_reviews()
    content, opened = await bench.opened()
    access = access_to(content, opened)
    await bench.connector.complete_store(access, content)
    shop = Shop(bench, content, access, bench.connector)
    listing = shop.listing()
    outcome: CreateOutcome | None = await shop.try_to_create(listing)
    if bench.can(Capability.LIST_BEFORE_OPEN):
        expect(isinstance(outcome, ObservedListing), f"declared, and ended in {outcome!r}")
        return
    expect(
        isinstance(outcome, Unavailable | ActionNeeded), f"not declared, and ended in {outcome!r}"
    )
    expect(await shop.how_many(listing) == 0, "not declared, and yet it is there")


def _calls(
    shop: Shop, listing: RemoteId | None = None
) -> Mapping[Capability, Callable[[], Awaitable[object]]]:
    """One call of each capability's method."""
    connector, access = shop.bench.connector, shop.access
    draft = shop.draft(shop.listing())
    at = listing or RemoteId("1")

    def update(*fields: ListingField) -> Callable[[], Awaitable[object]]:
        return lambda: connector.update_listing(access, at, draft, frozenset(fields))

    return {
        Capability.OPEN_STORE: lambda: connector.open_store(a_store(shop.bench.reference("z"))),
        Capability.OBSERVE_STORE: lambda: connector.observe_store(access),
        Capability.UPLOAD_PHOTO: lambda: connector.upload_photo(access, a_photo()),
        Capability.UPDATE_CONTENT: update(*CONTENT_FIELDS - {ListingField.PHOTOS}),
        Capability.UPDATE_PRICE: update(ListingField.PRICE),
        Capability.UPDATE_STOCK: update(ListingField.STOCK),
        Capability.WITHDRAW_LISTING: lambda: connector.withdraw_listing(access, at),
        Capability.RELIST: lambda: connector.relist(access, at),
        Capability.OBSERVE_LISTINGS: lambda: connector.observe_listings(access, None),
        Capability.CATEGORIES: lambda: connector.categories(access),
    }

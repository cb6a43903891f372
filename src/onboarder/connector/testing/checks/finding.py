"""Looking: exact, complete, the same twice, and without changing anything."""

from onboarder.connector.manifest import Capability
from onboarder.connector.testing.bench import Bench, Shop, expect
from onboarder.connector.testing.check import check
from onboarder.connector.testing.marketplace import Ability
from onboarder.model.ids import RemoteId
from onboarder.model.shop import ListingContent, ListingState

CREATE, PAGES = Capability.CREATE_LISTING, Capability.OBSERVE_LISTINGS


@check(CREATE)
async def references_of_listings_are_matched_exactly(bench: Bench) -> None:
    """A Reference that begins like another one finds its own listing, and a part of one finds nothing."""
    shop = await bench.shop()
    longer, shorter = shop.listing("p12"), shop.listing("p1")
    await shop.create(longer)
    expect(await shop.find(shorter) is None, "a longer Reference was taken for a shorter one")
    await shop.create(shorter)
    for content in (longer, shorter):
        held = await shop.held(content)
        expect((await shop.found(content)).remote_id == held.remote_id, "found another's")
    expect(await shop.find(shop.listing("p")) is None, "a part of a Reference was found")
    expect(await shop.find(shop.listing("p123")) is None, "found what never was")


@check(CREATE)
async def looking_changes_nothing(bench: Bench) -> None:
    """Every read may be repeated: the same answer twice, and the marketplace holds the same as before."""
    shop = await bench.shop()
    content = shop.listing("p1", "Merah", "Biru")
    await shop.create(content)
    before = await shop.held(content), await bench.stores(shop.content)
    twice = [await _look(shop, content) for _ in range(2)]
    expect(twice[0] == twice[1], "the second look differs from the first")
    after = await shop.held(content), await bench.stores(shop.content)
    expect(before == after, "looking changed the marketplace")


@check(CREATE, PAGES)
async def pages_show_everything_once(bench: Bench) -> None:
    """Over several pages every listing shows exactly once, and no page is larger than declared."""
    shop, contents = await _stocked(bench, 7)
    pages = await shop.pages()
    shown = [one.reference for page in pages for one in page.listings]
    expect(len(shown) == len(set(shown)), "a listing shows twice")
    expect(set(shown) == {content.reference for content in contents}, "a listing is missing")
    expect(max(len(page.listings) for page in pages) <= 3, "a page is larger than declared")


@check(PAGES)
async def an_empty_store_has_one_empty_page(bench: Bench) -> None:
    """A store without listings is one empty page that says that it is the last."""
    shop = await bench.shop()
    page = await bench.connector.observe_listings(shop.access, None)
    expect(not page.listings and page.next_cursor is None, f"{page}")


@check(CREATE, PAGES)
async def a_listing_added_between_pages_hides_none(bench: Bench) -> None:
    """While listings are added between two pages, those that were there all show once."""
    shop, contents = await _stocked(bench, 5)
    seen = await _walk(bench, shop, meanwhile=shop.listing("q9"))
    _expect_all_once(seen, contents)


@check(CREATE, PAGES, needs=[Ability.DELETE_LISTING])
async def a_listing_removed_between_pages_hides_none(bench: Bench) -> None:
    """While a listing already shown is deleted between two pages, the others all show once."""
    shop, contents = await _stocked(bench, 5)
    victim = (await shop.held(contents[0])).remote_id
    seen = await _walk(bench, shop, delete=victim)
    _expect_all_once(seen, contents[1:])


@check(PAGES, needs=[Ability.ADD_OWN_LISTING])
async def listings_of_the_merchant_s_own_are_shown_as_such(bench: Bench) -> None:
    """What the merchant listed without us is shown, without a Reference."""
    shop = await bench.shop()
    await bench.control.add_own_listing(shop.access.remote_id, "Milik sendiri")
    shown = [one for page in await shop.pages() for one in page.listings]
    titles = [(one.title, one.reference) for one in shown]
    expect(titles == [("Milik sendiri", None)], f"shown: {titles}")


@check(CREATE, needs=[Ability.EDIT_LISTING])
async def edits_by_hand_are_seen(bench: Bench) -> None:
    """Title and price changed at the marketplace show in the next look."""
    shop = await bench.shop()
    content = shop.listing()
    listing = await shop.create(content)
    await bench.control.edit_listing(listing.remote_id, title="Diubah tangan", price=99_000)
    found = await shop.found(content)
    expect(found.title == "Diubah tangan", f"title: {found.title}")
    expect({one.price for one in found.offers or ()} == {99_000}, f"offers: {found.offers}")


@check(CREATE, needs=[Ability.REJECT_LISTING])
async def a_rejected_listing_is_seen_with_its_reason(bench: Bench) -> None:
    """A listing that the review turned down shows as rejected, with the marketplace's reason."""
    shop = await bench.shop()
    content = shop.listing()
    listing = await shop.create(content)
    await bench.control.reject_listing(listing.remote_id, "Foto buram")
    found = await shop.found(content)
    expect(found.state is ListingState.REJECTED, f"state: {found.state}")
    expect(found.reason == "Foto buram", f"reason: {found.reason}")


@check(CREATE, needs=[Ability.DELETE_LISTING])
async def a_listing_that_is_gone_is_none(bench: Bench) -> None:
    """A listing deleted at the marketplace is neither found nor shown."""
    shop = await bench.shop()
    content = shop.listing()
    listing = await shop.create(content)
    await bench.control.delete_listing(listing.remote_id)
    expect(await shop.find(content) is None, "find_listing finds it")
    if bench.can(PAGES):
        shown = [one.reference for page in await shop.pages() for one in page.listings]
        expect(content.reference not in shown, "a page shows it")


@check(Capability.CATEGORIES)
async def the_category_tree_hangs_together(bench: Bench) -> None:
    """Every category has its own key, a name and a known parent, and the test's category is a leaf."""
    shop = await bench.shop()
    tree = {one.key: one for one in await bench.connector.categories(shop.access)}
    again = await bench.connector.categories(shop.access)
    expect(len(again) == len(tree), "two categories share a key, or the tree changed")
    for category in tree.values():
        expect(bool(category.name), f"{category.key}: no name")
        known = category.parent is None or category.parent in tree
        expect(known, f"{category.key}: unknown parent {category.parent}")
        parent = tree[category.parent] if category.parent else None
        expect(parent is None or not parent.leaf, f"{category.key}: its parent is a leaf")
    leaf = tree.get(bench.control.category)
    expect(leaf is not None and leaf.leaf, f"{bench.control.category} is no leaf")


async def _stocked(bench: Bench, number: int) -> tuple[Shop, list[ListingContent]]:
    """A store with so many listings and pages of three."""
    shop = await bench.shop()
    bench.with_pages_of(3)
    contents = [shop.listing(f"p{place}") for place in range(number)]
    for content in contents:
        await shop.create(content)
    return shop, contents


async def _walk(
    bench: Bench,
    shop: Shop,
    *,
    meanwhile: ListingContent | None = None,
    delete: RemoteId | None = None,
) -> list[str | None]:
    """References on all pages, with a change at the marketplace after the first one."""
    page = await bench.connector.observe_listings(shop.access, None)
    seen = [one.reference for one in page.listings]
    if meanwhile is not None:
        await bench.connector.create_listings(shop.access, shop.drafts(meanwhile))
    if delete is not None:
        await bench.control.delete_listing(delete)
    while page.next_cursor is not None:
        page = await bench.connector.observe_listings(shop.access, page.next_cursor)
        seen += [one.reference for one in page.listings]
    return [*seen]


def _expect_all_once(seen: list[str | None], contents: list[ListingContent]) -> None:
    for content in contents:
        times = seen.count(content.reference)
        expect(times == 1, f"{content.reference} shows {times} times")


async def _look(shop: Shop, content: ListingContent) -> tuple[object, ...]:
    """One round of all reads, without the credentials that they bring."""
    connector = shop.connector
    store = await connector.find_store(shop.content)
    pages = await shop.pages() if shop.bench.can(PAGES) else None
    return (
        store and store.store,
        await connector.observe_store(shop.access),
        await shop.find(content),
        pages,
    )

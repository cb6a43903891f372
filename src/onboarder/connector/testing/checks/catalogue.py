"""Goods as registers really have them: held exactly as sent, or refused by field; never bent in silence."""

from collections.abc import Callable
from dataclasses import replace

from onboarder.connector.errors import MarketplaceError, OutcomeUnknown, Rejected, Unsupported
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.bench import Bench, Shop, expect, outcome_of
from onboarder.connector.testing.check import check
from onboarder.connector.testing.marketplace import Ability
from onboarder.connector.testing.samples import hostile_texts
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingContent, ListingField, Offer

CREATE = Capability.CREATE_LISTING
Change = Callable[[ListingContent], ListingContent]


@check(CREATE)
async def hostile_titles_are_held_as_sent_or_refused(bench: Bench) -> None:
    """Emoji, 300 characters, markup, quotes and other scripts in a title are held exactly, or refused by field."""
    shop = await bench.shop()
    texts = hostile_texts(bench.manifest.limits)
    for number, (kind, title) in enumerate(texts.items()):
        content = replace(shop.listing(f"p{number}"), title=title)
        await _expect_whole_or_refused(shop, content, kind, ListingField.TITLE)


@check(CREATE)
async def hostile_descriptions_are_held_as_sent_or_refused(bench: Bench) -> None:
    """Markup, emoji, line breaks and too long a text in a description are held exactly, or refused by field."""
    shop = await bench.shop()
    longest = bench.manifest.limits.description_max
    texts = {
        "markup": "<p>Enak <b>sekali</b></p><img src=x onerror=alert(1)>",
        "emoji and line breaks": "Renyah 🦐\nGurih\n\n• tanpa pengawet",
        "too long": "Enak sekali. " * (longest // 12),
    }
    for number, (kind, text) in enumerate(texts.items()):
        content = replace(shop.listing(f"p{number}"), description=text)
        await _expect_whole_or_refused(shop, content, kind, ListingField.DESCRIPTION)


@check(CREATE)
async def too_long_a_title_is_refused(bench: Bench) -> None:
    """A title one character longer than declared is refused by field and not cut."""
    longest = bench.manifest.limits.title_max

    def change(content: ListingContent) -> ListingContent:
        return replace(content, title="K" * (longest + 1))

    await _expect_refused(bench, change, ListingField.TITLE)


@check(CREATE)
async def the_longest_title_is_taken(bench: Bench) -> None:
    """A title as long as declared is held to its last character."""
    shop = await bench.shop()
    content = replace(shop.listing(), title="K" * bench.manifest.limits.title_max)
    await shop.create(content)
    expect((await shop.held(content)).title == content.title, "the title was changed")


@check(CREATE)
async def a_price_of_zero_is_refused(bench: Bench) -> None:
    """Price 0 is refused by field: nobody gives goods away by a slip of the register."""

    def change(content: ListingContent) -> ListingContent:
        return replace(content, offers=tuple(replace(o, price=0) for o in content.offers))

    await _expect_refused(bench, change, ListingField.PRICE)


@check(CREATE)
async def a_missing_weight_is_held_as_sent_or_refused(bench: Bench) -> None:
    """Weight 0 is either refused by field or held as 0, never replaced by a made-up weight."""
    shop = await bench.shop()
    content = replace(shop.listing(), weight_grams=0)
    await _expect_whole_or_refused(shop, content, "no weight", ListingField.WEIGHT)


@check(CREATE, Capability.UPLOAD_PHOTO)
async def one_photo_too_many_is_never_dropped_in_silence(bench: Bench) -> None:
    """One photo more than declared (the 13th where 12 are allowed) is refused by field or held, never left out."""
    shop = await bench.shop()
    photos = [await shop.upload(number) for number in range(bench.manifest.limits.photos_max + 1)]
    content = shop.listing()
    outcome = await shop.try_to_create(content, *photos)
    if isinstance(outcome, MarketplaceError):
        _expect_named(outcome, ListingField.PHOTOS, "one photo too many")
        expect(await shop.how_many(content) == 0, "refused, and yet it is there")
        return
    expect((await shop.held(content)).photos == len(photos), "a photo was left out in silence")


@check(CREATE)
async def too_many_variants_are_never_dropped_in_silence(bench: Bench) -> None:
    """More variants than declared are refused by field or Unsupported; none is left out."""
    names = [f"Warna {number}" for number in range(bench.manifest.limits.variants_max + 1)]
    shop = await bench.shop()
    content = shop.listing("p1", *names)
    outcome = await shop.try_to_create(content)
    if isinstance(outcome, MarketplaceError):
        _expect_named(outcome, ListingField.VARIANTS, "too many variants")
        expect(await shop.how_many(content) == 0, "refused, and yet it is there")
        return
    expect(len((await shop.held(content)).offers) == len(names), "a variant was left out")


@check(CREATE)
async def leading_zeros_of_a_reference_stay(bench: Bench) -> None:
    """References that look like numbers keep their zeros, on the listing and on its offers."""
    shop = await bench.shop()
    offers = tuple(
        Offer(Reference(f"00{number}-{shop.content.reference}"), name, 12_500, 3)
        for number, name in ((7, "Merah"), (8, "Biru"))
    )
    reference = Reference(f"00{shop.content.reference}-0012")
    content = replace(shop.listing(), reference=reference, offers=offers)
    await shop.create(content)
    held = await shop.held(content)
    skus = {one.reference for one in offers}
    expect(set(held.offers) == skus, f"the SKUs became {set(held.offers)}")
    expect((await shop.found(content)).reference == reference, "the Reference changed")


@check(CREATE)
async def two_goods_of_one_name_are_two_listings(bench: Bench) -> None:
    """Two products with the same title in one store are two listings under their own References."""
    shop = await bench.shop()
    contents = [replace(shop.listing(tail), title="Kerupuk udang") for tail in ("p1", "p2")]
    ids = {(await shop.create(content)).remote_id for content in contents}
    expect(len(ids) == 2, "both References lead to one listing")


@check(CREATE)
async def an_unknown_category_is_refused_by_field(bench: Bench) -> None:
    """A category that does not exist is Rejected and names the category; nothing is created."""

    def change(content: ListingContent) -> ListingContent:
        return replace(content, category="no-such-category")

    await _expect_refused(bench, change, ListingField.CATEGORY)


@check(CREATE, needs=[Ability.WITHDRAW_CATEGORY])
async def a_withdrawn_category_is_never_taken_for_granted(bench: Bench) -> None:
    """A category withdrawn while we knew it is Rejected by field, at the latest on the second try; never called done."""
    shop = await bench.shop()
    category = bench.control.other_category
    await shop.create(replace(shop.listing("p1"), category=category))
    await bench.control.withdraw_category(category)
    content = replace(shop.listing("p2"), category=category)
    outcome = await shop.try_to_create(content)
    if isinstance(outcome, OutcomeUnknown):
        expect((await shop.found(content)).category != category, "it hides that it differs")
        outcome = await shop.try_to_create(content)
    else:
        expect(await shop.how_many(content) == 0, "refused, and yet it is there")
    expect(isinstance(outcome, Rejected), f"ended in {outcome!r}")
    assert isinstance(outcome, Rejected)
    _expect_named(outcome, ListingField.CATEGORY, "a withdrawn category")


@check(CREATE, Capability.CATEGORIES, needs=[Ability.WITHDRAW_CATEGORY])
async def a_withdrawn_category_is_no_longer_offered(bench: Bench) -> None:
    """The tree is read anew: a category that was withdrawn is no leaf of it any more."""
    shop = await bench.shop()
    category = bench.control.other_category
    before = [one.key for one in await bench.connector.categories(shop.access) if one.leaf]
    await bench.control.withdraw_category(category)
    after = [one.key for one in await bench.connector.categories(shop.access) if one.leaf]
    expect(category in before, f"{category} was not offered before")
    expect(category not in after, f"{category} is still offered")


@check(CREATE, Capability.UPDATE_CONTENT)
async def a_refused_update_changes_nothing(bench: Bench) -> None:
    """An update with too long a title is refused by field and leaves the listing as it was."""
    shop = await bench.shop()
    content = shop.listing()
    await shop.create(content)
    before = await shop.held(content)
    longest = bench.manifest.limits.title_max
    outcome = await _update_title(shop, before.remote_id, content, "K" * (longest + 1))
    expect(outcome is not None, "too long a title was taken")
    assert outcome is not None
    _expect_named(outcome, ListingField.TITLE, "too long a title")
    expect(await shop.held(content) == before, "refused, and yet changed")


async def _update_title(
    shop: Shop, listing: RemoteId, content: ListingContent, title: str
) -> MarketplaceError | None:
    draft = shop.draft(replace(content, title=title))
    fields = frozenset({ListingField.TITLE})
    update = shop.connector.update_listing(shop.access, listing, draft, fields)
    outcome = await outcome_of(update)
    return outcome if isinstance(outcome, MarketplaceError) else None


async def _expect_refused(bench: Bench, change: Change, field: ListingField) -> None:
    """Content changed that way is refused by that field, and nothing is there."""
    shop = await bench.shop()
    content = change(shop.listing())
    outcome = await shop.try_to_create(content)
    expect(isinstance(outcome, MarketplaceError), f"taken: {outcome!r}")
    assert isinstance(outcome, MarketplaceError)
    _expect_named(outcome, field, "refused content")
    expect(await shop.how_many(content) == 0, "refused, and yet it is there")


async def _expect_whole_or_refused(
    shop: Shop, content: ListingContent, kind: str, field: ListingField
) -> None:
    outcome = await shop.try_to_create(content)
    if isinstance(outcome, MarketplaceError):
        _expect_named(outcome, field, kind)
        expect(await shop.how_many(content) == 0, f"{kind}: refused, and yet it is there")
        return
    held = await shop.held(content)
    there = (held.title, held.description, held.weight_grams)
    sent = (content.title, content.description, content.weight_grams)
    expect(there == sent, f"{kind}: {sent} became {there}")


def _expect_named(error: MarketplaceError, field: ListingField, kind: str) -> None:
    """Refused for good, and the field is named so that people know what to mend."""
    expect(isinstance(error, Rejected | Unsupported), f"{kind}: ended in {error!r}")
    if isinstance(error, Rejected):
        named = {fault.field for fault in error.fields}
        expect(named == {field.value}, f"{kind}: names {named or 'no field'}, not {field}")

"""Changes: only what is named, and the same when repeated."""

from collections.abc import Mapping
from dataclasses import replace

from onboarder.connector.errors import Gone, OutcomeUnknown
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.bench import Bench, Shop, expect, expect_error
from onboarder.connector.testing.check import check
from onboarder.connector.testing.marketplace import Ability, Act, HeldListing
from onboarder.connector.testing.proxy import Spoil
from onboarder.connector.testing.samples import changed_everywhere
from onboarder.model.ids import Reference
from onboarder.model.shop import (
    ListingContent,
    ListingField,
    ListingState,
    ObservedListing,
    Offer,
)

CREATE, CONTENT = Capability.CREATE_LISTING, Capability.UPDATE_CONTENT
PRICE, STOCK = Capability.UPDATE_PRICE, Capability.UPDATE_STOCK
SINGLE_FIELDS: Mapping[ListingField, Capability] = {
    ListingField.TITLE: CONTENT,
    ListingField.DESCRIPTION: CONTENT,
    ListingField.CATEGORY: CONTENT,
    ListingField.WEIGHT: CONTENT,
    ListingField.PRICE: PRICE,
    ListingField.STOCK: STOCK,
}


@check(CREATE)
async def an_update_touches_only_the_named_field(bench: Bench) -> None:
    """Each field updated alone takes the new value, and every other field stays as the marketplace had it."""
    shop, before, after = await _prepared(bench)
    for field, capability in SINGLE_FIELDS.items():
        if not bench.can(capability):
            continue
        earlier = _values(await shop.held(before))
        await _update(shop, after, field)
        now = _values(await shop.held(before))
        changed = {name for name in now if now[name] != earlier[name]}
        expect(changed == {field.value}, f"named {field}, changed {changed or 'nothing'}")
        expect(now[field.value] == _wanted(after)[field.value], f"{field}: {now[field.value]!r}")


@check(CREATE, CONTENT)
async def an_update_answers_what_is_then_shown(bench: Bench) -> None:
    """What update_listing answers is what the next look shows."""
    shop, _, after = await _prepared(bench)
    answered = await _update(shop, after, ListingField.TITLE)
    found = await shop.found(after)
    expect(answered.title == found.title == after.title, "the answer differs from the next look")
    expect(answered.remote_id == found.remote_id, "another listing")


@check(CREATE, CONTENT)
async def variants_survive_a_change_of_content(bench: Bench) -> None:
    """New title and description leave every variant with its Reference, name, price and stock."""
    shop, before, after = await _prepared(bench)
    offers = (await shop.held(before)).offers
    await _update(shop, after, ListingField.TITLE, ListingField.DESCRIPTION)
    now = (await shop.held(before)).offers
    expect(now == offers, f"variants: {dict(offers)} became {dict(now)}")


@check(CREATE, CONTENT)
async def a_new_variant_leaves_the_others_alone(bench: Bench) -> None:
    """Adding a variant keeps the others with the prices and stocks that the marketplace has."""
    shop, before, _ = await _prepared(bench)
    new = Offer(Reference(f"{before.reference}-v9"), "Ungu", 20_000, 9)
    priced = tuple(replace(one, price=one.price + 5_000) for one in before.offers)
    await _update(shop, replace(before, offers=(*priced, new)), ListingField.VARIANTS)
    there = (await shop.held(before)).offers
    wanted = {one.reference: one.price for one in before.offers} | {new.reference: new.price}
    expect({key: one.price for key, one in there.items()} == wanted, f"variants: {dict(there)}")


@check(CREATE, PRICE, STOCK)
async def prices_and_stocks_reach_their_own_variant(bench: Bench) -> None:
    """Prices and stocks of several variants each reach the variant with that Reference, in any order."""
    shop, before, after = await _prepared(bench)
    turned = replace(after, offers=tuple(reversed(after.offers)))
    await _update(shop, turned, ListingField.PRICE, ListingField.STOCK)
    there = (await shop.held(before)).offers
    wanted = {one.reference: (one.price, one.stock) for one in after.offers}
    expect({k: (o.price, o.stock) for k, o in there.items()} == wanted, f"offers: {dict(there)}")


@check(CREATE, CONTENT)
async def updating_is_repeatable(bench: Bench) -> None:
    """The same update twice leaves the marketplace as after once."""
    shop, before, after = await _prepared(bench)
    fields = (ListingField.TITLE, ListingField.DESCRIPTION)
    await _update(shop, after, *fields)
    once = await shop.held(before)
    await _update(shop, after, *fields)
    expect(await shop.held(before) == once, "the second time changed something")


@check(CREATE, CONTENT)
async def a_doubly_delivered_update_does_no_harm(bench: Bench) -> None:
    """An update that the network delivers twice leaves the marketplace as one does."""
    shop, before, after = await _prepared(bench)
    bench.spoil(Act.UPDATE_LISTING, Spoil.DOUBLED)
    await _update(shop, after, ListingField.TITLE)
    held = await shop.held(before)
    expect(held.title == after.title, f"title: {held.title!r}")


@check(CREATE, CONTENT)
async def a_lost_update_is_unknown_and_repeatable(bench: Bench) -> None:
    """Updated, answer lost: OutcomeUnknown, sent once, and sending it again is right."""
    shop, before, after = await _prepared(bench)
    sent = bench.sent(Act.UPDATE_LISTING)
    bench.spoil(Act.UPDATE_LISTING, Spoil.LOST_AFTER)
    update = _update(shop, after, ListingField.TITLE)
    await expect_error(update, OutcomeUnknown, when="the answer to an update was lost")
    expect(bench.sent(Act.UPDATE_LISTING) - sent == 1, "sent again by itself")
    await _update(shop, after, ListingField.TITLE)
    expect((await shop.held(before)).title == after.title, "not updated in the end")


@check(CREATE, CONTENT, needs=[Ability.DELETE_LISTING])
async def changing_what_is_gone_says_so(bench: Bench) -> None:
    """An update or relist of a deleted listing is Gone, and withdrawing it is None."""
    shop, before, after = await _prepared(bench)
    listing = (await shop.held(before)).remote_id
    await bench.control.delete_listing(listing)
    draft, title = shop.draft(after), frozenset({ListingField.TITLE})
    update = bench.connector.update_listing(shop.access, listing, draft, title)
    await expect_error(update, Gone, when="an update of what is gone")
    if bench.can(Capability.RELIST):
        relisted = bench.connector.relist(shop.access, listing)
        await expect_error(relisted, Gone, when="a relist of what is gone")
    if bench.can(Capability.WITHDRAW_LISTING):
        withdrawn = await bench.connector.withdraw_listing(shop.access, listing)
        expect(withdrawn is None, f"withdrawing what is gone: {withdrawn}")


@check(CREATE, Capability.WITHDRAW_LISTING)
async def withdrawing_keeps_the_listing_and_is_repeatable(bench: Bench) -> None:
    """Withdrawn twice it is off sale, still there with its content, and found by its Reference."""
    shop, before, _ = await _prepared(bench)
    listing = await shop.held(before)
    for _ in range(2):
        withdrawn = await bench.connector.withdraw_listing(shop.access, listing.remote_id)
        expect(withdrawn is not None, "withdrawing made it vanish")
        expect(withdrawn is not None and withdrawn.state is ListingState.WITHDRAWN, f"{withdrawn}")
    held = await shop.held(before)
    expect(_values(held) == _values(listing), "withdrawing changed the content")
    found = await shop.found(before)
    expect(found.state is ListingState.WITHDRAWN, f"found as {found.state}")


@check(CREATE, Capability.WITHDRAW_LISTING, Capability.RELIST)
async def relisting_brings_it_back_and_is_repeatable(bench: Bench) -> None:
    """Relisted twice it is on sale or in review again, the same listing with the same content."""
    shop, before, _ = await _prepared(bench)
    listing = await shop.held(before)
    await bench.connector.withdraw_listing(shop.access, listing.remote_id)
    for _ in range(2):
        back = await bench.connector.relist(shop.access, listing.remote_id)
        expect(back.state in {ListingState.LIVE, ListingState.IN_REVIEW}, f"state: {back.state}")
    held = await shop.held(before)
    expect(held.remote_id == listing.remote_id, "relisting made another listing")
    expect(_values(held) == _values(listing), "relisting changed the content")


@check(CREATE, Capability.WITHDRAW_LISTING)
async def a_lost_withdrawal_is_unknown_and_repeatable(bench: Bench) -> None:
    """Withdrawn, answer lost: OutcomeUnknown, and withdrawing again is right."""
    shop, before, _ = await _prepared(bench)
    listing = (await shop.held(before)).remote_id
    bench.spoil(Act.WITHDRAW_LISTING, Spoil.LOST_AFTER)
    withdrawal = bench.connector.withdraw_listing(shop.access, listing)
    await expect_error(withdrawal, OutcomeUnknown, when="the answer to a withdrawal was lost")
    again = await bench.connector.withdraw_listing(shop.access, listing)
    expect(again is not None and again.state is ListingState.WITHDRAWN, f"{again}")


@check(CREATE, Capability.WITHDRAW_LISTING, Capability.RELIST)
async def a_lost_relisting_is_unknown_and_repeatable(bench: Bench) -> None:
    """Relisted, answer lost: OutcomeUnknown, sent once, and relisting again is right."""
    shop, before, _ = await _prepared(bench)
    listing = (await shop.held(before)).remote_id
    await bench.connector.withdraw_listing(shop.access, listing)
    sent = bench.sent(Act.RELIST)
    bench.spoil(Act.RELIST, Spoil.LOST_AFTER)
    relisting = bench.connector.relist(shop.access, listing)
    await expect_error(relisting, OutcomeUnknown, when="the answer to a relisting was lost")
    expect(bench.sent(Act.RELIST) - sent == 1, "sent again by itself")
    again = await bench.connector.relist(shop.access, listing)
    expect(again.state in {ListingState.LIVE, ListingState.IN_REVIEW}, f"state: {again.state}")
    expect((await shop.held(before)).remote_id == listing, "relisting made another listing")


@check(CREATE, CONTENT, Capability.UPLOAD_PHOTO)
async def photos_are_uploaded_counted_and_replaced(bench: Bench) -> None:
    """Photos upload repeatably, show in number on the listing, and an update of photos replaces them all."""
    shop = await bench.shop()
    first = [await shop.upload(number) for number in (1, 1, 2)]
    content = shop.listing()
    await shop.create(content, first[0], first[2])
    expect((await shop.held(content)).photos == 2, "not two photos")
    draft = shop.draft(content, await shop.upload(3))
    listing = (await shop.held(content)).remote_id
    photos = frozenset({ListingField.PHOTOS})
    await bench.connector.update_listing(shop.access, listing, draft, photos)
    expect((await shop.held(content)).photos == 1, "the photos were not replaced")
    expect((await shop.found(content)).photo_count in {None, 1}, "photo_count differs")


async def _prepared(bench: Bench) -> tuple[Shop, ListingContent, ListingContent]:
    """A store with a listing of three variants, and the same listing with everything different."""
    shop = await bench.shop()
    before = shop.listing("p1", "Merah", "Biru", "Hijau")
    await shop.create(before)
    return shop, before, changed_everywhere(before, bench.control.other_category)


async def _update(shop: Shop, wanted: ListingContent, *fields: ListingField) -> ObservedListing:
    listing = (await shop.held(wanted)).remote_id
    draft = shop.draft(wanted)
    return await shop.connector.update_listing(shop.access, listing, draft, frozenset(fields))


def _values(held: HeldListing) -> dict[str, object]:
    """By field name, in a form that compares."""
    return {
        "title": held.title,
        "description": held.description,
        "category": held.category,
        "weight_grams": held.weight_grams,
        "photos": held.photos,
        "variants": {key: offer.name for key, offer in held.offers.items()},
        "price": {key: offer.price for key, offer in held.offers.items()},
        "stock": {key: offer.stock for key, offer in held.offers.items()},
    }


def _wanted(content: ListingContent) -> dict[str, object]:
    return {
        "title": content.title,
        "description": content.description,
        "category": content.category,
        "weight_grams": content.weight_grams,
        "price": {one.reference: one.price for one in content.offers},
        "stock": {one.reference: one.stock for one in content.offers},
    }

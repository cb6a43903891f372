"""The connector's listings and photos, against the practice marketplace in the same process."""

from dataclasses import replace

import pytest
from tests.support.practice import (
    Practice,
    draft,
    listing_content,
    photo,
    practice,
)

from onboarder.connector.contract import Access
from onboarder.connector.errors import (
    Gone,
    Rejected,
    Unavailable,
)
from onboarder.model.ids import Reference
from onboarder.model.shop import (
    ListingField,
    ListingState,
    ObservedListing,
    ObservedOffer,
    Offer,
)
from onboarder_rehearsal.server import Dial, Fault, Rules


async def listed(
    here: Practice, access: Access, reference: str = "knm-1-a", **changes: object
) -> ObservedListing:
    """A listing just created."""
    outcomes = await here.connector.create_listings(access, [draft(reference, **changes)])
    outcome = outcomes[Reference(reference)]
    assert isinstance(outcome, ObservedListing)
    return outcome


async def test_a_listing_is_the_same_there_as_here() -> None:
    offers = (
        Offer(Reference("knm-1-a-s"), "Kecil", 12_500, 10),
        Offer(Reference("knm-1-a-l"), "Besar", 25_000, 0),
    )
    async with practice() as here:
        access = await here.open()
        uploaded = await here.connector.upload_photo(access, photo())
        content = listing_content(weight_grams=1_005, offers=offers, photos=(uploaded.hash,))
        sent = replace(draft(), content=content, photos=(uploaded,))
        outcome = (await here.connector.create_listings(access, [sent]))[content.reference]
        found = await here.connector.find_listing(access, content.reference)

    assert found == outcome
    assert found is not None
    assert found.remote_id == "I1"
    assert found.state is ListingState.LIVE
    assert (found.reference, found.title, found.description) == (
        "knm-1-a",
        "Kerupuk contoh",
        "Kerupuk untuk latihan",
    )
    assert (found.category, found.weight_grams, found.photo_count) == ("1010", 1_005, 1)
    assert found.offers == tuple(ObservedOffer(o.reference, o.price, o.stock) for o in offers)
    assert found.changed_at == here.clock.now
    assert found.url is not None


async def test_the_same_photo_again_is_the_same_remote_photo() -> None:
    async with practice(dials=[Dial(fault=Fault.LOST_AFTER, route="/v1/images", times=1)]) as here:
        access = await here.open()
        first = await here.connector.upload_photo(access, photo())
        second = await here.connector.upload_photo(access, photo())
        other = await here.connector.upload_photo(access, photo("cd34"))

    assert first == second != other


async def test_a_batch_is_one_call_and_every_item_gets_its_outcome() -> None:
    async with practice() as here:
        access = await here.open()
        drafts = [draft("knm-1-a"), draft("knm-1-b", title="ab"), draft("knm-1-c")]
        outcomes = await here.connector.create_listings(access, drafts)
        log = (await here.raw.get("/_control/log", params={"store": "knm-1"})).json()

    refused = outcomes[Reference("knm-1-b")]
    assert isinstance(refused, Rejected)
    assert [fault.field for fault in refused.fields] == ["title"]
    assert isinstance(outcomes[Reference("knm-1-a")], ObservedListing)
    assert isinstance(outcomes[Reference("knm-1-c")], ObservedListing)
    assert [line["route"] for line in log].count("/v1/items/batch") == 1


async def test_a_mangled_batch_never_gives_an_item_another_one_s_outcome() -> None:
    dials = [
        Dial(fault=Fault.BATCH_HALF, share=0.3),
        Dial(fault=Fault.BATCH_SHUFFLED),
        Dial(fault=Fault.BATCH_MISSING, share=0.2),
    ]
    async with practice(dials=dials) as here:
        access = await here.open()
        drafts = [draft(f"knm-1-{n}", title=f"Kerupuk nomor {n}") for n in range(10)]
        outcomes = await here.connector.create_listings(access, drafts)
        made = (await here.creates())[1]

    created = {ref: one for ref, one in outcomes.items() if isinstance(one, ObservedListing)}
    failed = [one for one in outcomes.values() if isinstance(one, Unavailable)]
    assert len(outcomes) == 8
    assert len(created) + len(failed) == 8
    assert made == 7
    assert all(one.title == f"Kerupuk nomor {ref[-1]}" for ref, one in created.items())
    assert all(one.reference == ref for ref, one in created.items())


@pytest.mark.parametrize(
    ("field", "changes", "shown"),
    [
        (ListingField.TITLE, {"title": "Judul baru"}, {"title"}),
        (ListingField.DESCRIPTION, {"description": "Uraian baru"}, {"description"}),
        (ListingField.CATEGORY, {"category": "1020"}, {"category"}),
        (ListingField.WEIGHT, {"weight_grams": 999}, {"weight_grams"}),
        (
            ListingField.PRICE,
            {"offers": (Offer(Reference("knm-1-a-x"), "", 9_900, 77),)},
            {"price"},
        ),
        (
            ListingField.STOCK,
            {"offers": (Offer(Reference("knm-1-a-x"), "", 9_900, 77),)},
            {"stock"},
        ),
    ],
)
async def test_an_update_changes_the_named_field_and_nothing_else(
    field: ListingField, changes: dict[str, object], shown: set[str]
) -> None:
    elsewhere: dict[str, object] = {
        "title": "Lain",
        "description": "Lain",
        "category": "1030",
        "weight_grams": 5,
    }
    async with practice() as here:
        access = await here.open()
        before = await listed(here, access)
        wanted = replace(draft(), content=listing_content("knm-1-a", **(elsewhere | changes)))
        results = [
            await here.connector.update_listing(
                access, before.remote_id, wanted, frozenset({field})
            )
            for _ in range(2)
        ]

    assert results[0] == results[1]
    assert _differing(before, results[0]) == shown


async def test_photos_are_replaced_only_when_named() -> None:
    async with practice() as here:
        access = await here.open()
        before = await listed(here, access)
        uploaded = await here.connector.upload_photo(access, photo())
        wanted = replace(draft(photos=(uploaded.hash,)), photos=(uploaded,))
        fields = frozenset({ListingField.PHOTOS})
        after = await here.connector.update_listing(access, before.remote_id, wanted, fields)

    assert (before.photo_count, after.photo_count) == (0, 1)


async def test_content_and_price_together_both_arrive() -> None:
    offers = (Offer(Reference("knm-1-a-x"), "", 9_900, 77),)
    fields = frozenset({ListingField.TITLE, ListingField.PRICE})
    async with practice() as here:
        access = await here.open()
        before = await listed(here, access)
        wanted = draft(title="Judul baru", offers=offers)
        after = await here.connector.update_listing(access, before.remote_id, wanted, fields)

    assert _differing(before, after) == {"title", "price"}


async def test_new_variants_leave_price_and_stock_of_the_old_ones_alone_unless_named() -> None:
    old = Offer(Reference("knm-1-a-x"), "Kecil", 9_900, 77)
    new = Offer(Reference("knm-1-a-y"), "Besar", 20_000, 5)
    wanted = draft(offers=(old, new))
    async with practice() as here:
        access = await here.open()
        before = await listed(here, access)
        only = frozenset({ListingField.VARIANTS})
        kept = await here.connector.update_listing(access, before.remote_id, wanted, only)
        with_price = only | {ListingField.PRICE}
        priced = await here.connector.update_listing(access, before.remote_id, wanted, with_price)

    assert kept.offers == (
        ObservedOffer(old.reference, 12_500, 10),
        ObservedOffer(new.reference, 20_000, 5),
    )
    assert priced.offers is not None
    assert priced.offers[0] == ObservedOffer(old.reference, 9_900, 10)


async def test_withdrawing_and_relisting_can_be_repeated() -> None:
    async with practice() as here:
        access = await here.open()
        number = (await listed(here, access)).remote_id
        withdrawn = [await here.connector.withdraw_listing(access, number) for _ in range(2)]
        relisted = [await here.connector.relist(access, number) for _ in range(2)]

    states = [one.state for one in (*withdrawn, *relisted) if one is not None]
    assert states == [ListingState.WITHDRAWN] * 2 + [ListingState.LIVE] * 2


async def test_what_is_gone_is_gone() -> None:
    async with practice() as here:
        access = await here.open()
        number = (await listed(here, access)).remote_id
        await here.control("DELETE", "listings/knm-1-a")

        assert await here.connector.find_listing(access, Reference("knm-1-a")) is None
        assert await here.connector.withdraw_listing(access, number) is None
        with pytest.raises(Gone):
            await here.connector.relist(access, number)
        fields = frozenset({ListingField.TITLE})
        with pytest.raises(Gone):
            await here.connector.update_listing(access, number, draft(), fields)


async def test_a_rejected_listing_tells_why_and_the_mended_one_goes_live() -> None:
    async with practice(rules=Rules(listing_review_seconds=5)) as here:
        access = await here.open()
        first = await listed(here, access, title="Kerupuk narkoba")
        here.clock.advance(5)
        judged = await here.connector.find_listing(access, Reference("knm-1-a"))
        fields = frozenset({ListingField.TITLE})
        again = await here.connector.update_listing(access, first.remote_id, draft(), fields)
        here.clock.advance(5)
        live = await here.connector.find_listing(access, Reference("knm-1-a"))

    assert judged is not None
    assert live is not None
    states = (first.state, judged.state, again.state, live.state)
    assert states == (
        ListingState.IN_REVIEW,
        ListingState.REJECTED,
        ListingState.IN_REVIEW,
        ListingState.LIVE,
    )
    assert "narkoba" in str(judged.reason)


async def test_pages_show_every_listing_once_the_merchant_s_own_included() -> None:
    async with practice() as here:
        access = await here.open()
        for start in range(0, 110, 10):
            drafts = [draft(f"knm-1-{n}") for n in range(start, start + 10)]
            await here.connector.create_listings(access, drafts)
        await here.control("POST", "stores/knm-1/listings", {"title": "Sambal ibu"})
        pages = [await here.connector.observe_listings(access, None)]
        while pages[-1].next_cursor is not None:
            pages.append(await here.connector.observe_listings(access, pages[-1].next_cursor))

    everything = [one for page in pages for one in page.listings]
    assert [len(page.listings) for page in pages] == [50, 50, 11]
    assert len({one.remote_id for one in everything}) == 111
    assert [one.title for one in everything if one.reference is None] == ["Sambal ibu"]


def _differing(before: ObservedListing, after: ObservedListing) -> set[str]:
    """Names of what differs; price and stock of the only offer on their own."""
    changed = {
        name
        for name in ("title", "description", "category", "weight_grams", "photo_count", "state")
        if getattr(before, name) != getattr(after, name)
    }
    assert before.offers
    assert after.offers
    for name in ("price", "stock"):
        if getattr(before.offers[0], name) != getattr(after.offers[0], name):
            changed.add(name)
    return changed

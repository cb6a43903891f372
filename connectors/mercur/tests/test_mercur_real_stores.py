"""Opening, finding and watching stores at the real Mercur, with answers that get lost on the way."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from tests.marketplace.faults import Fault, FaultKind
from tests.marketplace.mercur import Mercur, start_mercur
from tests.marketplace.plugin import need_mercur
from tests.marketplace.samples import (
    connector_on,
    draft_of,
    listing_content,
    photo,
    store_content,
)
from tests.marketplace.seller import access_to, connected, http_to, shop_at

from onboarder.connector.contract import ListingDraft
from onboarder.connector.errors import (
    ActionNeeded,
    CredentialsExpired,
    OutcomeUnknown,
    Unavailable,
)
from onboarder.connector.http import Effect, Request
from onboarder.model.ids import Reference
from onboarder.model.shop import (
    ListingField,
    ListingState,
    ObservedListing,
    Offer,
    StoreState,
)
from onboarder_mercur.api import MercurApi
from onboarder_mercur.auth import member_auth

pytestmark = pytest.mark.mercur


@pytest.mark.parametrize("account", ["programme", "merchant"])
async def test_a_merchant_goes_from_application_to_a_buyer_who_sees_the_goods(
    mercur: Mercur, account: str
) -> None:
    reference = f"path-{account}"
    content = store_content(reference)
    async with connected(mercur, account=account) as connector:
        assert await connector.find_store(content) is None
        opened = await connector.open_store(content)
        assert (opened.store.state, opened.store.complete) == (StoreState.IN_REVIEW, False)
        access = access_to(opened, reference)
        completed = await connector.complete_store(access, content)
        assert (completed.complete, completed.reference) == (True, reference)

        remote = await connector.upload_photo(access, photo())
        wanted = replace(listing_content(f"{reference}-p1"), photos=(remote.hash,))
        outcomes = await connector.create_listings(access, [ListingDraft(wanted, (remote,))])
        created = outcomes[wanted.reference]
        assert isinstance(created, ObservedListing)
        assert created.state is ListingState.IN_REVIEW
        mercur.control.operator.approve(access.remote_id)
        mercur.control.operator.publish(created.remote_id)

        store = await connector.observe_store(access)
        listing = await connector.find_listing(access, wanted.reference)

    assert store is not None
    assert store.state is StoreState.OPEN
    assert listing is not None
    assert listing.state is ListingState.LIVE
    assert listing.photo_count == 1
    shown = next(one for one in mercur.control.buyer.products() if one.handle == wanted.reference)
    assert shown.prices == {f"{wanted.reference}-0": 12_500}
    assert mercur.control.buyer.picture(shown).headers["content-type"] == "image/jpeg"


async def test_an_opening_whose_answer_is_lost_is_found_and_not_doubled(mercur: Mercur) -> None:
    content = store_content("lost-store")
    mercur.control.faults.inject(Fault(FaultKind.LOST, "/vendor/sellers", "POST"))
    async with connected(mercur) as connector:
        with pytest.raises(OutcomeUnknown) as unknown:
            await connector.open_store(content)
        found = await connector.find_store(content)
        with pytest.raises(OutcomeUnknown, match="reference_taken"):
            await connector.open_store(content)

    assert unknown.value.reference == "lost-store"
    assert found is not None
    stores = [one for one in mercur.control.operator.sellers() if one.handle == "lost-store"]
    assert [one.id for one in stores] == [found.store.remote_id]


async def test_reads_get_over_a_short_outage_by_themselves(mercur: Mercur) -> None:
    async with shop_at(mercur, "outage") as shop:
        outage = Fault(FaultKind.STATUS, "/vendor/sellers/me", status=503, times=2)
        mercur.control.faults.inject(outage)

        store = await shop.connector.observe_store(shop.access)

    assert store is not None
    assert mercur.control.faults.counters().injected == {FaultKind.STATUS: 2}


async def test_names_taken_by_others_are_replaced_and_at_last_carry_the_reference(
    mercur: Mercur,
) -> None:
    async with connected(mercur) as connector:
        for reference in ("name-1", "name-2", "name-3"):
            content = store_content(reference, name="Toko Berkah")
            await connector.open_store(replace(content, alternative_names=("Berkah Kanoman",)))

    names = {one.handle: one.name for one in mercur.control.operator.sellers()}
    assert names["name-1"] == "Toko Berkah"
    assert names["name-2"] == "Berkah Kanoman"
    assert names["name-3"] == "Toko Berkah (name-3)"


async def test_two_merchants_may_have_the_same_email(mercur: Mercur) -> None:
    async with connected(mercur) as connector:
        for reference in ("mail-1", "mail-2"):
            await connector.open_store(store_content(reference, email="keluarga@umkm.test"))

    emails = {one.handle: one.email for one in mercur.control.operator.sellers()}
    assert emails["mail-1"] == "keluarga@umkm.test"
    assert emails["mail-2"] == "mail-2@onboarder.test"


async def test_first_stores_of_one_login_may_be_opened_at_once(mercur: Mercur) -> None:
    references = [f"atonce-{number}" for number in range(6)]
    async with connected(mercur, programme_email="serentak@onboarder.test") as connector:

        async def open_one(reference: str) -> None:
            content = store_content(reference)
            for _ in range(5):
                try:
                    if await connector.find_store(content) is None:
                        await connector.open_store(content)
                except (OutcomeUnknown, Unavailable):
                    continue
                else:
                    return
            raise AssertionError(reference)

        async with anyio.create_task_group() as tasks:
            for reference in references:
                tasks.start_soon(open_one, reference)

    handles = [one.handle for one in mercur.control.operator.sellers()]
    assert [handles.count(reference) for reference in references] == [1] * 6


async def test_a_store_renamed_by_its_owner_is_still_found(mercur: Mercur) -> None:
    content = store_content("renamed")
    async with shop_at(mercur, "renamed") as shop:
        rename = Request(
            "POST",
            f"/vendor/sellers/{shop.access.remote_id}",
            "/vendor/sellers/{id}",
            Effect.WRITE,
            json={"name": "Nama Baru Sekali"},
            auth=member_auth(shop.access),
        )
        await shop.http.send(rename)

        found = await shop.connector.find_store(content)

    assert mercur.control.operator.seller("nama-baru-sekali").id == shop.access.remote_id
    assert found is not None
    assert (found.store.remote_id, found.store.name) == (shop.access.remote_id, "Nama Baru Sekali")
    assert found.store.reference == "renamed"


async def test_store_states_come_with_the_operators_reason(mercur: Mercur) -> None:
    operator = mercur.control.operator
    async with connected(mercur) as connector:
        refused = access_to(await connector.open_store(store_content("refused")), "refused")
        operator.suspend(refused.remote_id, "KTP tidak jelas")
        shop = access_to(await connector.open_store(store_content("closing")), "closing")
        operator.approve(shop.remote_id)
        operator.suspend(shop.remote_id, "Keluhan pembeli")
        seen = [await connector.observe_store(refused), await connector.observe_store(shop)]
        operator.terminate(shop.remote_id, "Ditutup")
        seen.append(await connector.observe_store(shop))
        assert await connector.find_store(store_content("closing")) is None
        with pytest.raises(ActionNeeded, match="store_taken"):
            await connector.open_store(store_content("closing"))

    assert [(one.state, one.reason) for one in seen if one is not None] == [
        (StoreState.REFUSED, "KTP tidak jelas"),
        (StoreState.SUSPENDED, "Keluhan pembeli"),
        (StoreState.CLOSED, "Ditutup"),
    ]


async def test_completing_twice_or_after_a_lost_answer_makes_one_location(mercur: Mercur) -> None:
    content = store_content("complete")
    async with http_to(mercur) as http:
        connector = connector_on(http)
        access = access_to(await connector.open_store(content), "complete")
        for prefix in ("/vendor/stock-locations", "/vendor/stock-locations/"):
            mercur.control.faults.inject(Fault(FaultKind.LOST, prefix, "POST"))
            with pytest.raises(OutcomeUnknown):
                await connector.complete_store(access, content)
        done = [await connector.complete_store(access, content) for _ in range(2)]
        seller = await MercurApi(http).seller(member_auth(access))

    assert all(one.complete for one in done)
    assert seller.stock_locations is not None
    assert len(seller.stock_locations) == 1


async def test_expired_tokens_are_told_and_renewed(postgres_url: str) -> None:
    need_mercur()
    content = store_content("expiring")
    with start_mercur(postgres_url=postgres_url, jwt_expires_in="4s") as mercur:
        async with connected(mercur) as connector:
            access = access_to(await connector.open_store(content), "expiring")
            expires = access.credentials.expires_at
            assert expires is not None
            with anyio.fail_after(15):
                while datetime.now(UTC) <= expires:  # noqa: ASYNC110 - only time makes it expire
                    await anyio.sleep(0.1)

            with pytest.raises(CredentialsExpired):
                await connector.observe_store(access)
            renewed = replace(access, credentials=await connector.renew(access))

            assert await connector.observe_store(renewed) is not None
            assert await connector.find_store(content) is not None


async def test_a_login_with_another_password_is_a_case_for_the_operator(
    mercur: Mercur, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    login = {"programme_email": "lain@onboarder.test", "password_file": str(password)}
    password.write_text("first\n")
    async with connected(mercur, **login) as connector:
        opened = await connector.open_store(store_content("password-1"))
    password.write_text("second\n")
    async with connected(mercur, **login) as connector:
        with pytest.raises(ActionNeeded, match="wrong_login"):
            await connector.open_store(store_content("password-2"))
        with pytest.raises(ActionNeeded, match="wrong_login"):
            await connector.renew(access_to(opened, "password-1"))


async def test_variants_are_added_renamed_and_removed_without_losing_the_others(
    mercur: Mercur,
) -> None:
    before = listing_content("variants-p1", "Merah", "Biru")
    red, blue = before.offers
    green = Offer(Reference("variants-p1-new"), "Hijau", 20_000, 9)
    async with shop_at(mercur, "variants") as shop:
        listing = await shop.create(before)
        fields = frozenset({ListingField.VARIANTS})

        async def revise(*offers: Offer) -> list[tuple[str, str, int | None, int]]:
            draft = draft_of(replace(before, offers=offers))
            await shop.connector.update_listing(shop.access, listing.remote_id, draft, fields)
            variants = mercur.control.operator.product("variants-p1").variants
            return [(one.sku or "", one.title, one.price, one.stock) for one in variants]

        added = await revise(red, replace(blue, name="Biru Laut"), green)
        removed = await revise(red, green)
        again = await revise(red, blue, green)

    assert sorted(added) == [
        ("variants-p1-0", "Merah", 12_500, 5),
        ("variants-p1-1", "Biru Laut", 13_500, 6),
        ("variants-p1-new", "Hijau", 20_000, 9),
    ]
    assert [sku for sku, *_ in sorted(removed)] == ["variants-p1-0", "variants-p1-new"]
    assert ("variants-p1-1", "Biru", 13_500, 6) in again

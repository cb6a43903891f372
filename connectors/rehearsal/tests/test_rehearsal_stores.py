"""The connector's stores, credentials, categories and settings, against the marketplace in the same process."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from tests.support.practice import (
    access_to,
    draft,
    practice,
    store_content,
)

from onboarder.connector.contract import Connector, Credentials
from onboarder.connector.errors import (
    ActionNeeded,
    CredentialsExpired,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
)
from onboarder.connector.manifest import Capability
from onboarder.model.shop import (
    StoreState,
)
from onboarder.problems import ConfigProblem
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.manifest import MANIFEST
from onboarder_rehearsal.server import Dial, Fault, Rules


async def test_an_opened_store_is_found_again_observed_and_completed() -> None:
    async with practice() as here:
        content = store_content()
        opened = await here.connector.open_store(content)
        found = await here.connector.find_store(content)
        access = access_to(content.reference, opened)
        completed = await here.connector.complete_store(access, content)
        observed = await here.connector.observe_store(access)

    assert (opened.store.state, opened.store.complete) == (StoreState.OPEN, False)
    assert found is not None
    assert found.store == opened.store
    assert observed == completed == replace(opened.store, complete=True)
    assert opened.credentials.expires_at == here.clock.now + timedelta(hours=1)


async def test_the_application_carries_what_the_merchant_told_us() -> None:
    async with practice() as here:
        access = await here.open()
        row = here.app.state.desk.state.one("SELECT * FROM seller")

    assert access.reference == row["external_key"] == "knm-1"
    assert (row["shop_name"], row["owner"], row["phone"]) == (
        "Toko Contoh",
        "Ibu Contoh",
        "+6281100000001",
    )
    assert '"place":"Pasar Kanoman, Blok A / Los 1"' in row["pickup"]


async def test_a_store_nobody_opened_is_not_found() -> None:
    async with practice() as here:
        assert await here.connector.find_store(store_content()) is None


async def test_of_several_stores_with_one_reference_the_one_furthest_on_is_adopted() -> None:
    async with practice(rules=Rules(store_review_seconds=None)) as here:
        for _ in range(3):
            await here.connector.open_store(store_content())
        await here.control("POST", "stores/S1/refuse")
        await here.control("POST", "stores/S3/approve")
        found = await here.connector.find_store(store_content())

    assert found is not None
    assert found.store.remote_id == "S3"


async def test_a_taken_name_is_replaced_by_the_next_choice() -> None:
    async with practice(rules=Rules(unique_names=True)) as here:
        first = await here.connector.open_store(store_content("knm-1"))
        second = await here.connector.open_store(store_content("knm-2"))
        content = replace(store_content("knm-3"), alternative_names=())
        with pytest.raises(Rejected) as caught:
            await here.connector.open_store(content)

    assert (first.store.name, second.store.name) == ("Toko Contoh", "Toko Contoh Kanoman")
    assert [fault.field for fault in caught.value.fields] == ["name"]


async def test_a_taken_reference_is_to_be_looked_up() -> None:
    async with practice(rules=Rules(unique_references=True)) as here:
        await here.connector.open_store(store_content())
        with pytest.raises(OutcomeUnknown) as caught:
            await here.connector.open_store(store_content())

    assert caught.value.reference == "knm-1"


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.LIMITED, Fault.LOST_BEFORE])
async def test_a_store_opened_without_a_token_is_never_called_untouched(fault: Fault) -> None:
    async with practice(dials=[Dial(fault=fault, route="/v1/sellers/*")]) as here:
        with pytest.raises(OutcomeUnknown) as caught:
            await here.connector.open_store(store_content())
        await here.control("DELETE", "dials")
        found = await here.connector.find_store(store_content())

    assert caught.value.reference == "knm-1"
    assert found is not None
    assert found.store.remote_id == "S1"


@pytest.mark.parametrize(
    ("act", "state"),
    [
        ("refuse", StoreState.REFUSED),
        ("suspend", StoreState.SUSPENDED),
        ("close", StoreState.CLOSED),
    ],
)
async def test_what_became_of_a_store_is_told_with_the_reason(act: str, state: StoreState) -> None:
    async with practice() as here:
        access = await here.open()
        await here.control("POST", f"stores/knm-1/{act}", {"reason": "dokumen kurang"})
        observed = await here.connector.observe_store(access)
        with pytest.raises(ActionNeeded) as caught:
            await here.connector.create_listings(access, [draft()])

    assert observed is not None
    assert (observed.state, observed.reason) == (state, "dokumen kurang")
    assert caught.value.advice.code.startswith("rehearsal.seller_")


async def test_a_store_that_is_gone_is_observed_as_none() -> None:
    async with practice() as here:
        access = await here.open()
        await here.control("DELETE", "stores/knm-1")

        assert await here.connector.observe_store(access) is None
        assert await here.connector.find_store(store_content()) is None
        with pytest.raises(Gone):
            await here.connector.renew(access)


async def test_an_expired_token_is_renewed_as_often_as_one_likes() -> None:
    async with practice(rules=Rules(token_seconds=60)) as here:
        access = await here.open()
        here.clock.advance(60)
        with pytest.raises(CredentialsExpired):
            await here.connector.observe_store(access)
        renewed = [await here.connector.renew(access) for _ in range(2)]
        for credentials in renewed:
            assert await here.connector.observe_store(replace(access, credentials=credentials))

    assert renewed[0].expires_at == here.clock.now + timedelta(seconds=60)


async def test_a_withdrawn_authorisation_needs_the_merchant() -> None:
    async with practice() as here:
        access = await here.open()
        await here.control("POST", "stores/knm-1/revoke")
        with pytest.raises(CredentialsExpired) as caught:
            await here.connector.renew(access)

    assert (caught.value.advice.code, caught.value.advice.who) == (
        "rehearsal.authorisation_withdrawn",
        "merchant",
    )


@pytest.mark.parametrize("secret", ["", "{}", "not json", '{"access_token": 7}'])
async def test_a_kept_secret_of_another_make_is_asked_for_anew(secret: str) -> None:
    async with practice() as here:
        access = await here.open()
        broken = replace(access, credentials=Credentials(SecretStr(secret)))
        with pytest.raises(CredentialsExpired):
            await here.connector.observe_store(broken)


async def test_categories_are_those_open_now() -> None:
    async with practice() as here:
        access = await here.open()
        before = {one.key: one for one in await here.connector.categories(access)}
        await here.control("PATCH", "categories/1010", {"open": False})
        after = {one.key for one in await here.connector.categories(access)}

    assert before["1010"].parent == "1000"
    assert (before["1010"].leaf, before["1000"].leaf) == (True, False)
    assert set(before) - after == {"1010"}


async def test_a_429_names_the_scope_it_is_about() -> None:
    async with practice() as here:
        access = await here.open()
        scopes = []
        for rule in ("app_per_second", "store_per_second"):
            await here.control("PATCH", "rules", {rule: 0.001})
            await here.connector.observe_store(access)
            with pytest.raises(RateLimited) as caught:
                await here.connector.observe_store(access)
            scopes.append(caught.value.scope)
            await here.control("PATCH", "rules", {rule: None})

    assert scopes == ["app", "store"]


async def test_settings_adjust_the_manifest_of_the_instance_alone() -> None:
    settings = {"settle_seconds": 9, "list_before_open": True}
    async with practice(settings=settings) as here:
        adjusted: Connector = here.connector

        assert adjusted.manifest.settle == timedelta(seconds=9)
        assert adjusted.manifest.can(Capability.LIST_BEFORE_OPEN)
        assert RehearsalConnector.manifest is MANIFEST
        assert MANIFEST.settle == timedelta(seconds=2)


@pytest.mark.parametrize("settings", [{"settle_seconds": -1}, {"speed": 1}])
async def test_settings_that_make_no_sense_are_refused_by_name(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigProblem, match=next(iter(settings))):
        async with practice(settings=settings):
            pass

"""Whole runs at the strict fake: counts of calls, bad days, and ends that must be well."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr, TypeAdapter
from tests.marketplace.shopee.dials import Dial, Fault
from tests.marketplace.shopee.inside import Inside, a_jpeg, inside
from tests.marketplace.shopee.rules import Reading, Rules
from tests.support.practice import Clock
from tests.support.shopee_bench import a_product

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Access, Equipment, ListingDraft, Photo
from onboarder.connector.errors import (
    ActionNeeded,
    CredentialsExpired,
    MarketplaceError,
    OutcomeUnknown,
    RateLimited,
)
from onboarder.connector.http import MarketplaceHttp
from onboarder.model.ids import PhotoHash, ProductId, Reference, variant_reference
from onboarder.model.shop import ListingField, ListingState, ObservedListing, Offer, StoreState
from onboarder_shopee import ShopeeConnector, advice

CALLBACK = "https://onboarder.example.id/oauth/shopee/callback"
SETTINGS: Mapping[str, object] = {
    "partner_id": Rules().partner_id,
    "package": {"length": 25, "width": 20, "height": 8},
    "attributes": {"*": {"Masa Penyimpanan": "6 Bulan"}},
}


@dataclass
class Market:
    """The fake and a connector to it, in a shop that has agreed."""

    fake: Inside
    connector: ShopeeConnector
    access: Access
    clock: "Waits"

    async def draft(self, number: int = 0, *names: str, photos: int = 1) -> ListingDraft:
        key = ProductId(f"knm-7f3k2q8a-p{number:07}")
        uploaded = [
            await self.connector.upload_photo(self.access, _photo(number * 16 + place))
            for place in range(photos)
        ]
        offers = tuple(
            Offer(variant_reference(key, name), name, 15_000 + place, 40)
            for place, name in enumerate(names or ("",))
        )
        plain = a_product(reference=Reference(key), title=f"Kerupuk melarat {number:07}")
        content = replace(plain.content, offers=offers, photos=tuple(one.hash for one in uploaded))
        return ListingDraft(content, tuple(uploaded))

    async def create(self, draft: ListingDraft) -> object:
        try:
            outcomes = await self.connector.create_listings(self.access, [draft])
        except MarketplaceError as error:
            return error
        return outcomes[draft.content.reference]

    async def held(self, draft: ListingDraft) -> list[dict[str, object]]:
        """What is really there under the draft's SKU."""
        answer = await self.fake.raw.get("/_control/items", params={"sku": draft.content.reference})
        return list(answer.json())

    async def calls(self) -> int:
        return _sum(await self.fake.control("GET", "account"))


@dataclass
class Waits:
    """The fake's own clock: waits pass there too."""

    shared: Clock
    slept: list[float] = field(default_factory=list[float])

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.shared.now += timedelta(seconds=seconds)

    def __call__(self) -> datetime:
        return self.shared()


@asynccontextmanager
async def market(
    settings: Mapping[str, object] | None = None, **rules: object
) -> AsyncGenerator[Market]:
    async with inside(rules) as fake:
        clock = Waits(fake.clock)
        door = MarketplaceHttp(fake.raw, UnlimitedBudget(), marketplace="shopee", clock=clock)
        key = Rules().partner_key

        def secret(name: str) -> SecretStr | None:
            return SecretStr(key) if name == "partner_key" else None

        connector = ShopeeConnector(
            {**SETTINGS, **(settings or {})}, Equipment(door, clock, SecretStr, secret), clock.sleep
        )
        access = await _agreed(fake, connector)
        yield Market(fake, connector, access, clock)


async def test_a_simple_item_with_three_photos_takes_eight_calls() -> None:
    async with market() as here:
        await here.create(await here.draft(1, photos=3))
        await here.create(await here.draft(2, photos=3))
        before = await here.calls()

        outcome = await here.create(await here.draft(3, photos=3))

        assert isinstance(outcome, ObservedListing)
        assert outcome.state is ListingState.LIVE
        assert await here.calls() - before <= 9


async def test_two_levels_of_choices_are_there_as_they_were_named() -> None:
    async with market() as here:
        draft = await here.draft(1, "Merah / M", "Merah / XL", "Biru / M", "Biru / XL")

        outcome = await here.create(draft)

        assert isinstance(outcome, ObservedListing)
        [item] = await here.held(draft)
        tiers = TypeAdapter(list[dict[str, object]]).validate_python(item["tiers"])
        assert [tier["options"] for tier in tiers] == [["Merah", "Biru"], ["M", "XL"]]
        assert here.clock.slept == [5]
        assert (item["weight"], item["price"]) == (0.25, 15_000)


@pytest.mark.parametrize("cut", ["init_tier_variation", "unlist_item", "get_item_base_info"])
async def test_a_create_cut_off_after_the_item_is_found_and_finished(cut: str) -> None:
    """As after a kill: another process knows nothing but the SKU."""
    async with market() as here:
        draft = await here.draft(1, "Merah", "Biru")
        # the pre-create look-up of an empty shop reads no base info
        await here.fake.dial(Dial(fault=Fault.UNAVAILABLE, route=f"*/{cut}", times=9))
        first = await here.create(draft)
        await here.fake.control("DELETE", "dials")
        elsewhere = replace(here, connector=_another(here))

        found = await elsewhere.connector.find_listing(here.access, draft.content.reference)
        assert found is not None
        if {one.reference for one in found.offers or ()} != _references(draft):
            await elsewhere.connector.update_listing(
                here.access, found.remote_id, draft, frozenset({ListingField.VARIANTS})
            )
        shown = await elsewhere.connector.relist(here.access, found.remote_id)

        assert isinstance(first, OutcomeUnknown) or (
            isinstance(first, ObservedListing) and first.state is ListingState.DRAFT
        )
        assert found.state is ListingState.DRAFT
        assert shown.state is ListingState.LIVE
        assert {one.reference for one in shown.offers or ()} == _references(draft)
        assert len(await here.held(draft)) == 1


@pytest.mark.parametrize(
    "fault", [Fault.LOST_AFTER, Fault.ERROR_AFTER, Fault.REFUSED_AFTER, Fault.HTML, Fault.TRUNCATED]
)
async def test_an_answer_lost_after_creating_never_makes_two(fault: Fault) -> None:
    async with market() as here:
        draft = await here.draft(1)
        await here.fake.dial(Dial(fault=fault, route="*/add_item", times=1))

        first, second = await here.create(draft), await here.create(draft)

        assert isinstance(first, OutcomeUnknown)
        assert isinstance(second, OutcomeUnknown)
        assert second.advice is advice.DUPLICATE
        assert len(await here.held(draft)) == 1


async def test_a_leak_onto_sale_is_seen_and_mended_where_a_person_was_to_publish() -> None:
    async with market({"publish": False}) as here:
        draft = await here.draft(1)
        await here.fake.dial(Dial(fault=Fault.UNLIST_LEAK, route="*/add_item", times=1))

        outcome = await here.create(draft)

        assert isinstance(outcome, ObservedListing)
        [item] = await here.held(draft)
        assert (outcome.state, item["status"]) == (ListingState.WITHDRAWN, "UNLIST")


@pytest.mark.parametrize("kyc", ["pending", "pending_but_info"])
async def test_an_unfinished_registration_is_a_state_to_wait_in(kyc: str) -> None:
    async with market() as here:
        draft = await here.draft(1)
        shop = f"shops/{here.access.remote_id}"
        await here.fake.control("PATCH", shop, {"kyc": kyc})

        waiting = await here.create(draft)
        await here.fake.control("PATCH", shop, {"kyc": "done"})
        done = await here.create(draft)

        assert isinstance(waiting, ActionNeeded)
        assert (waiting.advice, waiting.look_again) == (advice.KYC, timedelta(hours=1))
        assert isinstance(done, ObservedListing)


async def test_a_shop_without_shipping_is_told_before_any_item_is_sent() -> None:
    async with market() as here:
        draft = await here.draft(1)
        await here.fake.befall("no_shipping")

        outcome = await here.create(draft)
        there = await here.held(draft)
        shop = f"shops/{here.access.remote_id}"
        await here.fake.control("PATCH", shop, {"channels": "ready"})
        later = await here.create(draft)

        assert isinstance(outcome, ActionNeeded)
        assert outcome.advice is advice.NO_SHIPPING
        assert there == []
        assert isinstance(later, ObservedListing)


async def test_a_withdrawn_permission_is_told_on_calls_and_on_renewal() -> None:
    async with market() as here:
        await here.fake.befall("authorization_withdrawn")

        with pytest.raises(CredentialsExpired):
            await here.connector.observe_store(here.access)
        with pytest.raises(CredentialsExpired) as over:
            await here.connector.renew(here.access)

        assert over.value.advice is advice.RECONSENT


async def test_an_expired_token_is_renewed_and_the_work_goes_on() -> None:
    async with market() as here:
        here.clock.shared.now += timedelta(hours=5)

        with pytest.raises(CredentialsExpired) as over:
            await here.connector.observe_store(here.access)
        renewed = await here.connector.renew(here.access)
        store = await here.connector.observe_store(replace(here.access, credentials=renewed))

        assert over.value.advice is advice.TOKEN_OVER
        assert store is not None
        assert store.state is StoreState.OPEN


@pytest.mark.parametrize(
    ("rules", "said"),
    [({"app_per_day": 3}, advice.DAY_LIMIT), ({"shop_per_second": 0.01}, advice.RATE)],
)
async def test_limits_are_told_as_such(rules: dict[str, object], said: object) -> None:
    async with market() as here:
        await here.fake.rules(**rules)
        errors = []
        for _ in range(6):
            try:
                await here.connector.observe_store(here.access)
            except RateLimited as error:
                errors.append(error.advice)

        assert said in errors


@pytest.mark.parametrize("reading", [None, *Reading], ids=str)
async def test_items_go_up_by_either_reading_of_what_sources_disagree_on(
    reading: Reading | None,
) -> None:
    settings = {
        Reading.CATEGORY_IDS: {"attribute_parameter": "category_ids"},
        Reading.FILE: {"upload_field": "file"},
    }.get(reading) if reading else None  # fmt: skip
    readings = [reading] if reading else []
    async with market(settings, other_readings=readings) as here:
        draft = await here.draft(1, "Merah", "Biru")

        outcome = await here.create(draft)
        page = await here.connector.observe_listings(here.access, None)

        assert isinstance(outcome, ObservedListing)
        assert [one.reference for one in page.listings] == [draft.content.reference]


@pytest.mark.parametrize(
    ("rules", "settings"),
    [
        ({"upload_signature": "shop"}, {"upload_signature": "shop"}),
        ({"item_ids": "repeated"}, {"item_id_list": "repeated"}),
        ({"item_ids": "comma"}, {}),
        ({"auth_errors": "error_auth"}, {}),
        ({"expire_in": "epoch"}, {}),
        ({"error_prefixes": False}, {}),
        ({"search_by_sku": False}, {}),
        ({"absent_ids": "refused"}, {}),
        ({"offset_stride": 3}, {}),
        ({"models_most": 20}, {"most_models": 20}),
    ],
)
async def test_the_fake_s_other_habits_are_worked_with(
    rules: dict[str, object], settings: dict[str, object]
) -> None:
    async with market(settings, **rules) as here:
        draft = await here.draft(1)

        outcome = await here.create(draft)
        absent = await here.connector.find_listing(here.access, Reference("knm-nowhere"))
        renewed = await here.connector.renew(here.access)

        assert isinstance(outcome, ObservedListing)
        assert absent is None
        assert renewed.expires_at is not None
        assert renewed.expires_at <= here.clock() + timedelta(hours=5)


async def test_the_signed_link_leads_to_the_same_consent() -> None:
    async with market({"consent_link": "signed", "api_host": "http://127.0.0.1:8791"}) as here:
        store = await here.connector.observe_store(here.access)

        assert store is not None
        assert store.state is StoreState.OPEN
        assert store.authorised_until is not None


def _sum(account: dict[str, object]) -> int:
    """All calls so far."""
    calls = TypeAdapter(dict[str, int]).validate_python(account["calls"])
    return sum(calls.values())


async def _agreed(fake: Inside, connector: ShopeeConnector) -> Access:
    """Through the link, as a seller does it."""
    link = connector.consent_url(CALLBACK, SecretStr("keadaan")).get_secret_value()
    visitor = {"link": link, "shop_id": fake.shop.shop_id}
    back = str((await fake.control("POST", "consent", visitor))["redirect"])
    query = dict(parse_qsl(urlsplit(back).query))
    assert query["state"] == "keadaan"
    opened = await connector.redeem(connector.read_return(query))
    return Access(Reference("knm-7f3k2q8a"), opened.store.remote_id, opened.credentials)


def _another(here: Market) -> ShopeeConnector:
    door = MarketplaceHttp(here.fake.raw, UnlimitedBudget(), marketplace="shopee", clock=here.clock)
    key = SecretStr(Rules().partner_key)
    equipment = Equipment(
        door, here.clock, SecretStr, lambda name: key if name == "partner_key" else None
    )
    return ShopeeConnector(SETTINGS, equipment, here.clock.sleep)


def _references(draft: ListingDraft) -> set[Reference]:
    return {offer.reference for offer in draft.content.offers}


def _photo(number: int) -> Photo:
    content = a_jpeg(shade=number % 250)
    return Photo(PhotoHash(f"{number:064x}"), "image/jpeg", content)

"""The connector and the fake in processes of their own, over real sockets, as a worker has it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr, TypeAdapter
from tests.marketplace.shopee.inside import a_jpeg
from tests.marketplace.shopee.launch import FakeShopee, running_shopee
from tests.marketplace.shopee.rules import Rules
from tests.support.shopee_bench import a_product

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Access, Equipment, ListingDraft, Photo
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.model.ids import PhotoHash, ProductId, Reference, variant_reference
from onboarder.model.shop import ListingState, ObservedListing, Offer
from onboarder_shopee import ShopeeConnector

CALLBACK = "https://onboarder.example.id/oauth/shopee/callback"
SETTINGS: Mapping[str, object] = {
    "partner_id": Rules().partner_id,
    "package": {"length": 25, "width": 20, "height": 8},
    "attributes": {"*": {"Masa Penyimpanan": "6 Bulan"}},
}


async def test_ten_products_with_three_photos_in_a_process_of_its_own() -> None:
    """Over real sockets, as a worker does it."""
    with running_shopee() as fake:
        fake.set_rules(image_check="signature")
        async with open_client(fake.url) as client:
            door = MarketplaceHttp(client, UnlimitedBudget(), marketplace="shopee")
            key = SecretStr(Rules().partner_key)
            equipment = Equipment(
                door,
                lambda: datetime.now(UTC),
                SecretStr,
                lambda name: key if name == "partner_key" else None,
            )
            connector = ShopeeConnector(SETTINGS, equipment)
            access = await _agreed_outside(fake, connector)
            before = _calls_of(fake)
            for number in range(10):
                draft = await _draft_for(connector, access, number)
                outcome = (await connector.create_listings(access, [draft]))[
                    draft.content.reference
                ]
                assert isinstance(outcome, ObservedListing)
                assert outcome.state is ListingState.LIVE

        account = fake.account()
        assert account["duplicates"] in ([], {})
        assert account["creates"] == 10
        assert _calls_of(fake) - before <= 95


async def _draft_for(connector: ShopeeConnector, access: Access, number: int) -> ListingDraft:
    photos = [await connector.upload_photo(access, _photo(number * 3 + n)) for n in range(3)]
    key = ProductId(f"knm-7f3k2q8a-q{number:07}")
    offer = Offer(variant_reference(key, ""), "", 15_000, 40)
    plain = a_product(
        reference=Reference(key),
        title=f"Kerupuk melarat {number:07}",
        photos=tuple(one.hash for one in photos),
        offers=(offer,),
    )
    return ListingDraft(plain.content, tuple(photos))


def _calls_of(fake: FakeShopee) -> int:
    return _sum(fake.account())


async def _agreed_outside(fake: FakeShopee, connector: ShopeeConnector) -> Access:
    shop = fake.register(shop_name="Kerupuk Bu Siti")
    link = connector.consent_url(CALLBACK, SecretStr("keadaan")).get_secret_value()
    query = dict(parse_qsl(urlsplit(fake.consent(link, shop)).query))
    opened = await connector.redeem(connector.read_return(query))
    return Access(Reference("knm-7f3k2q8a"), opened.store.remote_id, opened.credentials)


def _sum(account: dict[str, object]) -> int:
    """All calls so far."""
    calls = TypeAdapter(dict[str, int]).validate_python(account["calls"])
    return sum(calls.values())


def _photo(number: int) -> Photo:
    content = a_jpeg(shade=number % 250)
    return Photo(PhotoHash(f"{number:064x}"), "image/jpeg", content)

"""A seller at the real marketplace: the connector, an open store, and the merchant's own way in."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Access, OpenedStore
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.model.ids import Reference
from onboarder.model.shop import (
    ListingContent,
    ObservedListing,
)
from onboarder_mercur import MercurConnector
from onboarder_mercur.api import MercurApi
from tests.marketplace.mercur import Mercur
from tests.marketplace.samples import (
    connector_on,
    draft_of,
    store_content,
)


@asynccontextmanager
async def connected(mercur: Mercur, **settings: str) -> AsyncGenerator[MercurConnector]:
    async with http_to(mercur) as http:
        yield connector_on(http, settings)


@asynccontextmanager
async def http_to(
    mercur: Mercur, deadline: timedelta = timedelta(seconds=20)
) -> AsyncGenerator[MarketplaceHttp]:
    client = open_client(mercur.url)
    try:
        yield MarketplaceHttp(client, UnlimitedBudget(), marketplace="mercur", deadline=deadline)
    finally:
        await client.aclose()


def access_to(opened: OpenedStore, reference: str) -> Access:
    return Access(Reference(reference), opened.store.remote_id, opened.credentials)


@dataclass(frozen=True)
class Shop:
    """An open, complete store and the connector that works in it. `hand` is the merchant's own way in."""

    connector: MercurConnector
    access: Access
    http: MarketplaceHttp
    hand: MercurApi

    async def create(self, content: ListingContent) -> ObservedListing:
        outcome = (await self.connector.create_listings(self.access, [draft_of(content)]))[
            content.reference
        ]
        assert isinstance(outcome, ObservedListing)
        return outcome

    async def seen(self, content: ListingContent) -> ObservedListing:
        found = await self.connector.find_listing(self.access, content.reference)
        assert found is not None
        return found


@asynccontextmanager
async def shop_at(mercur: Mercur, reference: str, **settings: str) -> AsyncGenerator[Shop]:
    async with http_to(mercur) as http:
        connector = connector_on(http, settings)
        content = store_content(reference)
        access = access_to(await connector.open_store(content), reference)
        await connector.complete_store(access, content)
        mercur.control.operator.approve(access.remote_id)
        yield Shop(connector, access, http, MercurApi(http))

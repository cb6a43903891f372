"""The Shopee connector keeps every promise of the contract, at the strict fake of it; no live account was at hand."""

from collections.abc import AsyncGenerator

import pytest
from tests.conformance.shopee import shopee_subject

from onboarder.connector.testing import ConnectorContract, ConnectorQuality, Subject
from onboarder_shopee import ShopeeConnector
from onboarder_shopee.errors import TABLE


class TestShopeeConnector(ConnectorContract):
    @pytest.fixture
    async def subject(self) -> AsyncGenerator[Subject]:
        async with shopee_subject(ShopeeConnector, TABLE) as subject:
            yield subject


class TestShopeeFolder(ConnectorQuality):
    """What its folder says."""

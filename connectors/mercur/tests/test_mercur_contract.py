"""The Mercur connector keeps every promise of the contract, at the real Mercur."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.conformance.mercur import mercur_subject
from tests.marketplace.mercur import Mercur

from onboarder.connector.testing import ConnectorContract, ConnectorQuality, Subject


@pytest.mark.mercur
class TestMercurConnector(ConnectorContract):
    @pytest.fixture
    async def subject(self, mercur: Mercur, tmp_path: Path) -> AsyncGenerator[Subject]:
        async with mercur_subject(mercur.url, tmp_path) as subject:
            yield subject


class TestMercurFolder(ConnectorQuality):
    """What its folder says."""

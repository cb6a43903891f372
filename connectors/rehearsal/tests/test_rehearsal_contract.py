"""The practice marketplace's connector keeps every promise of the contract."""

from collections.abc import AsyncGenerator

import pytest
from tests.conformance.rehearsal import rehearsal_subject

from onboarder.connector.testing import ConnectorContract, ConnectorQuality, Subject


class TestRehearsalConnector(ConnectorContract):
    @pytest.fixture
    async def subject(self) -> AsyncGenerator[Subject]:
        async with rehearsal_subject() as subject:
            yield subject


class TestRehearsalFolder(ConnectorQuality):
    """What its folder says."""

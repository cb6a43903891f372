"""The suite that every connector's tests inherit."""

import pytest

from onboarder.connector.testing.bench import Subject
from onboarder.connector.testing.check import Check
from onboarder.connector.testing.checks import CHECKS


class ConnectorContract:
    """Subclass it in `connectors/NAME/tests/` and give it one fixture, `subject`.

    A check that the marketplace's control cannot set up, or that concerns a capability which is not declared, is
    reported as exempt with the reason.
    """

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
    async def test_conforms(self, check: Check, subject: Subject) -> None:
        exemption = check.exemption(subject.manifest, subject.control)
        if exemption is not None:
            pytest.skip(f"exempt from {check.id}: {exemption}")
        await check.run(subject)

"""A marketplace whose calls are slow by nature gets the time that its connector asks for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from onboarder.connector import http, registry
from onboarder.connector.manifest import Manifest
from onboarder_rehearsal import RehearsalConnector
from tests.core.cli.office import Office

NEEDED = timedelta(minutes=1)


class Slow(RehearsalConnector):
    manifest: ClassVar[Manifest] = replace(RehearsalConnector.manifest, call_deadline=NEEDED)


def slow(name: str) -> type[Slow]:
    """In place of the registry's `connector_type`."""
    del name
    return Slow


def test_the_connector_s_own_deadline_holds_where_it_is_longer(
    busy_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []
    begin = http.MarketplaceHttp.__init__

    def told(self: http.MarketplaceHttp, *parts: Any, **named: Any) -> None:
        given.append(named["deadline"])
        begin(self, *parts, **named)

    monkeypatch.setattr(registry, "connector_type", slow)
    monkeypatch.setattr(http.MarketplaceHttp, "__init__", told)

    busy_office.open_everything()

    assert set(given) == {NEEDED}


def test_a_shorter_one_shortens_nothing() -> None:
    assert Slow.manifest.deadline(2 * NEEDED) == 2 * NEEDED
    assert RehearsalConnector.manifest.deadline(NEEDED) == NEEDED

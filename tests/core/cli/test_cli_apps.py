"""A marketplace's further apps, from its file to what the operator is shown."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from onboarder.cli.exits import Exit
from onboarder.connector import registry
from onboarder.connector.contract import Equipment, OpenedStore
from onboarder.connector.manifest import Quotas
from onboarder.model.shop import StoreContent
from onboarder_rehearsal import RehearsalConnector
from tests.core.cli.office import Office, records

APPS = """
[quotas]
stores_per_app = {limit}
calls_a_day = 1000
[[apps]]
name = "second"
settings = {{ partner = 2 }}
"""


class Keyed(RehearsalConnector):
    """Opens stores with the number and the key of its own app."""

    opened: ClassVar[list[tuple[object, str | None]]] = []

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None:
        own = dict(settings)
        self._number, self._secret = own.pop("partner"), equipment.secret
        super().__init__(own, equipment)

    async def open_store(self, content: StoreContent) -> OpenedStore:
        key = self._secret("app_key")
        self.opened.append((self._number, key.get_secret_value() if key else None))
        return await super().open_store(content)


def keyed(name: str) -> type[Keyed]:
    """In place of the registry's `connector_type`."""
    del name
    return Keyed


def test_each_app_works_with_its_own_settings_secrets_and_calls_of_the_day(
    busy_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "connector_type", keyed)
    monkeypatch.setattr(Keyed, "opened", [])
    add_apps(busy_office, limit=1, first="partner = 1\n")
    for folder, key in (
        ("rehearsal", "key-of-the-first"),
        ("rehearsal.second", "key-of-the-second"),
    ):
        put_secret(busy_office, folder, key)

    busy_office.open_everything()

    assert sorted(map(str, Keyed.opened)) == [
        "(1, 'key-of-the-first')",
        "(2, 'key-of-the-second')",
    ]
    assert set(days(busy_office)) == {"rehearsal", "rehearsal.second"}
    assert min(days(busy_office).values()) > 0


def test_the_plan_says_how_many_apps_are_needed_and_how_the_stores_spread(office: Office) -> None:
    office.fill()
    add_apps(office, limit=1)

    [told] = records(office.said("plan", "--all-trained")["marketplaces"])
    said = office.run("plan", "--all-trained", "--lang", "en").err

    assert (told["apps_needed"], told["apps_configured"]) == (2, 2)
    assert told["stores_by_app"] == {"rehearsal": 1, "rehearsal.second": 1}
    assert "rehearsal 1, rehearsal.second 1" in said
    assert "needs 2 apps" not in said


def test_a_plan_on_a_day_that_is_used_up_says_so(office: Office) -> None:
    office.fill()
    add_apps(office, limit=2)
    today = Quotas().day(datetime.now(UTC)).isoformat()
    with closing(database(office)) as opened, opened:
        opened.execute("INSERT INTO quota_day VALUES ('rehearsal.second', ?, 995)", (today,))

    [told] = records(office.said("plan", "--all-trained")["marketplaces"])
    said = office.run("plan", "--all-trained", "--lang", "en").err

    assert (told["days"], told["binding_quota"]) == (2, "calls_a_day")
    assert "about 2 days" in said
    assert "1000 calls a day, 900 of them for large orders, and has made 995 today" in said


def test_a_plan_that_needs_more_apps_than_there_are_says_so(office: Office) -> None:
    office.fill()
    configure(office, "[quotas]\nstores_per_app = 1\n")

    assert "needs 2 apps" in office.run("plan", "--all-trained", "--lang", "en").err


def test_the_doctor_warns_before_the_places_of_all_apps_or_the_day_of_one_are_used_up(
    busy_office: Office,
) -> None:
    add_apps(busy_office, limit=1)
    busy_office.open_everything()
    with closing(database(busy_office)) as opened, opened:
        opened.execute("UPDATE quota_day SET calls = 800 WHERE marketplace = 'rehearsal.second'")
    found = quotas(busy_office)

    assert any("apps (2) serve 2 of 2" in one for one in found)
    assert any(one.startswith("rehearsal.second: 800 of 1000 calls") for one in found)
    assert any(
        "at 900 all but" in one and "at 1000 that too" in one for one in quotas(busy_office, "mend")
    )
    assert len(found) == 2
    add_apps(busy_office, limit=2)
    assert len(quotas(busy_office)) == 1


def test_a_store_that_was_withdrawn_keeps_its_place_and_the_doctor_knows(
    busy_office: Office,
) -> None:
    add_apps(busy_office, limit=1)
    busy_office.open_everything()
    with closing(database(busy_office)) as opened, opened:
        opened.execute(
            "UPDATE store SET remote_id = NULL, withdrawn_at = created_at, app = ''"
            " WHERE app IS NULL OR app = ''"
        )

    assert any("apps (2) serve 2 of 2" in one for one in quotas(busy_office))


def test_the_doctor_tells_of_stores_whose_app_is_not_in_the_file(busy_office: Office) -> None:
    add_apps(busy_office, limit=1)
    busy_office.open_everything()
    configure(busy_office, "")

    [found] = quotas(busy_office)

    assert "1 stores are served by an app that its file does not name: second" in found


def test_a_marketplace_s_apps_are_listed(office: Office) -> None:
    add_apps(office, limit=1)

    [told] = records(office.said("marketplaces", "rehearsal")["marketplaces"])

    assert told["apps"] == ["rehearsal", "rehearsal.second"]
    assert "rehearsal, rehearsal.second" in office.run("marketplaces", "rehearsal").out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[apps]]\nname = 'b'\nkey = 'x'\n", "apps.0.key"),
        ("[[apps]]\nname = 'Ke Dua'\n", "apps.0.name"),
        ("[[apps]]\n", "apps.0.name"),
        ("[[apps]]\nname = 'b'\n[[apps]]\nname = 'b'\n", "the same name"),
        ("[[apps]]\nname = 'a-name-of-many-letters-and-more'\n", "32"),
    ],
)
def test_a_fault_in_an_app_is_named(office: Office, text: str, said: str) -> None:
    configure(office, text)

    ended = office.run("marketplaces", "--lang", "en")

    assert ended.code == Exit.CONFIG
    assert "rehearsal.toml" in ended.err
    assert said in ended.err


def test_an_app_and_a_marketplace_cannot_share_secrets_and_budget(office: Office) -> None:
    add_apps(office, limit=1)
    office.configure("marketplaces/rehearsal.second.toml", 'base_url = "http://x"\n')

    ended = office.run("marketplaces", "--lang", "en")

    assert ended.code == Exit.CONFIG
    assert "rehearsal.second.toml" in ended.err


def add_apps(office: Office, *, limit: int, first: str = "") -> None:
    second = "partner = 2" if first else "settle_seconds = 0"
    configure(office, first + APPS.format(limit=limit).replace("partner = 2", second))


def configure(office: Office, text: str) -> None:
    """What follows the settings of the first app."""
    known = (office.config / "marketplaces" / "rehearsal.toml").read_text(encoding="utf-8")
    usual = known[: known.index("settle_seconds = 0\n") + len("settle_seconds = 0\n")]
    office.configure("marketplaces/rehearsal.toml", usual + text)


def put_secret(office: Office, folder: str, key: str) -> None:
    path = office.settings.keys_dir / folder / "app_key"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(key)
    path.chmod(0o600)


def quotas(office: Office, part: str = "text") -> list[str]:
    checks = records(office.said("doctor", "--lang", "en")["checks"])
    return [str(one[part]) for one in checks if one["check"] == "quotas"]


def days(office: Office) -> dict[str, int]:
    with closing(database(office)) as opened:
        return dict(opened.execute("SELECT marketplace, calls FROM quota_day").fetchall())


def database(office: Office) -> sqlite3.Connection:
    return sqlite3.connect(office.settings.data_dir / "onboarder.db")

"""`onboarder doctor` and `db`: what is wrong, and how to mend it."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from onboarder.cli.exits import Exit
from onboarder.records.migrations import NEWEST
from tests.core.cli.office import Office, records
from tests.servers.postgres import fresh_database
from tests.support.consenting import Installed


def test_a_fresh_installation_is_healthy_and_nothing_is_changed_by_looking(office: Office) -> None:
    said = office.said("doctor")

    assert said["healthy"] is True
    assert not (office.settings.data_dir / "keys").exists()


def test_every_line_says_what_was_found(busy_office: Office) -> None:
    busy_office.open_everything()

    checks = {
        str(one["check"]): one
        for one in records(busy_office.said("doctor", "--lang", "en")["checks"])
    }

    assert {"programme", "database", "clock", "workers", "Redis", "keys", "disk", "photos"} <= set(
        checks
    )
    assert checks["marketplace rehearsal"]["level"] == "ok"
    assert "PRACTICE" in str(checks["marketplace rehearsal"]["text"])
    assert (checks["workers"]["level"], checks["workers"]["mend"]) == (
        "warn",
        "run: onboarder worker",
    )


def test_what_another_release_left_on_record_is_told_of(busy_office: Office) -> None:
    busy_office.open_everything()
    path = busy_office.settings.data_dir / "onboarder.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE store SET state = 'unheard of', lane = 'express'")
        database.execute("UPDATE store SET marketplace = 'elsewhere'")

    said = busy_office.said("doctor", "--lang", "en")

    [records_check] = [one for one in records(said["checks"]) if one["check"] == "records"]
    assert records_check["level"] == "warn"
    for word in ("store.state unheard of (", "store.lane express (", "store.marketplace elsewhere"):
        assert word in str(records_check["text"])
    assert "unheard of" in busy_office.run("status").out


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("programmes/cirebon.toml", 'code = "cirebon"\n', "cirebon.toml"),
        ("rules/drift.toml", "[policy]\n", "drift.toml"),
        ("marketplaces/rehearsal.toml", 'base_url = "gopher://x"\n', "rehearsal.toml"),
        ("marketplaces/lain.toml", 'base_url = "http://x"\n', "pip install 'onboarder[lain]'"),
        (
            "marketplaces/rehearsal.toml",
            'base_url = "http://x"\n[settings]\nsettle_seconds = "lama"\n',
            "settle_seconds",
        ),
        ("onboarder.toml", "lease_seconds = 0\n", "lease_seconds"),
        ("onboarder.toml", "programme = \n", "onboarder.toml"),
    ],
)
def test_a_fault_in_the_configuration_is_named_with_its_place(
    office: Office, name: str, text: str, said: str
) -> None:
    office.configure(name, text)

    ended = office.run("doctor", "--lang", "en", "--json")

    failed = [one for one in records(ended.json["checks"]) if one["level"] == "fail"]
    assert ended.code == Exit.CONFIG
    assert said in str(failed)
    assert "Traceback" not in ended.err


def test_categories_without_a_key_are_a_warning_with_their_names(office: Office) -> None:
    office.configure("categories/rehearsal.toml", 'food-crackers = "1010"\n')

    ended = office.run("doctor", "--lang", "en")

    assert ended.code == Exit.DONE
    assert "food-seasoning" in ended.out
    assert "config/categories/rehearsal.toml" in ended.out


def test_a_key_ring_that_others_can_read_is_a_warning(busy_office: Office) -> None:
    busy_office.open_everything()
    ring = busy_office.settings.data_dir / "keys" / "keys.json"
    ring.chmod(0o644)

    checks = {
        one["check"]: one for one in records(busy_office.said("doctor", "--lang", "en")["checks"])
    }

    assert checks["keys"]["level"] == "warn"
    assert checks["keys"]["mend"] == f"chmod 600 {ring}"


def test_servers_that_do_not_answer_fail_without_showing_their_passwords(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBOARDER_DATABASE_URL", "postgresql://u:rahasia@127.0.0.1:9/x")
    monkeypatch.setenv("ONBOARDER_REDIS_URL", "redis://:rahasia@127.0.0.1:9/0")

    ended = office.run("doctor", "--json", "--lang", "en")

    failed = {one["check"] for one in records(ended.json["checks"]) if one["level"] == "fail"}
    assert ended.code == Exit.CONFIG
    assert {"database", "Redis", "keys"} == failed
    assert "rahasia" not in ended.out + ended.err


def test_a_command_on_a_database_that_does_not_answer_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBOARDER_DATABASE_URL", "postgresql://u:rahasia@127.0.0.1:9/x")

    ended = office.run("status", "--lang", "en")

    assert ended.code == Exit.CONFIG
    assert "the database cannot be used" in ended.err
    assert "rahasia" not in ended.err


def test_a_schema_of_another_release_is_seen_and_brought_up_to_date(office: Office) -> None:
    office.said("db", "upgrade")
    with sqlite3.connect(office.settings.data_dir / "onboarder.db") as database:
        database.execute("DROP TABLE alembic_version")
        for (table,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type='table'"
        ).fetchall():
            database.execute(f"DROP TABLE IF EXISTS {table}")
    database.close()

    behind = office.run("db", "status", "--json", "--lang", "en")
    upgraded = office.run("db", "upgrade", "--json", "--lang", "en")
    again = office.run("db", "upgrade", "--lang", "en")

    assert (behind.code, behind.json["up_to_date"]) == (Exit.CONFIG, False)
    assert "onboarder db upgrade" in behind.err
    assert (upgraded.code, upgraded.json["up_to_date"]) == (Exit.DONE, True)
    assert "was brought to" in upgraded.err
    assert "is up to date" in again.err


@pytest.mark.postgres
def test_a_server_s_database_is_never_migrated_unasked(
    office: Office, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    with fresh_database(postgres_url) as url:
        monkeypatch.setenv("ONBOARDER_DATABASE_URL", url)
        before = office.run("status", "--lang", "en")
        doctor = office.run("doctor", "--lang", "en")
        upgraded = office.run("db", "upgrade", "--lang", "en")
        after = office.run("status", "--lang", "en")

    assert (before.code, doctor.code) == (Exit.CONFIG, Exit.CONFIG)
    assert "onboarder db upgrade" in before.err
    assert (upgraded.code, after.code) == (Exit.DONE, Exit.DONE)


def test_the_revision_this_release_needs_is_that_of_the_last_script() -> None:
    config = Config()
    config.set_main_option("script_location", "onboarder.records:migrations")

    assert ScriptDirectory.from_config(config).get_current_head() == NEWEST


def test_the_doctor_says_which_secrets_are_there_and_never_what_they_say(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Asks(Installed):
        manifest = replace(Installed.manifest, secrets=("app_key", "push_key"))

    def connector_type(name: str) -> type[Asks]:
        assert name == "rehearsal"
        return Asks

    monkeypatch.setattr("onboarder.cli.checks_of_configuration.connector_type", connector_type)
    monkeypatch.setenv("ONBOARDER_SECRET_REHEARSAL_APP_KEY", "rahasia-sekali")
    missing = office.run("doctor", "--lang", "en")
    monkeypatch.setenv("ONBOARDER_SECRET_REHEARSAL_PUSH_KEY", "rahasia-juga")
    there = office.run("doctor", "--lang", "en")

    assert "rehearsal: push_key not there" in missing.out
    assert "rehearsal: app_key, push_key" in there.out
    assert "rahasia" not in missing.out + missing.err + there.out + there.err

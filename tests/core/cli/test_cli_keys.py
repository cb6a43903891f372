"""`onboarder keys init`: a ring for an installation on servers, made once."""

import json
from pathlib import Path

import pytest

from onboarder.cli.exits import Exit
from onboarder.cli.main import main
from tests.core.cli.office import CONFIG, Office, records


@pytest.fixture
def secrets_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "secrets"
    monkeypatch.setenv("ONBOARDER_CONFIG_DIR", str(CONFIG))
    monkeypatch.setenv("ONBOARDER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ONBOARDER_SECRETS_DIR", str(folder))
    return folder


def test_init_makes_a_ring_that_only_its_owner_can_read(secrets_dir: Path) -> None:
    code = main(["keys", "init"])

    assert code == 0
    assert (secrets_dir / "keys.json").stat().st_mode & 0o777 == 0o600


def test_init_never_replaces_a_ring(secrets_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["keys", "init"])
    before = (secrets_dir / "keys.json").read_bytes()
    capsys.readouterr()

    code = main(["keys", "init", "--json"])

    assert code == 0
    assert json.loads(capsys.readouterr().out)["made"] is False
    assert (secrets_dir / "keys.json").read_bytes() == before


def test_a_ring_is_turned_shown_and_rid_of_what_nothing_needs(office: Office) -> None:
    office.said("keys", "init")
    prepared = office.said("keys", "rotate", "--prepare")
    turned = office.said("keys", "rotate")
    refused = office.run("keys", "retire", "k1", "--lang", "en")

    assert roles(prepared) == {"k1": "active root", "k2": ""}
    assert roles(turned) == {"k1": "root", "k2": "active"}
    assert refused.code == Exit.REFUSED
    assert "its root and stays" in refused.err
    office.said("keys", "rotate")
    gone = office.said("keys", "retire", "k2")
    assert roles(gone) == {"k1": "root", "k3": "active"}
    assert roles(office.said("keys", "status")) == {"k1": "root", "k3": "active"}


def test_forgetting_a_merchant_asks_first_and_takes_only_her_key(busy_office: Office) -> None:
    owner = busy_office.open_everything()[0].partition("@")[0]
    shown = busy_office.said("keys", "status")
    [before] = records(shown["keys"])

    asked = busy_office.run("keys", "forget", owner, "--lang", "en")
    done = busy_office.said("keys", "forget", owner, "--yes")
    again = busy_office.said("keys", "forget", owner, "--yes")

    assert asked.code == Exit.USAGE
    assert "Type the merchant's id" in asked.err
    assert (done["forgotten"], again["forgotten"]) == (True, False)
    [after] = records(busy_office.said("keys", "status")["keys"])
    assert (before["merchants"], after["merchants"]) == (2, 1)


def roles(said: dict[str, object]) -> dict[str, str]:
    """Each key's roles."""
    return {
        str(one["key"]): " ".join(name for name in ("active", "root") if one[name])
        for one in records(said["keys"])
    }

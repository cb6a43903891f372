"""`onboarder keys init`: a ring for an installation on servers, made once."""

import json
from pathlib import Path

import pytest

from onboarder.cli.main import main
from tests.core.cli.office import CONFIG


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

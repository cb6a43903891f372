"""Secrets at rest: bound to their row, opened only by their key, the same again where derived."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from onboarder.people.vault import Vault, open_vault
from onboarder.problems import ConfigProblem

KEY = SecretStr("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
OTHER = SecretStr("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=")
SECRET = SecretStr("rahasia")


def vault(**keys: SecretStr) -> Vault:
    ring = keys or {"k1": KEY}
    first = next(iter(ring))
    return Vault(ring, active=first, root=first)


def test_what_was_sealed_for_a_place_opens_there_again() -> None:
    sealed = vault().seal("credential|sealed|a@m", SECRET)
    assert "rahasia" not in sealed
    assert vault().open("credential|sealed|a@m", sealed) == SECRET


def test_a_value_copied_to_another_row_does_not_open() -> None:
    sealed = vault().seal("credential|sealed|a@m", SECRET)
    with pytest.raises(ConfigProblem, match="does not open"):
        vault().open("credential|sealed|b@m", sealed)


def test_a_wrong_key_of_the_same_name_says_what_to_restore() -> None:
    sealed = vault().seal("p", SECRET)
    with pytest.raises(ConfigProblem) as caught:
        vault(k1=OTHER).open("p", sealed)
    assert "backup" in caught.value.hint
    assert "rahasia" not in str(caught.value)


def test_a_missing_key_is_named() -> None:
    sealed = vault(k2=KEY).seal("p", SECRET)
    with pytest.raises(ConfigProblem, match="'k2'"):
        vault(k1=KEY).open("p", sealed)


def test_a_changed_value_does_not_open() -> None:
    sealed = vault().seal("p", SECRET)
    spoilt = sealed[:-5] + ("A" if sealed[-5] != "A" else "B") + sealed[-4:]
    with pytest.raises(ConfigProblem):
        vault().open("p", spoilt)


def test_the_same_value_is_sealed_differently_each_time() -> None:
    assert vault().seal("p", SECRET) != vault().seal("p", SECRET)


def test_older_values_open_after_the_active_key_changed() -> None:
    old = vault(k1=KEY).seal("p", SECRET)
    both = Vault({"k1": KEY, "k2": OTHER}, active="k2", root="k1")
    assert both.open("p", old) == SECRET
    assert both.seal("p", SECRET).startswith("v1.k2.")


def test_derived_secrets_are_stable_differ_by_purpose_and_follow_the_root_key() -> None:
    first = vault().derive("login knm-1").get_secret_value()
    assert vault().derive("login knm-1").get_secret_value() == first
    assert vault().derive("login knm-2").get_secret_value() != first
    assert vault(k1=OTHER).derive("login knm-1").get_secret_value() != first
    turned = Vault({"k1": KEY, "k2": OTHER}, active="k2", root="k1")
    assert turned.derive("login knm-1").get_secret_value() == first
    assert first == "87oGEBH0DWG-MCUr45ijYWfyA_dQ8Jui"


def test_a_new_key_ring_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    open_vault(tmp_path / "keys", create=True)
    path = tmp_path / "keys" / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["keys.json"]


def test_a_key_ring_is_made_only_where_that_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem, match="does not exist"):
        open_vault(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []


def test_opening_again_gives_the_same_keys(tmp_path: Path) -> None:
    sealed = open_vault(tmp_path, create=True).seal("p", SECRET)
    assert open_vault(tmp_path, create=True).open("p", sealed) == SECRET


def test_a_ring_made_meanwhile_by_another_process_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_vault(tmp_path, create=True).derive("x")

    def not_yet(_: Path) -> bool:
        return False

    monkeypatch.setattr(Path, "exists", not_yet)
    assert open_vault(tmp_path, create=True).derive("x") == first
    assert [one.name for one in tmp_path.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": 3}', '{"keys": {}, "active": "k1"}'])
def test_a_spoilt_key_ring_is_said_without_its_content(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.json").write_text(text)
    with pytest.raises(ConfigProblem, match="cannot be read"):
        open_vault(tmp_path, create=True)


def test_keys_are_not_shown_when_a_vault_is_printed(tmp_path: Path) -> None:
    made = open_vault(tmp_path, create=True)
    key = json.loads((tmp_path / "keys.json").read_text())["keys"]["k1"]
    assert key not in repr(made)
    assert key not in repr(vars(made))


@pytest.mark.processes
def test_processes_that_start_together_end_with_one_ring(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from onboarder.people.vault import open_vault;"
        "sys.stdin.readline();"
        "print(open_vault(Path(sys.argv[1]), create=True).derive('x').get_secret_value())"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "keys")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        for _ in range(4)
    ]
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = {one.communicate(timeout=60)[0] for one in started}
    assert len(said) == 1
    assert [one.name for one in (tmp_path / "keys").iterdir()] == ["keys.json"]

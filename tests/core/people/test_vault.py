"""Secrets at rest: under the merchant's own key, bound to their place, the same again where derived."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from onboarder.model.ids import MerchantId
from onboarder.people import sealing
from onboarder.people.key_ring import KeyRing, KeyRingFile
from onboarder.people.places import Place
from onboarder.people.vault import KeyGone, MerchantKey, Vault
from onboarder.problems import ConfigProblem
from tests.support.town import KeysInMemory

KEY = SecretStr("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
OTHER = SecretStr("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=")
SECRET = SecretStr("rahasia")
SITI, BUDI = MerchantId("knm-siti"), MerchantId("knm-budi")
PLACE = Place(SITI, "credential", "sealed", "knm-siti@m")


def ring(**keys: SecretStr) -> KeyRing:
    named = keys or {"k1": KEY}
    first = next(iter(named))
    return KeyRing(named, active=first, root=first)


def vault(keys: KeysInMemory | None = None, **ring_keys: SecretStr) -> Vault:
    made = ring(**ring_keys)
    return Vault(lambda: made, keys or KeysInMemory())


async def test_what_was_sealed_for_a_place_opens_there_again() -> None:
    keys = KeysInMemory()
    sealed = await vault(keys).seal(PLACE, SECRET)

    assert "rahasia" not in sealed
    assert await vault(keys).open(PLACE, sealed) == SECRET


@pytest.mark.parametrize(
    "other", [{"row": "knm-budi@m"}, {"column": "other"}, {"table": "consent_link"}]
)
async def test_a_value_copied_to_another_place_does_not_open(other: dict[str, str]) -> None:
    safe = vault()
    sealed = await safe.seal(PLACE, SECRET)

    with pytest.raises(ConfigProblem, match="does not open"):
        await safe.open(replace(PLACE, **other), sealed)  # type: ignore[arg-type]  # names of its text fields


async def test_a_value_copied_to_another_merchant_does_not_open_even_with_her_key() -> None:
    keys = KeysInMemory()
    sealed = await vault(keys).seal(PLACE, SECRET)
    keys.kept[BUDI] = replace(keys.kept[SITI], owner=BUDI)

    with pytest.raises(ConfigProblem, match="does not open"):
        await vault(keys).open(replace(PLACE, owner=BUDI), sealed)


async def test_every_merchant_has_a_key_of_their_own_and_keeps_it() -> None:
    keys = KeysInMemory()
    await vault(keys).seal(PLACE, SECRET)
    first = keys.kept[SITI]
    await vault(keys).seal(PLACE, SECRET)
    await vault(keys).seal(replace(PLACE, owner=BUDI), SECRET)

    assert keys.kept[SITI] == first
    assert keys.kept[BUDI].id != first.id


async def test_a_destroyed_key_is_gone_for_a_process_that_used_it_before() -> None:
    keys = KeysInMemory()
    safe = vault(keys)
    sealed = await safe.seal(PLACE, SECRET)
    del keys.kept[SITI]

    with pytest.raises(KeyGone):
        await safe.open(PLACE, sealed)
    again = await safe.seal(PLACE, SECRET)  # a new consent makes a new key …
    with pytest.raises(KeyGone):
        await safe.open(PLACE, sealed)  # … which opens nothing of before
    assert await safe.open(PLACE, again) == SECRET


async def test_a_wrong_ring_of_the_same_name_says_what_to_restore() -> None:
    keys = KeysInMemory()
    sealed = await vault(keys).seal(PLACE, SECRET)

    with pytest.raises(ConfigProblem) as caught:
        await vault(keys, k1=OTHER).open(PLACE, sealed)

    assert "backup" in caught.value.hint
    assert "rahasia" not in str(caught.value)


async def test_a_key_missing_from_the_ring_is_named() -> None:
    keys = KeysInMemory()
    sealed = await vault(keys, k2=KEY).seal(PLACE, SECRET)

    with pytest.raises(ConfigProblem, match="'k2'"):
        await vault(keys, k1=KEY).open(PLACE, sealed)


@pytest.mark.parametrize("kept", [-6, 30], ids=["its end", "most of it"])
async def test_a_spoilt_value_does_not_open(kept: int) -> None:
    safe = vault()
    sealed = await safe.seal(PLACE, SECRET)

    with pytest.raises(ConfigProblem):
        await safe.open(PLACE, sealed[:kept] + "AAAA")


async def test_the_same_value_is_sealed_differently_each_time() -> None:
    safe = vault()
    assert await safe.seal(PLACE, SECRET) != await safe.seal(PLACE, SECRET)


async def test_what_the_first_release_sealed_under_the_ring_itself_still_opens() -> None:
    old = "v1.k1." + sealing.seal(
        ring().key("k1"), b"rahasia", bound="credential|sealed|knm-siti@m"
    )

    assert await vault().open(PLACE, old) == SECRET
    with pytest.raises(ConfigProblem, match="does not open"):
        await vault().open(replace(PLACE, row="knm-budi@m"), old)


async def test_values_open_after_the_ring_turned_and_their_key_was_wrapped_anew() -> None:
    keys = KeysInMemory()
    sealed = await vault(keys).seal(PLACE, SECRET)
    turned = KeyRing({"k1": KEY, "k2": OTHER}, active="k2", root="k1")
    safe = Vault(lambda: turned, keys)
    keys.kept[SITI] = safe.rewrapped(keys.kept[SITI])

    assert keys.kept[SITI].ring_key == "k2"
    assert await safe.open(PLACE, sealed) == SECRET


def test_derived_secrets_are_stable_differ_by_purpose_and_follow_the_root_key() -> None:
    first = vault().derive("login knm-1").get_secret_value()
    assert vault().derive("login knm-1").get_secret_value() == first
    assert vault().derive("login knm-2").get_secret_value() != first
    assert vault(k1=OTHER).derive("login knm-1").get_secret_value() != first
    turned = KeyRing({"k1": KEY, "k2": OTHER}, active="k2", root="k1")
    assert Vault(lambda: turned, KeysInMemory()).derive("login knm-1").get_secret_value() == first
    assert first == "87oGEBH0DWG-MCUr45ijYWfyA_dQ8Jui"


def test_a_new_key_ring_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "keys.json"
    assert KeyRingFile(path.parent).create()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["keys.json"]


def test_a_ring_that_is_missing_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem, match="does not exist"):
        KeyRingFile(tmp_path).read()
    assert list(tmp_path.iterdir()) == []


def test_a_ring_made_meanwhile_by_another_process_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    KeyRingFile(tmp_path).create()
    before = (tmp_path / "keys.json").read_bytes()

    def not_yet(_: Path) -> bool:
        return False

    monkeypatch.setattr(Path, "exists", not_yet)
    assert not KeyRingFile(tmp_path).create()
    assert (tmp_path / "keys.json").read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["keys.json"]


def test_a_ring_changed_by_another_process_is_seen_at_the_next_use(tmp_path: Path) -> None:
    mine, theirs = KeyRingFile(tmp_path), KeyRingFile(tmp_path)
    mine.create()
    known = mine.read()
    theirs.write(theirs.read().with_new_key())

    assert list(known.keys) == ["k1"]
    assert list(mine.read().keys) == ["k1", "k2"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"keys": 3}',
        '{"keys": {}, "active": "k1"}',
        '{"keys": {"k1": "MDEy"}, "active": "k1", "root": "k1"}',
        '{"keys": {"k1": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}, "active": "k2", "root": "k1"}',
    ],
)
def test_a_spoilt_key_ring_is_said_without_its_content(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.json").write_text(text)
    with pytest.raises(ConfigProblem, match="cannot be read") as caught:
        KeyRingFile(tmp_path).read()
    assert "MDEy" not in str(caught.value)


def test_keys_are_not_shown_when_ring_or_merchants_key_are_printed(tmp_path: Path) -> None:
    file = KeyRingFile(tmp_path)
    file.create()
    key = json.loads(file.path.read_text())["keys"]["k1"]
    wrapped = MerchantKey(SITI, "1", "k1", "terbungkus")

    assert key not in repr(file.read())
    assert "terbungkus" not in repr(wrapped)


@pytest.mark.processes
def test_processes_that_start_together_end_with_one_ring(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from onboarder.people.key_ring import KeyRingFile;"
        "sys.stdin.readline(); ring = KeyRingFile(Path(sys.argv[1])); ring.create();"
        "print(ring.read().keys['k1'].get_secret_value())"
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

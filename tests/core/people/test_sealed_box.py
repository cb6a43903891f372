"""Boxes sealed on phones: opened by the server alone, for the merchant they were sealed for."""

import base64
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from onboarder.people.sealed_box import Box, BoxKeys, BoxSpoilt, KeyUnknown
from onboarder.problems import ConfigProblem
from tests.support.phone import sealed

SITI = "01KAR3ZZZZ0000000000000001"
NIK = b"3274010101900001"

FIXED = Box(
    "k",
    "BNNgMy+tm8g6+v9KdA3opRa/G4+z/eNg/x0Dl5wflD7i6KZgB/0nawJxJlxtsJLEoMXrjEX9xDZQLIoJX11XRfI=",
    "AAECAwQFBgcICQoL",
    "e+uljnnFXh5PLQoOWY7GmnRK+dUfnwlrPwbKyBjfgB0=",
)


@pytest.fixture
def keys(tmp_path: Path) -> BoxKeys:
    made = BoxKeys(tmp_path)
    made.create()
    return made


def test_a_box_opens_for_the_merchant_it_was_sealed_for(keys: BoxKeys) -> None:
    box = sealed(keys.public(), NIK, bound=SITI)

    assert keys.open(box, bound=SITI) == NIK
    assert NIK.decode() not in repr(box)


def test_a_box_for_another_merchant_does_not_open(keys: BoxKeys) -> None:
    box = sealed(keys.public(), NIK, bound="01KAR3ZZZZ0000000000000002")

    with pytest.raises(BoxSpoilt):
        keys.open(box, bound=SITI)


@pytest.mark.parametrize("part", ["epk", "nonce", "ct"])
@pytest.mark.parametrize("spoil", ["", "AAAA", "not base64 at all", "A" * 88])
def test_a_spoilt_box_does_not_open(keys: BoxKeys, part: str, spoil: str) -> None:
    box = sealed(keys.public(), NIK, bound=SITI)

    with pytest.raises(BoxSpoilt):
        keys.open(replace(box, **{part: spoil}), bound=SITI)


def test_a_point_that_is_not_on_the_curve_is_refused(keys: BoxKeys) -> None:
    point = base64.b64encode(b"\x04" + b"\x01" * 64).decode()

    with pytest.raises(BoxSpoilt):
        keys.open(replace(sealed(keys.public(), NIK, bound=SITI), epk=point), bound=SITI)


def test_a_key_that_is_not_ours_is_said_to_be_unknown(keys: BoxKeys, tmp_path: Path) -> None:
    other = BoxKeys(tmp_path / "other")
    other.create()

    with pytest.raises(KeyUnknown):
        keys.open(sealed(other.public(), NIK, bound=SITI), bound=SITI)


def test_old_keys_still_open_what_phones_without_signal_sealed_to_them(keys: BoxKeys) -> None:
    box = sealed(keys.public(), NIK, bound=SITI)
    turned(keys.path)

    assert keys.public().id != box.key_id
    assert keys.open(box, bound=SITI) == NIK


def test_browsers_and_the_server_agree_on_every_byte(tmp_path: Path) -> None:
    """A fixed box: whoever changes a parameter on one side finds out here."""
    private = ec.derive_private_key(0x5A17, ec.SECP256R1())
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    text = json.dumps({"active": "k", "keys": {"k": base64.b64encode(der).decode()}})
    (tmp_path / "boxes.json").write_text(text)

    assert BoxKeys(tmp_path).open(FIXED, bound=SITI) == NIK


def test_only_its_owner_may_read_the_file_and_it_is_made_once(tmp_path: Path) -> None:
    assert BoxKeys(tmp_path).create()
    assert not BoxKeys(tmp_path).create()
    assert stat.S_IMODE(BoxKeys(tmp_path).path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{}", '{"active": "a", "keys": {}}', '{"keys": 1}'])
def test_a_spoilt_file_says_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "boxes.json").write_text(content)

    with pytest.raises(ConfigProblem, match="cannot be read"):
        BoxKeys(tmp_path).public()


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem) as raised:
        BoxKeys(tmp_path).public()

    assert "onboarder keys init" in raised.value.hint


def turned(path: Path) -> None:
    """A new key becomes the active one; the old one stays."""
    other = BoxKeys(path.parent / "new")
    other.create()
    old, new = json.loads(path.read_text()), json.loads(other.path.read_text())
    path.write_text(json.dumps({"active": new["active"], "keys": old["keys"] | new["keys"]}))

"""Secrets at rest: sealed with AES-256-GCM under a key ring, bound to the row they belong to.

A sealed value copied to another row does not open. `derive` gives stable secrets (a login's password) that survive the
restore of an older backup, because they follow from the key and not from a stored value.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from onboarder.problems import ConfigProblem

KEY_BYTES = 32
NONCE_BYTES = 12


class Vault:
    """Seals and opens values. `keys` maps key ids to base64 keys; new values use `active`, passwords use `root`."""

    def __init__(self, keys: Mapping[str, SecretStr], *, active: str, root: str) -> None:
        self._keys = {name: base64.b64decode(key.get_secret_value()) for name, key in keys.items()}
        self._active = active
        self._root = root

    def seal(self, place: str, value: SecretStr) -> str:
        """The value encrypted for one place (table, row, column). Different each time."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = AESGCM(self._keys[self._active])
        sealed = cipher.encrypt(nonce, value.get_secret_value().encode(), place.encode())
        return f"v1.{self._active}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, place: str, sealed: str) -> SecretStr:
        """The value again; `ConfigProblem` if its key is missing or it was sealed for another place."""
        version, key, text = sealed.split(".", 2)
        if version != "v1" or key not in self._keys:
            raise ConfigProblem(
                f"no key {key!r} in the key ring",
                hint="restore keys.json from its backup",
                id_message=f"kunci {key!r} tidak ada di gelang kunci",
                id_hint="pulihkan keys.json dari cadangan",
            )
        raw = base64.b64decode(text)
        try:
            plain = AESGCM(self._keys[key]).decrypt(
                raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()
            )
        except InvalidTag:
            raise ConfigProblem(
                f"the secret stored for {place} does not open with key {key!r}",
                hint="restore keys.json or the database from the same backup",
                id_message=f"rahasia untuk {place} tidak terbuka dengan kunci {key!r}",
                id_hint="pulihkan keys.json atau basis data dari cadangan yang sama",
            ) from None
        return SecretStr(plain.decode())

    def derive(self, purpose: str) -> SecretStr:
        """A stable 192-bit secret for a purpose, as URL-safe text."""
        derived = HKDF(hashes.SHA256(), 24, salt=None, info=purpose.encode()).derive(
            self._keys[self._root]
        )
        return SecretStr(base64.urlsafe_b64encode(derived).decode())


def open_vault(folder: Path, *, create: bool) -> Vault:
    """The vault of the key ring file FOLDER/keys.json; made (readable by the owner only) if `create` and missing."""
    path = folder / "keys.json"
    if create and not path.exists():
        _create(path)
    try:
        ring = json.loads(path.read_text(encoding="utf-8"))
        keys = {str(name): SecretStr(str(key)) for name, key in ring["keys"].items()}
        return Vault(keys, active=str(ring["active"]), root=str(ring["root"]))
    except FileNotFoundError:
        raise ConfigProblem(
            f"key ring {path} does not exist",
            hint="put keys.json there from its backup, or make a new one with: onboarder keys init",
            id_message=f"gelang kunci {path} tidak ada",
            id_hint="taruh keys.json dari cadangan di situ, atau buat baru dengan: onboarder keys init",
        ) from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise ConfigProblem(
            f"key ring {path} cannot be read",
            hint="restore it from its backup",
            id_message=f"gelang kunci {path} tidak bisa dibaca",
            id_hint="pulihkan dari cadangan",
        ) from None


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    text = json.dumps({"active": "k1", "root": "k1", "keys": {"k1": key}})
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    try:
        os.link(fresh, path)  # the first of several processes wins; nobody overwrites a ring
    except FileExistsError:
        pass
    finally:
        fresh.unlink()

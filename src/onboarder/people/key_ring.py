"""The ring of keys that merchants' keys are kept under: one small file, kept apart from every database.

New keys are wrapped under the `active` one. Secrets are derived from the `root`, which therefore stays on the ring for
ever.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from onboarder.people import sealing
from onboarder.people.private_file import PrivateFile
from onboarder.problems import ConfigProblem, RefusedProblem

NAME = "keys.json"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Key ids to base64 keys, oldest first."""

    keys: Mapping[str, SecretStr]
    active: str
    root: str

    def key(self, name: str) -> bytes:
        """The key; `ConfigProblem` if it is not on the ring."""
        if name not in self.keys:
            raise ConfigProblem(
                f"no key {name!r} in the key ring",
                hint="restore keys.json from its backup, or copy it from the host that changed it last",
                id_message=f"kunci {name!r} tidak ada di gelang kunci",
                id_hint="pulihkan keys.json dari cadangan, atau salin dari mesin yang terakhir mengubahnya",
            )
        return base64.b64decode(self.keys[name].get_secret_value())

    @property
    def prepared(self) -> str | None:
        """The key after the active one: on the ring already, but nothing is kept under it yet."""
        names = list(self.keys)
        following = names[names.index(self.active) + 1 :]
        return following[0] if following else None

    def with_new_key(self) -> "KeyRing":
        """One key more, not active yet."""
        numbers = [int(name[1:]) for name in self.keys if name[1:].isdigit()]
        name = f"k{max(numbers, default=0) + 1}"
        text = base64.b64encode(sealing.new_key()).decode()
        return replace(self, keys={**self.keys, name: SecretStr(text)})

    def without(self, name: str) -> "KeyRing":
        """One key less; `RefusedProblem` for the active key and the root."""
        self.key(name)
        if name in {self.active, self.root}:
            raise RefusedProblem(
                f"key {name!r} is the ring's active key or its root and stays",
                hint="see: onboarder keys status",
                id_message=f"kunci {name!r} adalah kunci aktif atau kunci akar dan tetap di gelang",
                id_hint="lihat: onboarder keys status",
            )
        return replace(self, keys={one: key for one, key in self.keys.items() if one != name})


class KeyRingFile:
    """The ring in FOLDER/keys.json. A change by another process is seen at the next use."""

    def __init__(self, folder: Path) -> None:
        self._file = PrivateFile(folder / NAME)
        self.path = self._file.path
        self._known: tuple[object, KeyRing] | None = None

    def read(self) -> KeyRing:
        """The ring as it is now; `ConfigProblem` if it is missing or spoilt."""
        version = self._version()
        if self._known is None or self._known[0] != version:
            self._known = version, self._parsed()
        return self._known[1]

    def create(self) -> bool:
        """Make the ring, readable by its owner only, where there is none; False if there was. Safe to repeat."""
        text = base64.b64encode(sealing.new_key()).decode()
        return self._file.create(_text(KeyRing({"k1": SecretStr(text)}, active="k1", root="k1")))

    def write(self, ring: KeyRing) -> None:
        """Replace the ring at once and durably: after a power cut it is the old one or the new one."""
        self._file.replace(_text(ring))

    def _version(self) -> object:
        try:
            return self._file.version()
        except FileNotFoundError:
            raise ConfigProblem(
                f"key ring {self.path} does not exist",
                hint="put keys.json there from its backup, or make a new one with: onboarder keys init",
                id_message=f"gelang kunci {self.path} tidak ada",
                id_hint="taruh keys.json dari cadangan di situ, atau buat baru dengan: onboarder keys init",
            ) from None
        except OSError:  # it may be whole: nobody is told to make a new one
            raise self._unreadable() from None

    def _parsed(self) -> KeyRing:
        try:
            return _ring(json.loads(self._file.read()))
        except (OSError, ValueError, LookupError, AttributeError, TypeError, ConfigProblem):
            raise self._unreadable() from None

    def _unreadable(self) -> ConfigProblem:
        return ConfigProblem(
            f"key ring {self.path} cannot be read",
            hint="see that the user who runs onboarder can reach it, or restore it from its backup",
            id_message=f"gelang kunci {self.path} tidak bisa dibaca",
            id_hint="pastikan pengguna yang menjalankan onboarder bisa membukanya, atau pulihkan dari cadangan",
        )


def _text(ring: KeyRing) -> str:
    keys = {name: key.get_secret_value() for name, key in ring.keys.items()}
    return json.dumps({"active": ring.active, "root": ring.root, "keys": keys})


def _ring(read: dict[str, dict[str, object]]) -> KeyRing:
    keys = {name: SecretStr(str(key)) for name, key in read["keys"].items()}
    ring = KeyRing(keys, active=str(read["active"]), root=str(read["root"]))
    if any(len(ring.key(name)) != sealing.KEY_BYTES for name in (ring.active, ring.root, *keys)):
        raise ValueError("a key of another length")
    return ring

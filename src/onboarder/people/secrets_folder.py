"""What marketplaces gave the programme (an app's key, say): one file each, outside the configuration and the database."""

import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from onboarder.problems import ConfigProblem

LARGEST = 16 * 1024
"""Bytes of one secret."""


class SecretsFolder:
    """Reads FOLDER/OWNER/NAME, else the variable ONBOARDER_SECRET_<OWNER>_<NAME> of the environment it is given.

    A dot in a name is an underline in the variable's.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment

    def read(self, owner: str, name: str) -> SecretStr | None:
        """The secret without the blanks around it; None if there is none. Looks anew each time.

        `ConfigProblem` for a file that others than its owner may read, or that cannot be read.
        """
        path = self._folder / owner / name
        try:
            if path.is_file():
                return _from_file(path)
        except OSError as error:
            raise _unreadable(path, error.strerror or type(error).__name__) from None
        given = self._environment.get(f"ONBOARDER_SECRET_{owner}_{name}".upper().replace(".", "_"))
        return SecretStr(given.strip()) if given and given.strip() else None


def _from_file(path: Path) -> SecretStr | None:
    status = path.stat()
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise ConfigProblem(
            f"the secret {path} may be read by others",
            hint=f"chmod 600 {path}",
            id_message=f"rahasia {path} bisa dibaca orang lain",
            id_hint=f"chmod 600 {path}",
        )
    if status.st_size > LARGEST:
        raise _unreadable(path, f"more than {LARGEST} bytes")
    try:
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise _unreadable(path, "not UTF-8") from None
    return SecretStr(text) if text else None


def _unreadable(path: Path, why: str) -> ConfigProblem:
    return ConfigProblem(
        f"the secret {path} cannot be read: {why}",
        hint="put it there again, readable by the user who runs onboarder only",
        id_message=f"rahasia {path} tidak bisa dibaca: {why}",
        id_hint="taruh lagi di sana, hanya bisa dibaca oleh pengguna yang menjalankan onboarder",
    )

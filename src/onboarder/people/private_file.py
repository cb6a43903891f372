"""A small file of secrets, readable by its owner only, that several processes share."""

import os
from pathlib import Path


class PrivateFile:
    """Written whole and durably, or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def version(self) -> object:
        """Differs after every change; FileNotFoundError if there is no such file."""
        seen = self.path.stat()
        return seen.st_ino, seen.st_mtime_ns, seen.st_size

    def read(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def create(self, text: str) -> bool:
        """Make the file where there is none; False if there was. Safe to repeat."""
        if self.path.exists():
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._written(text)
        try:
            os.link(fresh, self.path)  # the first of several processes wins; none overwrites
        except FileExistsError:
            return False
        finally:
            fresh.unlink()
        return True

    def replace(self, text: str) -> None:
        """After a power cut it holds the old text or the new one."""
        self._written(text).replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _written(self, text: str) -> Path:
        fresh = self.path.with_suffix(f".{os.getpid()}.new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return fresh

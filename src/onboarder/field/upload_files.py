"""The files of uploads under way, one each. Whatever `write` returned from is on the disk."""

import hashlib
import os
from pathlib import Path


class UploadFiles:
    """DATA_DIR/uploads/ULID. Blocking: not for the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, offset: int, piece: bytes) -> None:
        """Write the piece at its place, durably. Safe to repeat."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(name)
        fresh = not path.exists()
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            written = 0
            while written < len(piece):
                written += os.pwrite(file, piece[written:], offset + written)
            os.fsync(file)
        finally:
            os.close(file)
        if fresh:
            self._keep_entry()

    def size(self, name: str) -> int:
        """Bytes there; 0 if there is no file."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, name: str, size: int) -> bytes | None:
        """The whole file as announced; None if it is shorter."""
        try:
            with self._path(name).open("rb") as file:
                content = file.read(size)
        except FileNotFoundError:
            return None
        return content if len(content) == size else None

    def remove(self, name: str) -> None:
        """Safe to repeat."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not name.isalnum():
            raise ValueError("no name of an upload")
        return self._folder / name

    def _keep_entry(self) -> None:
        """The folder's entry survives a power cut too."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def fits(content: bytes, sha256: str) -> bool:
    """Whether the content is what was announced."""
    return hashlib.sha256(content).hexdigest() == sha256

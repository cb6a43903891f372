"""Photos that are kept already: looked up and read, without what cleans new ones."""

from pathlib import Path

from onboarder.model.ids import PhotoHash


class KeptPhotos:
    """A directory of cleaned JPEGs: `ab/abcdef….jpg` by SHA-256. Several processes may share it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, photo: PhotoHash) -> bytes:
        """The JPEG's bytes; KeyError if there is none, or if the hash is no hash."""
        try:
            return self.path(photo).read_bytes()
        except FileNotFoundError:
            raise KeyError(photo) from None

    def path(self, photo: PhotoHash) -> Path:
        """Where the photo is or would be; KeyError if the hash is no hash (so that no path can be smuggled in)."""
        return self._directory / photo_name(photo)


def photo_name(photo: PhotoHash) -> str:
    """The photo's place in the directory; KeyError if the hash is no hash."""
    if len(photo) != 64 or not set(photo) <= set("0123456789abcdef"):
        raise KeyError(photo)
    return f"{photo[:2]}/{photo}.jpg"

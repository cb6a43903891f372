"""Photos kept once each, by the hash of their cleaned bytes."""

import hashlib
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile

from PIL import ExifTags, Image

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.kept_photos import KeptPhotos
from onboarder.intake.rules import PhotoLimits
from onboarder.model.ids import PhotoHash

_FORMATS = ("JPEG", "PNG", "WEBP")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by the orientation in its EXIF."""
_RECIPE = "1"
"""Goes into the memory of what was cleaned already; raise it when cleaning changes."""


class PhotoStore(KeptPhotos):
    """Takes new ones in besides."""

    def __init__(
        self,
        directory: Path,
        limits: PhotoLimits,
        *,
        clean: Callable[[bytes, PhotoLimits], bytes] | None = None,
    ) -> None:
        """`clean` cleans pictures elsewhere, in child processes say; by default right here."""
        super().__init__(directory)
        self._limits = limits
        self._clean = clean or clean_photo
        self._recipe = f"{_RECIPE}-{limits.longest_side}-{limits.quality}"

    def put(self, original: bytes) -> PhotoHash:
        """Clean and keep a picture; safe to repeat, an original seen before costs one read. Raises Asked, OSError.

        CPU heavy (about 0.1 s per 12 megapixels): not for the event loop.
        """
        note = self._note(hashlib.sha256(original).hexdigest())
        if note.is_file():
            known = PhotoHash(note.read_text(encoding="ascii"))
            if self.path(known).is_file():
                return known
        cleaned = self._clean(original, self._limits)
        kept = PhotoHash(hashlib.sha256(cleaned).hexdigest())
        if not self.path(kept).is_file():
            _write(self.path(kept), cleaned)
        _write(note, kept.encode("ascii"))
        return kept

    def _note(self, digest: str) -> Path:
        return self._directory / "cleaned" / self._recipe / digest[:2] / digest


def clean_photo(original: bytes, limits: PhotoLimits) -> bytes:
    """A JPEG without metadata, upright, within the limits; equal bytes for equal bytes. Raises Asked."""
    if len(original) > limits.file_megabytes << 20:
        raise Asked(AskedCode.PHOTO_UNREADABLE)
    try:
        with Image.open(BytesIO(original), formats=_FORMATS) as image:
            if image.width * image.height > limits.megapixels * 1_000_000:
                raise Asked(AskedCode.PHOTO_UNREADABLE)
            return _jpeg(image, limits)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # decoders raise anything over foreign bytes
        raise Asked(AskedCode.PHOTO_UNREADABLE) from None


def _jpeg(image: Image.Image, limits: PhotoLimits) -> bytes:
    side = limits.longest_side
    image.draft("RGB", (side, side))
    image.load()
    upright = _upright(image)
    upright.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = BytesIO()
    _flat(upright).save(out, "JPEG", quality=limits.quality, optimize=True)
    return out.getvalue()


def _upright(image: Image.Image) -> Image.Image:
    """By the camera's word alone: the rest of what it wrote beside the picture is not read, for it may make no sense."""
    turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return image if turn is None else image.transpose(turn)


def _flat(image: Image.Image) -> Image.Image:
    """RGB on white, without the metadata that a copy would carry along."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGB", layer.size, "white")
        white.paste(layer, mask=layer.getchannel("A"))
        return white
    plain = image.convert("RGB")
    plain.info.clear()
    return plain


def _write(path: Path, content: bytes) -> None:
    """All or nothing, also for those who read meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)

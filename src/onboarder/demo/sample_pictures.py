"""Drawn pictures for the sample's goods; they carry metadata like a phone's photos, some are one picture twice."""

from hashlib import sha256
from pathlib import Path

from PIL import Image, ImageDraw

from onboarder.demo.sample_words import SampleWords

_SIZE = (640, 480)
_ORIENTATION, _MAKER, _PLACE = 0x0112, 0x010F, 0x8825
_TURNED = 6


def draw_pictures(words: SampleWords, folder: Path) -> Path:
    """One JPEG per thing sold, marked CONTOH; the last two of every kind of stall look the same. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, stall in enumerate(words.kinds):
        items = words.items(kind)
        for item in items:
            _draw(folder / item.picture, stall.goods if item in items[-2:] else item.name)
    for item in words.hostile_items:
        _draw(folder / item.picture, item.picture)
    return folder


def _draw(path: Path, subject: str) -> None:
    digest = sha256(subject.encode()).digest()
    picture = Image.new("RGB", _SIZE, (digest[0], digest[1], digest[2]))
    pen = ImageDraw.Draw(picture)
    left, top = 60 + digest[3] % 120, 60 + digest[4] % 80
    pen.ellipse((left, top, left + 320, top + 260), fill=(digest[5], digest[6], digest[7]))
    pen.text((20, 20), f"CONTOH: {subject}", fill="white", stroke_width=1, stroke_fill="black")
    exif = Image.Exif()
    exif[_MAKER] = "Kamera contoh"
    exif[_ORIENTATION] = _TURNED if digest[8] % 4 == 0 else 1
    exif[_PLACE] = {1: "S", 2: (6.0, 43.0, 0.0), 3: "E", 4: (108.0, 33.0, 0.0)}
    picture.save(path, "JPEG", quality=80, exif=exif)

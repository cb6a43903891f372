"""Pictures: the product's pipeline beside the imaging library alone."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from PIL import Image
from pydantic import TypeAdapter

from tools.bench.lag import lag_row
from tools.bench.photo_run import PhotoRun
from tools.bench.processes import child
from tools.bench.question import Question, Row, Size

PICTURES, SHORT = 40, 8
WIDE, HIGH = 4000, 3000
"""12 megapixels, as phones take them."""
ROTATED = 6
"""Of Exif's orientations: held upright."""
ORIENTATION = 0x0112
LEAST = 0.9


def measure(size: Size) -> Sequence[Row]:
    ours: list[PhotoRun] = []
    alone: list[PhotoRun] = []
    with TemporaryDirectory(prefix="onboarder-bench-") as folder:
        _draw(Path(folder), size.of(PICTURES, SHORT))
        for _ in range(size.rounds):
            alone.append(_RUN.validate_json(child("photo_run", folder, "pillow")))
            ours.append(_RUN.validate_json(child("photo_run", folder, "pipeline")))
    speed = [one.pictures / one.seconds for one in ours]
    reference = [one.pictures / one.seconds for one in alone]
    shares = tuple(mine / theirs for mine, theirs in zip(speed, reference, strict=True))
    return [
        Row(what="pipeline in child processes: pictures", unit="/s", values=tuple(speed)),
        Row(what="Pillow alone, as many processes: pictures", unit="/s", values=tuple(reference)),
        Row(what="pictures a second: pipeline / Pillow alone", values=shares, at_least=LEAST),
        lag_row([one.lag_ms for one in ours], "pipeline"),
    ]


def _draw(folder: Path, number: int) -> None:
    """Pictures with as much detail as photographs have, all different."""
    random = Random(7)  # noqa: S311  # the same pictures every time
    for place in range(number):
        rough = Image.effect_noise((WIDE // 8, HIGH // 8), random.uniform(30, 60))
        picture = rough.resize((WIDE, HIGH), Image.Resampling.BICUBIC).convert("RGB")
        exif = Image.Exif()
        exif[ORIENTATION] = ROTATED if place % 2 else 1
        picture.save(folder / f"{place:03}.jpg", quality=88, exif=exif)


_RUN = TypeAdapter(PhotoRun)
QUESTION = Question(
    "Photos",
    "Photos of 12 megapixels are decoded, turned upright, stripped of metadata, resized and encoded: by the pipeline, "
    "asked from an event loop, and by the imaging library alone in as many processes.",
    measure,
)

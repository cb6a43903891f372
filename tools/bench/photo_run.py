"""Pictures cleaned, measured from inside: `python -m tools.bench.photo_run FOLDER pillow|pipeline`. Prints JSON.

`pillow` is the imaging library alone, with as many processes; `pipeline` is the product's, asked from an event loop whose
lag is watched.
"""

import asyncio
import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from onboarder.intake.photo_children import CHILDREN, PhotoChildren
from onboarder.intake.rules import IntakeRules, PhotoLimits
from tools.bench.lag import lag_watched
from tools.bench.market import ROOT


@dataclass(frozen=True, slots=True)
class PhotoRun:
    pictures: int
    seconds: float
    lag_ms: float


def alone(original: bytes, side: int, quality: int) -> bytes:
    """What anybody would write with the library: shrink on load, upright, resized, encoded without metadata."""
    with Image.open(BytesIO(original)) as image:
        image.draft("RGB", (side, side))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((side, side), Image.Resampling.LANCZOS)
        out = BytesIO()
        upright.convert("RGB").save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


async def pipeline(pictures: list[bytes], limits: PhotoLimits) -> PhotoRun:
    with PhotoChildren() as children:
        await asyncio.gather(*(asyncio.to_thread(children, pictures[0], limits) for _ in range(4)))
        async with lag_watched() as lag:
            began = time.perf_counter()
            work = (asyncio.to_thread(children, one, limits) for one in pictures)
            await asyncio.gather(*work)
            return PhotoRun(len(pictures), time.perf_counter() - began, lag.p99)


def pillow(pictures: list[bytes], limits: PhotoLimits) -> PhotoRun:
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(CHILDREN, context) as pool:
        sides, qualities = [limits.longest_side] * len(pictures), [limits.quality] * len(pictures)
        list(pool.map(alone, pictures[:4], sides, qualities))
        began = time.perf_counter()
        list(pool.map(alone, pictures, sides, qualities))
        return PhotoRun(len(pictures), time.perf_counter() - began, 0.0)


def main(folder: Path, kind: str) -> PhotoRun:
    pictures = [one.read_bytes() for one in sorted(folder.glob("*.jpg"))]
    limits = IntakeRules.load(ROOT / "config").limits.photos
    if kind == "pillow":
        return pillow(pictures, limits)
    return asyncio.run(pipeline(pictures, limits))


if __name__ == "__main__":
    json.dump(asdict(main(Path(sys.argv[1]), sys.argv[2])), sys.stdout)

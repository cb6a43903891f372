"""Pictures for the guides, taken while the tests run and only when a folder for them is named."""

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

FOLDER = "ONBOARDER_TEST_PICTURES"
COLOURS = 64
"""Enough for flat pages; a picture stays far below a hundred kilobytes."""


def picture(page: Page, name: str) -> None:
    """What the page shows once passing messages are gone, as NAME.png. Without a named folder nothing happens."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return
    page.locator("#said p").wait_for(state="detached")
    taken = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
    small = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(Path(folder) / f"{name}.png", optimize=True)

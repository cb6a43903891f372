"""A link as a QR code: for the terminal, for a page, or as a file to print."""

from io import StringIO
from pathlib import Path

import segno

from onboarder.problems import UsageProblem

FILES = (".svg", ".png")
BORDER = 2
"""White modules around the code on a screen; on paper the standard's four."""


def for_screen(link: str) -> str:
    """In half blocks, light on dark, as dark terminals show it best."""
    text = StringIO()
    segno.make(link, error="m", micro=False).terminal(text, compact=True, border=BORDER)
    return text.getvalue().rstrip("\n")


def for_page(link: str) -> str:
    """As an SVG element that takes the size of its place."""
    code = segno.make(link, error="m", micro=False)
    return code.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None)


def write_file(link: str, path: Path) -> None:
    """Readable by the owner only: whoever holds the link can use it. `UsageProblem` for an unknown kind of file."""
    if path.suffix.lower() not in FILES:
        raise UsageProblem(
            f"--qr writes {' or '.join(FILES)}, not {path.suffix or path.name!r}",
            id_message=f"--qr menulis {' atau '.join(FILES)}, bukan {path.suffix or path.name!r}",
        )
    path.touch(mode=0o600)
    segno.make(link, error="m", micro=False).save(str(path), scale=8)

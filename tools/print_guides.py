"""Print the guides of docs/panduan as PDF, two A4 pages each.

`python -m tools.print_guides [FOLDER]` writes them into FOLDER (default: var/panduan) with the browser tests' Chromium.
"""

import base64
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from playwright.sync_api import sync_playwright

GUIDES = Path(__file__).parents[1] / "docs" / "panduan"
CHROMIUM = "/usr/bin/chromium"
STYLE = """
@page { size: A4; margin: 12mm 14mm; }
body { font: 10.5pt/1.38 system-ui, sans-serif; color: #111; margin: 0; }
h1 { font-size: 19pt; margin: 0 0 4pt; }
h2 { font-size: 13pt; margin: 10pt 0 3pt; break-after: avoid; }
p, ul, ol, table { margin: 3pt 0; }
ul, ol { padding-left: 16pt; }
table { width: 100%; border-collapse: collapse; break-inside: avoid; }
th, td { text-align: left; vertical-align: top; padding: 2pt 4pt; border-bottom: .5pt solid #999; }
img { display: block; max-width: 100%; max-height: 62mm; margin: 2pt auto; border: .5pt solid #999; }
"""


def main(folder: Path) -> int:
    """Print every guide; returns the number of guides that need more or fewer pages than two."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for guide in sorted(GUIDES.glob("*.md")):
        pdf = printed(guide)
        to = folder / f"{guide.stem}.pdf"
        to.write_bytes(pdf)
        print(f"{to}: {pages(pdf)} pages")
        wrong += pages(pdf) != 2
    return wrong


def printed(guide: Path) -> bytes:
    """The guide as PDF, its pictures inside."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page()
        page.set_content(as_page(guide))
        pdf = page.pdf(prefer_css_page_size=True)
        browser.close()
    return pdf


def as_page(guide: Path) -> str:
    """The guide as one page of HTML that needs no other file."""
    body = str(MarkdownIt().enable("table").render(guide.read_text(encoding="utf-8")))
    inside = re.sub(r'src="([^"]+)"', lambda one: f'src="{_data(guide.parent / one[1])}"', body)
    return f'<!doctype html><html lang="id"><style>{STYLE}</style>{inside}'


def pages(pdf: bytes) -> int:
    return sum(1 for _ in _page_marks(pdf))


def _page_marks(pdf: bytes) -> Iterator[re.Match[bytes]]:
    return re.finditer(rb"/Type\s*/Page\b", pdf)


def _data(picture: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/panduan")))

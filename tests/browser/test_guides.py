"""The printed guides: two pages each, and pictures that are there and light."""

import re
from pathlib import Path

import pytest
from tools.print_guides import GUIDES, as_page, pages, printed

PICTURES = sorted((GUIDES / "gambar").glob("*.png"))
MOST_BYTES = 100_000
BOTH = sorted(GUIDES.glob("*.md"))


@pytest.mark.browser
@pytest.mark.parametrize("guide", BOTH, ids=lambda guide: guide.stem)
def test_a_guide_is_printed_on_two_pages(guide: Path) -> None:
    assert pages(printed(guide)) == 2


def test_there_is_a_guide_for_canvassers_and_one_for_coordinators() -> None:
    assert [one.stem for one in BOTH] == ["canvasser", "koordinator"]


def test_every_picture_is_light_and_in_a_guide() -> None:
    named = {
        name
        for guide in BOTH
        for name in re.findall(r"\(gambar/([^)]+)\)", guide.read_text(encoding="utf-8"))
    }

    assert {one.name for one in PICTURES} == named
    assert [one.name for one in PICTURES if one.stat().st_size > MOST_BYTES] == []


def test_a_printed_guide_needs_no_other_file() -> None:
    addresses = [
        address for guide in BOTH for address in re.findall(r'src="(\w+:)', as_page(guide))
    ]

    assert set(addresses) == {"data:"}

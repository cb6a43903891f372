"""Names, e-mail addresses, and places within a market."""

import re

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell, folded, line

PERSON_CHARACTERS = 100
BETWEEN = " / "
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_WORD = re.compile(r"^(?:blok|block|los|kios|no)\b", re.IGNORECASE)
_BLOCK = re.compile(r"^(?:blok|block)\b\s*", re.IGNORECASE)


def read_person(cell: Cell) -> str:
    """The name of a person or a shop. Raises Asked."""
    return read_name(cell, PERSON_CHARACTERS)


def read_name(cell: Cell, longest: int) -> str:
    """A name has letters (of any script) and is not endless. Raises Asked."""
    text = line(cell)
    if len(text) > longest or not any(character.isalpha() for character in text):
        raise Asked(AskedCode.NAME_UNCLEAR)
    return text


def read_email(cell: Cell) -> str:
    """In lower case. Raises Asked."""
    text = folded(cell)
    if not _EMAIL.fullmatch(text):
        raise Asked(AskedCode.EMAIL_UNCLEAR)
    return text


def place_of(block: str, stall: str, before: str = "") -> str:
    """`B`, `12` is `Blok B / Los 12`, after what else is known of the place."""
    parts = (before, _named("Blok", block), _named("Los", stall))
    return BETWEEN.join(part for part in parts if part)


def block_and_stall(place: str) -> tuple[str, str]:
    """The two again; a place that was written otherwise is all stall."""
    first, _, rest = place.partition(BETWEEN)
    if not _BLOCK.match(first):
        return "", place.removeprefix("Los ")
    return first.removeprefix("Blok "), rest.removeprefix("Los ")


def _named(word: str, text: str) -> str:
    return f"{word} {text}" if text and not _WORD.match(text) else text

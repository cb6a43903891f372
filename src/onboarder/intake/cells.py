"""Cells as spreadsheets give them, and the text a person sees in them."""

import unicodedata
from datetime import date, datetime
from typing import TypeAlias

Cell: TypeAlias = str | float | bool | date
"""An empty cell is ''. Numbers are floats as in spreadsheets; a date may carry a time."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
"""First characters that make a spreadsheet take a text for a formula (OWASP, CSV injection)."""
_NOTHING = {"", "-", "--", "–", "—", "n/a", "#n/a"}


def text_of(cell: Cell) -> str:
    """What a person sees: whole numbers without a decimal point, dates as dd/mm/yyyy."""
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case datetime() | date():
            return f"{cell:%d/%m/%Y}"
        case float() | int():
            return str(int(cell)) if float(cell).is_integer() else repr(cell)


def line(cell: Cell) -> str:
    """The cell as one clean line: no control characters, single blanks, composed letters."""
    return " ".join(paragraph(cell).split())


def paragraph(cell: Cell) -> str:
    """The cell's text without control characters; line breaks stay."""
    composed = unicodedata.normalize("NFC", _unquoted(text_of(cell)))
    kept = composed if composed.isprintable() else "".join(map(_visible, composed))
    return "\n".join(part.strip() for part in kept.split("\n")).strip()


def folded(cell: Cell) -> str:
    """The cell's text as parsers compare it: compatibility forms resolved, lower case, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", _unquoted(text_of(cell))).casefold().split())


def empty(cell: Cell) -> bool:
    """Nothing written: blank, or one of the dashes that stand for nothing in registers."""
    return isinstance(cell, str) and cell.strip().casefold() in _NOTHING


def _unquoted(text: str) -> str:
    """The text without the apostrophe that keeps a spreadsheet from taking it for a formula or number."""
    quoted = len(text) > 1 and text[0] == "'" and (text[1].isdigit() or text[1] in FORMULA_STARTS)
    return text[1:] if quoted else text


def _visible(character: str) -> str:
    """Line breaks and the joiner inside emoji stay; other control and format characters do not."""
    category = unicodedata.category(character)
    if category not in {"Cc", "Cf", "Cs", "Co", "Cn"} or character in "\n\u200d":
        return character
    return " " if category == "Cc" else ""

"""Opening and saving the seller's workbook so that nothing of it is lost unsaid."""

import re
import warnings
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.worksheet.worksheet import Worksheet

from onboarder.problems import UsageProblem

WRITTEN_ANEW = re.compile(
    r"(_rels/|docProps/|xl/_rels/|xl/worksheets/_rels/|xl/worksheets/sheet[^/]*\.xml$|xl/calcChain\.xml$"
    r"|xl/sharedStrings\.xml$|xl/printerSettings/|xl/(drawings|comments|media|charts|theme)|\[Content_Types\])"
)
"""Parts that are written under another name, or that any spreadsheet program makes again."""
RENUMBERED = tuple(
    map(
        re.compile,
        (r"xl/drawings/drawing", r"xl/media/", r"xl/charts/chart", r"xl/(comments/)?comment"),
    )
)
"""Kinds of parts of which there must be as many as before."""
_DAMAGED = (
    BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
)
"""What openpyxl raises over what is no workbook."""
DROPPED = "will be removed"
"""How openpyxl announces what it cannot keep."""


def open_workbook(content: bytes) -> Workbook:
    """`UsageProblem` if it is no workbook, or holds what could not be written back."""
    with _noting() as noted:
        try:
            book = load_workbook(BytesIO(content), rich_text=True)
        except _DAMAGED:
            raise not_understood("it is no .xlsx workbook", "bukan buku kerja .xlsx") from None
    lost = [one for one in noted if DROPPED in one]
    if lost:
        raise _would_lose(lost[0])
    return book


def save_workbook(book: Workbook, original: bytes) -> bytes:
    """`UsageProblem` naming the part if one of the original's parts would be missing."""
    made = BytesIO()
    book.save(made)
    with ZipFile(BytesIO(original)) as before, ZipFile(made) as after:
        lost = list(_lost(before.namelist(), after.namelist()))
    if lost:
        raise _would_lose(lost[0])
    return made.getvalue()


def put(sheet: Worksheet, row: int, column: int, value: str | float) -> None:
    """Write a cell and leave its format alone; a text never becomes a formula."""
    cell = sheet.cell(row, column)
    if not isinstance(cell, Cell):
        raise not_understood(f"row {row} is merged", f"baris {row} digabung")
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub(" ", value)
        cell.data_type = "s"
    else:
        cell.value = value


def text_in(sheet: Worksheet, row: int, column: int) -> str:
    """What stands in the cell, as text."""
    value = sheet.cell(row, column).value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def not_understood(english: str, indonesian: str) -> UsageProblem:
    return UsageProblem(
        f"this is not a template that can be filled without guessing: {english}",
        hint="download a fresh Template Dasar in Seller Centre (Produk Saya > Tambah Massal) and hand it in unopened",
        id_message=f"template ini tidak bisa diisi tanpa menebak: {indonesian}",
        id_hint="unduh lagi Template Dasar di Seller Centre (Produk Saya > Tambah Massal), lalu pakai tanpa membukanya",
    )


def _lost(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield from (one for one in before if one not in after and not WRITTEN_ANEW.match(one))
    for kind in RENUMBERED:
        there = [one for one in before if kind.match(one)]
        if len(there) > sum(kind.match(one) is not None for one in after):
            yield there[-1]


def _would_lose(what: str) -> UsageProblem:
    return not_understood(
        f"filling it would lose “{what}”", f"mengisinya akan menghilangkan “{what}”"
    )


@contextmanager
def _noting() -> Generator[list[str]]:
    noted: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield noted
    noted += [str(one.message) for one in caught]

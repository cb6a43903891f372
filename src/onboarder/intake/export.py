"""Tables to .xlsx, safely: no cell can become a formula, and texts come back exactly as they were."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from onboarder.intake.cells import FORMULA_STARTS, Cell
from onboarder.intake.sheets import Merge

_LONGEST = 32_000
"""Characters; .xlsx cells end at 32,767."""
_NAME_LONGEST = 31
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
_WIDEST = 60
_OPTIONS = {
    "nan_inf_to_errors": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


@dataclass(frozen=True, slots=True)
class ExportSheet:
    """One sheet to write: `lines` above the header, then header and rows."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell | int | None]]
    lines: Sequence[str] = ()
    merges: Sequence[Merge] = ()
    """Blocks of cells to join, counted from the sheet's first row; each shows its first cell."""


def safe_cell(text: str) -> str:
    """The text with an apostrophe before it if a spreadsheet could take it for a formula; reading takes it off again.

    The apostrophe protects also after somebody saves the table as CSV. Control characters become blanks.
    """
    printable = "".join(c if c >= " " or c == "\n" else " " for c in text)[:_LONGEST]
    return f"'{printable}" if printable.startswith(FORMULA_STARTS) else printable


def write_table(path: Path, sheets: Iterable[ExportSheet]) -> None:
    """Write an .xlsx file; an existing one is replaced in one step, so no half file is ever seen. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".xlsx", delete=False) as file:
        draft = Path(file.name)
    try:
        _write(draft, list(sheets))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _write(path: Path, sheets: Sequence[ExportSheet]) -> None:
    """Row by row, so that memory does not grow with the table, unless cells are joined."""
    row_by_row = not any(sheet.merges for sheet in sheets)
    with Workbook(str(path), _OPTIONS | {"constant_memory": row_by_row}) as book:
        bold = book.add_format(
            {"bold": True, "bg_color": "#E8EEF4", "text_wrap": True, "valign": "top"}
        )
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        names: set[str] = set()
        for sheet in sheets:
            worksheet = book.add_worksheet(_free_name(sheet.name, names))
            _fill(worksheet, sheet, bold, day)


def _fill(worksheet: Worksheet, sheet: ExportSheet, bold: Format, day: Format) -> None:
    for index, header in enumerate(sheet.header):
        worksheet.set_column(index, index, min(_WIDEST, max(10, len(header) + 4)))
    top = len(sheet.lines)
    for row, text in enumerate(sheet.lines):
        worksheet.write_string(row, 0, safe_cell(text))
    for column, header in enumerate(sheet.header):
        worksheet.write_string(top, column, safe_cell(header), bold)
    worksheet.freeze_panes(top + 1, 0)
    for merge in sheet.merges:
        worksheet.merge_range(merge.top, merge.left, merge.bottom, merge.right, "")
    for row, cells in enumerate(sheet.rows, start=top + 1):
        for column, cell in enumerate(cells):
            _put(worksheet, row, column, cell, day)


def _put(worksheet: Worksheet, row: int, column: int, cell: Cell | int | None, day: Format) -> None:
    match cell:
        case None | "":
            return
        case bool():
            worksheet.write_boolean(row, column, cell)
        case str():
            worksheet.write_string(row, column, safe_cell(cell))
        case date():
            worksheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001  # a cell has no zone
        case float() | int():
            worksheet.write_number(row, column, cell)


def _free_name(wished: str, taken: set[str]) -> str:
    """A sheet name that spreadsheets allow and that is not in use; compared without case."""
    bare = wished.translate(_NOT_IN_NAMES).strip("' ") or "Lembar"
    name, number = bare[:_NAME_LONGEST], 1
    while name.casefold() in taken:
        number += 1
        ending = f" {number}"
        name = bare[: _NAME_LONGEST - len(ending)] + ending
    taken.add(name.casefold())
    return name

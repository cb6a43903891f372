"""Tables to take away: .xlsx and .csv, in which no text can become a formula."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from onboarder.intake.cells import Cell
from onboarder.intake.export import ExportSheet, safe_cell, write_table

Value = Cell | int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table with its name."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Value]]


def as_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """A workbook with one sheet per table. Writes a file, so it does not belong on the event loop."""
    with TemporaryDirectory(prefix="onboarder-") as folder:
        path = Path(folder) / "table.xlsx"
        write_table(path, [ExportSheet(one.name, one.header, one.rows) for one in sheets])
        return path.read_bytes()


def as_csv(sheet: Sheet) -> bytes:
    """As spreadsheets set to Indonesian open it: semicolons, commas in figures, and a mark that it is UTF-8."""
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([_text(one) for one in sheet.header])
    writer.writerows([_text(one) for one in row] for row in sheet.rows)
    return text.getvalue().encode("utf-8-sig")


def _text(value: Value) -> str:
    match value:
        case None:
            return ""
        case str():
            return safe_cell(value)
        case float():
            return f"{value:g}".replace(".", ",")
        case _:
            return str(value)

"""Registers read: all rows of all files as values, nothing decided yet."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from onboarder.intake.cells import empty
from onboarder.intake.columns import SheetKind, find_header
from onboarder.intake.markets import MarketNames
from onboarder.intake.read_rows import Rows
from onboarder.intake.refused import IntakeRefused, Refusal
from onboarder.intake.rows import MerchantRow, ProductRow
from onboarder.intake.rules import IntakeRules
from onboarder.intake.sheets import Sheet
from onboarder.intake.table import Row, Table, table_of
from onboarder.intake.workbook import read_workbook
from onboarder.model.people import Programme

SUMMARY_SHEET = "Ringkasan impor"
"""Name of the sheet that a workbook of verdicts begins with; passed over when it comes back."""


@dataclass(frozen=True, slots=True)
class OutsideSheet:
    """A sheet without a header we know; none of its `rows` is used, `blanks` of them hold nothing."""

    file: str
    sheet: str
    rows: int
    blanks: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the files say. `tables` hold the original cells for the workbook of verdicts."""

    programme: Programme
    tables: tuple[Table, ...] = field(repr=False)
    merchants: tuple[MerchantRow, ...]
    products: tuple[ProductRow, ...]
    outside: tuple[OutsideSheet, ...] = ()

    @property
    def unknown_columns(self) -> tuple[tuple[str, str, str], ...]:
        """(file, sheet, header) of columns that mean nothing to us; their cells are not used."""
        return tuple(
            (table.file, table.sheet, column.header)
            for table in self.tables
            for column in table.columns
            if column.field is None and column.header
        )


def read_register(paths: Iterable[Path], programme: Programme, rules: IntakeRules) -> Reading:
    """Read registers of merchants and products, in one workbook or several.

    Reads files and nothing else; safe to repeat. Raises IntakeRefused, naming the file, when a file as a whole cannot
    be taken; a row that cannot be taken carries findings.
    """
    files = list(dict.fromkeys(path.resolve() for path in paths))
    names = Counter(path.name for path in files)
    workbooks: list[tuple[Sheet, ...]] = []
    for path in files:
        label = path.name if names[path.name] == 1 else f"{path.parent.name}/{path.name}"
        workbooks.append(tuple(replace(sheet, file=label) for sheet in sheets_of(path, rules)))
    return read_sheets(workbooks, programme, rules)


def sheets_of(path: Path, rules: IntakeRules) -> tuple[Sheet, ...]:
    """The file's sheets without the summary that a workbook of verdicts carries; raises IntakeRefused."""
    sheets = read_workbook(path, rules.limits.file)
    kept = tuple(sheet for sheet in sheets if sheet.name != SUMMARY_SHEET)
    if not any(find_header(sheet.filled(), rules.words) for sheet in kept):
        raise IntakeRefused(Refusal.NO_REGISTER, path.name)
    return kept


def read_sheets(
    workbooks: Iterable[tuple[Sheet, ...]], programme: Programme, rules: IntakeRules
) -> Reading:
    """The same for sheets already in memory; pure."""
    tables: list[Table] = []
    outside: list[OutsideSheet] = []
    markets = MarketNames(programme)
    for sheet in (sheet for sheets in workbooks for sheet in sheets):
        header = find_header(sheet.filled(), rules.words)
        if header is None:
            outside.append(_outside(sheet))
        else:
            tables.append(table_of(sheet, header, markets))
    rows = Rows(programme, rules)
    return Reading(
        programme,
        tuple(tables),
        tuple(rows.merchant(table, row) for table, row in _rows(tables, SheetKind.MERCHANTS)),
        tuple(rows.product(table, row) for table, row in _rows(tables, SheetKind.PRODUCTS)),
        tuple(outside),
    )


def _rows(tables: Iterable[Table], kind: SheetKind) -> Iterable[tuple[Table, Row]]:
    return ((table, row) for table in tables if table.kind is kind for row in table.rows)


def _outside(sheet: Sheet) -> OutsideSheet:
    blanks = sum(all(empty(cell) for cell in row) for row in sheet.rows)
    return OutsideSheet(sheet.file, sheet.name, len(sheet.rows), blanks)

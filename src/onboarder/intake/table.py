"""A sheet with a recognised header: its data rows, and an exact count of the rows that are none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from onboarder.intake.cells import Cell, empty, line
from onboarder.intake.columns import Column, Header, SheetKind
from onboarder.intake.markets import MarketNames
from onboarder.intake.sheets import Sheet

MARKET_COLUMN = "Pasar"
"""Header of the column added where a sheet names its market only in a title."""


@dataclass(frozen=True, slots=True)
class Row:
    """A data row; `number` as the spreadsheet shows it, from 1. Merged values are filled in."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A register's sheet. `titles` counts header, title and section rows, `blanks` the rows without data."""

    file: str
    sheet: str
    kind: SheetKind
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    titles: int
    blanks: int
    height: int
    """All rows of the sheet."""


def table_of(sheet: Sheet, header: Header, markets: MarketNames) -> Table:
    """The sheet below its header. A market named by title, section or sheet name becomes a column if there is none."""
    titles = [row for row in sheet.rows[: header.row] if not _blank(row)]
    blanks = header.row - len(titles)
    columns = _widened(header.columns, max(len(row) for row in sheet.rows))
    table = Table(
        sheet.file, sheet.name, header.kind, columns, (), len(titles) + 1, blanks, len(sheet.rows)
    )
    named = markets.named_in([line(cell) for row in titles for cell in row] + [sheet.name])
    return _Below(sheet, header, markets, named).collected(table)


@dataclass(slots=True)
class _Below:
    """Walks the rows below a header, remembering the market last named."""

    sheet: Sheet
    header: Header
    markets: MarketNames
    named: str | None

    def collected(self, table: Table) -> Table:
        rows: list[Row] = []
        markets: list[str | None] = []
        titles = blanks = 0
        filled = self.sheet.filled()
        for index in range(self.header.row + 1, len(filled)):
            own = self.sheet.rows[index]
            if self._without_data(own):
                blanks += 1
            elif self._section(own) or self._header_again(own):
                titles += 1
            else:
                rows.append(Row(index + 1, tuple(filled[index])))
                markets.append(self.named)
        read = replace(
            table, rows=tuple(rows), titles=table.titles + titles, blanks=table.blanks + blanks
        )
        return _with_market(read, markets)

    def _without_data(self, row: Sequence[Cell]) -> bool:
        """Nothing but running numbers and our own remarks."""
        beside = {"sequence", "verdict"}
        columns = self.header.columns
        return all(
            empty(cell) or (index < len(columns) and columns[index].field in beside)
            for index, cell in enumerate(row)
        )

    def _section(self, row: Sequence[Cell]) -> bool:
        """A row with a single text that names a market: it holds for the rows below."""
        written = [cell for cell in row if not empty(cell)]
        market = self.markets.exact(line(written[0])) if len(written) == 1 else None
        self.named = market or self.named
        return market is not None

    def _header_again(self, row: Sequence[Cell]) -> bool:
        """The header repeated, as on every printed page."""
        texts = (line(cell) for cell in row if not empty(cell))
        headers = (column.header for column in self.header.columns if column.header)
        return all(text == header for text, header in zip_longest(texts, headers))


def _with_market(table: Table, markets: Sequence[str | None]) -> Table:
    if any(column.field == "market" for column in table.columns) or not any(markets):
        return table
    width = len(table.columns)
    rows = tuple(
        Row(row.number, (*row.cells[:width], *[""] * (width - len(row.cells)), market or ""))
        for row, market in zip(table.rows, markets, strict=True)
    )
    return replace(table, columns=(*table.columns, Column(MARKET_COLUMN, "market")), rows=rows)


def _widened(columns: tuple[Column, ...], width: int) -> tuple[Column, ...]:
    """With nameless columns for cells to the right of the last header, so that none is lost."""
    return columns + (Column("", None),) * (width - len(columns))


def _blank(row: Sequence[Cell]) -> bool:
    return all(empty(cell) for cell in row)

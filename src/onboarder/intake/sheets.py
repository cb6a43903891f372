"""A sheet as read: rows of cells, row 1 first, and where cells were merged."""

from dataclasses import dataclass

from onboarder.intake.cells import Cell


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged block of cells; first and last row and column, counted from 0, both included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. `rows[0]` is the spreadsheet's row 1; rows may be of different lengths."""

    file: str
    name: str
    rows: tuple[tuple[Cell, ...], ...]
    merges: tuple[Merge, ...] = ()

    def filled(self) -> list[list[Cell]]:
        """The rows with every merged block's value repeated down its first column."""
        rows = [list(row) for row in self.rows]
        for merge in self.merges:
            self._fill(rows, merge)
        return rows

    @staticmethod
    def _fill(rows: list[list[Cell]], merge: Merge) -> None:
        if merge.top >= len(rows) or merge.left >= len(rows[merge.top]):
            return
        value = rows[merge.top][merge.left]
        for row in rows[merge.top + 1 : merge.bottom + 1]:
            row.extend([""] * (merge.left + 1 - len(row)))
            row[merge.left] = value

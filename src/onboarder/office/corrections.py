"""Corrections of asked rows, laid over the sheets as they were read: the files themselves stay as they came. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from onboarder.intake.cells import Cell
from onboarder.intake.columns import Header, find_header
from onboarder.intake.rows import Place
from onboarder.intake.rules import ColumnWords
from onboarder.intake.sheets import Merge, Sheet


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person wrote for one row: cells by column, counted from 0, and cells of columns that the sheet lacks."""

    cells: Mapping[int, str] = field(default_factory=dict[int, str], repr=False)
    added: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """By header."""


Corrections = Mapping[Place, Correction]


def corrected(sheets: Sequence[Sheet], said: Corrections, words: ColumnWords) -> tuple[Sheet, ...]:
    """The sheets with the corrections in them; a correction of a row that is not there is passed over."""
    return tuple(_sheet(sheet, said, words) for sheet in sheets)


def _sheet(sheet: Sheet, said: Corrections, words: ColumnWords) -> Sheet:
    own = {
        place.row - 1: correction
        for place, correction in said.items()
        if (place.file, place.sheet) == (sheet.file, sheet.name) and place.row <= len(sheet.rows)
    }
    filled = sheet.filled()
    header = find_header(filled, words)
    if not own or header is None:
        return sheet
    places = _new_columns(header, own.values())
    rows = [list(row) for row in sheet.rows]
    rows[header.row] = _with(filled[header.row], {at: name for name, at in places.items()})
    merges = list(sheet.merges)
    for index, correction in own.items():
        added = {places[name]: text for name, text in correction.added.items()}
        rows[index] = _with(filled[index], {**correction.cells, **added})
        merges = [part for one in merges for part in _around(one, index, rows, filled)]
    return replace(sheet, rows=tuple(map(tuple, rows)), merges=tuple(merges))


def _new_columns(header: Header, own: Iterable[Correction]) -> dict[str, int]:
    """Where columns that the sheet lacks are put: at its right end."""
    width = len(header.columns)
    names = dict.fromkeys(name for one in own for name in one.added)
    return {name: width + number for number, name in enumerate(names)}


def _with(row: Sequence[Cell], cells: Mapping[int, Cell]) -> list[Cell]:
    written: list[Cell] = [*row, *[""] * (max(cells, default=-1) + 1 - len(row))]
    for index, text in cells.items():
        written[index] = text
    return written


def _around(
    merge: Merge, row: int, rows: list[list[Cell]], filled: Sequence[Sequence[Cell]]
) -> list[Merge]:
    """The merged block without that row, so that what was written into it stays."""
    if not merge.top <= row <= merge.bottom:
        return [merge]
    parts: list[Merge] = []
    if merge.top < row:
        parts.append(replace(merge, bottom=row - 1))
    if row < merge.bottom:
        rows[row + 1] = _with(rows[row + 1], {merge.left: filled[row + 1][merge.left]})
        parts.append(replace(merge, top=row + 1))
    return parts

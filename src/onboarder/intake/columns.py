"""Which column is what: headers recognised by the words of config/intake/columns.toml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from onboarder.intake.cells import Cell, empty, line, text_of
from onboarder.intake.rules import ColumnWords
from onboarder.model.ids import normal

LOOKED_AT = 60
"""Rows from the top in which a header is looked for."""


class SheetKind(StrEnum):
    """What a sheet's rows are."""

    MERCHANTS = "merchants"
    PRODUCTS = "products"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the header as written, the field it means (None: not ours) and a unit its header names."""

    header: str
    field: str | None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """A recognised header row; `row` counts from 0."""

    row: int
    kind: SheetKind
    columns: tuple[Column, ...]


def find_header(rows: Sequence[Sequence[Cell]], words: ColumnWords) -> Header | None:
    """The sheet's header: the first row that has what a merchants' or products' sheet must have.

    Of a header of two rows (merged groups above, single columns below) the lower one counts.
    """
    for index in range(min(len(rows), LOOKED_AT)):
        found = _header(rows[index], index, words)
        if found is not None:
            below = _header(rows[index + 1], index + 1, words) if index + 1 < len(rows) else None
            return below if below is not None and below.kind is found.kind else found
    return None


def _header(row: Sequence[Cell], index: int, words: ColumnWords) -> Header | None:
    if sum(isinstance(cell, str) and not empty(cell) for cell in row) < 2:
        return None
    choices = (
        (SheetKind.PRODUCTS, words.product_fields, words.required.products),
        (SheetKind.MERCHANTS, words.merchant_fields, words.required.merchants),
    )
    for kind, fields, required in choices:
        columns = tuple(_column(cell, fields, words) for cell in row)
        present = {column.field for column in columns}
        if any(needed <= present for needed in required):
            return Header(index, kind, columns)
    return None


def _column(cell: Cell, fields: Mapping[str, str], words: ColumnWords) -> Column:
    header = line(cell)
    for text, unit in _readings(text_of(cell), words):
        if text in fields:
            return Column(header, fields[text], unit)
    return Column(header, None)


def _readings(header: str, words: ColumnWords) -> list[tuple[str, str | None]]:
    """The ways to read a header, best first: as it is, without a unit at its end, without what is in brackets."""
    plain = normal(header)
    unit = next(((w, meaning) for w, meaning in words.unit_words if plain.endswith(f" {w}")), None)
    readings: list[tuple[str, str | None]] = [(plain, None)]
    if unit is not None:
        readings.append((plain.removesuffix(f" {unit[0]}"), unit[1]))
    return [*readings, (normal(header.split("(", maxsplit=1)[0]), None)]

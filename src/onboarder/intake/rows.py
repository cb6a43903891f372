"""Data rows as values: every cell read strictly, with a finding where it cannot be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell, empty, line, text_of
from onboarder.intake.columns import Column
from onboarder.intake.table import Row, Table
from onboarder.model.ids import CanvasserId, MarketCode, normal

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a row stands: file, sheet and the row number that the spreadsheet shows."""

    file: str
    sheet: str
    row: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody or something a row may be the same as."""

    id: str
    label: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to ask about a row: in which column, and what was read there."""

    code: AskedCode
    column: str
    read: str = field(default="", repr=False)
    candidates: tuple[Candidate, ...] = ()


class Answer(StrEnum):
    """What a person wrote into the decision column."""

    NEW = "new"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class MerchantRow:
    """One row of a merchants' sheet; None or '' where nothing is written."""

    place: Place
    findings: tuple[Finding, ...]
    number: str | None = field(repr=False)
    name: str = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    market: MarketCode | None
    stall: str
    shop_name: str = field(repr=False)
    goods: str
    trained_on: date | None
    trained_by: CanvasserId | None
    answer: Answer | None
    same_as: tuple[str, ...]

    @property
    def key(self) -> str | None:
        """What identifies the person: the register's number, else the phone."""
        return self.number or self.phone


@dataclass(frozen=True, slots=True)
class OwnerHint:
    """What a product row says about its merchant."""

    number: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    name: str = field(repr=False)
    market: MarketCode | None
    stall: str


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One row of a products' sheet; None or '' where nothing is written."""

    place: Place
    findings: tuple[Finding, ...]
    owner: OwnerHint
    sku: str
    name: str
    variant: str
    price: int | None
    stock: int | None
    weight_grams: int | None
    category_text: str
    category: str | None
    """The category that the category column names."""
    category_by_name: str | None
    description: str
    photos: tuple[str, ...]
    active: bool | None
    answer: Answer | None
    same_as: tuple[str, ...]

    @property
    def key(self) -> str:
        """What identifies the product: its SKU, else its name. Rows with a variant go by name, as each may have a SKU."""
        return normal(self.name) if self.variant or not self.sku else compact(self.sku)


def compact(text: str) -> str:
    """A register number or SKU as compared: letters and digits only, upper case; pure numbers without leading zeros."""
    bare = "".join(normal(text).split()).upper()
    return (bare.lstrip("0") or "0") if bare.isdigit() else bare


class RowReader:
    """Reads the fields of one row and collects what must be asked."""

    def __init__(self, table: Table, row: Row, longest: int) -> None:
        self.place = Place(table.file, table.sheet, row.number)
        self.findings: list[Finding] = []
        self._written: dict[str, list[tuple[Column, Cell]]] = {}
        for column, cell in zip(table.columns, row.cells, strict=False):
            if isinstance(cell, str) and len(cell) > longest:
                self.findings.append(
                    Finding(AskedCode.CELL_TOO_LONG, column.header, f"{cell[:60]}…")
                )
            elif column.field is not None and not empty(cell):
                self._written.setdefault(column.field, []).append((column, cell))

    def one(self, name: str, read: Callable[[Cell, Column], T]) -> T | None:
        """The field's value, None if nothing is written or it had to be asked. Several columns must agree."""
        values: list[T] = []
        for column, cell in self._written.get(name, ()):
            try:
                values.append(read(cell, column))
            except Asked as question:
                self.findings.append(Finding(question.code, column.header, line(cell)))
                return None
        if any(value != values[0] for value in values):
            self._disagree(name)
            return None
        return values[0] if values else None

    def text(self, name: str) -> str:
        """The field as one line, '' if nothing is written."""
        return self.one(name, lambda cell, _: line(cell)) or ""

    def raw(self, name: str) -> Sequence[str]:
        """The texts of all columns of the field."""
        return [text_of(cell) for _, cell in self._written.get(name, ())]

    def _disagree(self, name: str) -> None:
        written = self._written[name]
        code = AskedCode.PHONE_SEVERAL if name == "phone" else AskedCode.COLUMNS_DISAGREE
        headers = " / ".join(column.header for column, _ in written)
        self.findings.append(Finding(code, headers, " / ".join(line(cell) for _, cell in written)))

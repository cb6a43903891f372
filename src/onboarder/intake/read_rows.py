"""A table's rows to merchant rows and product rows, by the parsers and bounds of the rules."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import TypeVar

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell, folded, line, paragraph
from onboarder.intake.columns import Column
from onboarder.intake.dates import read_date
from onboarder.intake.markets import MarketNames
from onboarder.intake.names import place_of, read_email, read_name, read_person
from onboarder.intake.phones import read_phone
from onboarder.intake.prices import read_price
from onboarder.intake.rows import Answer, MerchantRow, OwnerHint, ProductRow, RowReader, compact
from onboarder.intake.rules import IntakeRules
from onboarder.intake.stocks import read_stock
from onboarder.intake.table import Row, Table
from onboarder.intake.weights import GRAMS, read_weight
from onboarder.model.ids import CanvasserId, MarketCode, normal
from onboarder.model.people import Programme

T = TypeVar("T")

_BETWEEN_PHOTOS = re.compile(r"[;,|\n]+")


class Rows:
    """Reads rows of one programme's registers; pure."""

    def __init__(self, programme: Programme, rules: IntakeRules) -> None:
        self._rules = rules
        self._limits = rules.limits.values
        self._markets = MarketNames(programme)
        self._earliest = programme.starts_on - timedelta(days=self._limits.training_days_before)
        self._latest = programme.ends_on + timedelta(days=self._limits.training_days_after)
        self._category = cache(rules.categories.code_for)

    def merchant(self, table: Table, row: Row) -> MerchantRow:
        read = self._reader(table, row)
        return MerchantRow(
            place=read.place,
            number=read.one("number", _number),
            name=read.one("name", _person) or "",
            phone=read.one("phone", _phone),
            email=read.one("email", _email),
            market=read.one("market", self._market),
            stall=_stall(read),
            shop_name=read.one("shop_name", _person) or "",
            goods=read.text("goods"),
            trained_on=read.one("trained_on", self._trained_on),
            trained_by=read.one("trained_by", _canvasser),
            answer=read.one("decision", self._answer),
            same_as=_ids(read),
            findings=tuple(read.findings),
        )

    def product(self, table: Table, row: Row) -> ProductRow:
        read = self._reader(table, row)
        name = read.one("name", self._product_name) or ""
        category = read.text("category")
        return ProductRow(
            place=read.place,
            owner=self._owner(read),
            sku=read.text("sku"),
            name=name,
            variant=read.text("variant"),
            price=read.one("price", self._price),
            stock=read.one("stock", self._stock),
            weight_grams=read.one("weight", self._weight),
            category_text=category,
            category=self._category(category) if category else None,
            category_by_name=self._category(name) if name else None,
            description=read.one("description", lambda cell, _: paragraph(cell)) or "",
            photos=_photos(read),
            active=read.one("active", self._active),
            answer=read.one("decision", self._answer),
            same_as=_ids(read),
            findings=tuple(read.findings),
        )

    def _reader(self, table: Table, row: Row) -> RowReader:
        return RowReader(table, row, self._rules.limits.file.cell_characters)

    def _owner(self, read: RowReader) -> OwnerHint:
        return OwnerHint(
            number=read.one("number", _number),
            phone=read.one("phone", _phone),
            name=read.text("merchant_name"),
            market=read.one("market", self._market),
            stall=_stall(read),
        )

    def _market(self, cell: Cell, _: Column) -> MarketCode:
        return self._markets.read(cell)

    def _trained_on(self, cell: Cell, _: Column) -> date:
        return read_date(cell, earliest=self._earliest, latest=self._latest)

    def _product_name(self, cell: Cell, _: Column) -> str:
        return read_name(cell, self._limits.name_characters)

    def _price(self, cell: Cell, column: Column) -> int:
        lowest, highest = self._limits.price_lowest, self._limits.price_highest
        return read_price(
            cell, lowest=lowest, highest=highest, thousands=column.unit == "thousands"
        )

    def _stock(self, cell: Cell, _: Column) -> int:
        return read_stock(cell, highest=self._limits.stock_highest)

    def _weight(self, cell: Cell, column: Column) -> int:
        lowest, highest = self._limits.weight_lowest, self._limits.weight_highest
        unit = column.unit if column.unit in GRAMS else None
        return read_weight(cell, lowest=lowest, highest=highest, header_unit=unit)

    def _answer(self, cell: Cell, _: Column) -> Answer:
        return self._one_of(
            cell, {"new": Answer.NEW, "same": Answer.SAME}, AskedCode.DECISION_UNCLEAR
        )

    def _active(self, cell: Cell, _: Column) -> bool:
        return self._one_of(cell, {"yes": True, "no": False}, AskedCode.ACTIVE_UNCLEAR)

    def _one_of(self, cell: Cell, meanings: Mapping[str, T], code: AskedCode) -> T:
        answers = self._rules.words.answers
        for key, meaning in meanings.items():
            if folded(cell) in answers[key]:
                return meaning
        raise Asked(code)


def _number(cell: Cell, _: Column) -> str:
    return compact(line(cell))


def _phone(cell: Cell, _: Column) -> str:
    return read_phone(cell)


def _person(cell: Cell, _: Column) -> str:
    return read_person(cell)


def _email(cell: Cell, _: Column) -> str:
    return read_email(cell)


def _canvasser(cell: Cell, _: Column) -> CanvasserId:
    return CanvasserId(normal(line(cell)).replace(" ", "-"))


def _stall(read: RowReader) -> str:
    """One column as written, or block and stall put together."""
    return place_of(read.text("block"), read.text("stall"), read.text("place"))


def _ids(read: RowReader) -> tuple[str, ...]:
    return tuple(part for text in read.raw("same_as") for part in text.replace(",", " ").split())


def _photos(read: RowReader) -> tuple[str, ...]:
    """File names of all photo columns in order, each once."""
    names = (line(name) for text in read.raw("photo") for name in _BETWEEN_PHOTOS.split(text))
    return tuple(dict.fromkeys(name for name in names if name))

"""Weights in grams. A unit in the cell counts; without one the column's header must name it, else it is asked.

g, gr, grm, gram · ons (100 g, the Indonesian one) · kg, kilo, kilogram. Decimals: at most two, or a simple fraction
(`1/2 kg`, `½ kg`). `1.500 gr` is a group of thousands; `1.500 kg` could be either and is asked.
"""

import re
from decimal import Decimal

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell, folded
from onboarder.intake.numbers import decimal, whole, whole_of

GRAMS = {
    "g": 1,
    "gr": 1,
    "grm": 1,
    "gram": 1,
    "ons": 100,
    "kg": 1_000,
    "kilo": 1_000,
    "kilogram": 1_000,
}
_WRITTEN = re.compile(rf"(?P<number>[\d.,/ ⁄]*\d)\s*(?P<unit>{'|'.join(GRAMS)})?\.?")
_FRACTION = re.compile(r"(?:(?P<ones>\d{1,2})\s)?(?P<top>1|3)\s?[/⁄]\s?(?P<bottom>2|4)")
_LONGEST = 30


def read_weight(cell: Cell, *, lowest: int, highest: int, header_unit: str | None = None) -> int:
    """Whole grams between the bounds. `header_unit`: a key of GRAMS named by the column's header. Raises Asked."""
    grams = _of_cell(cell, header_unit)
    if grams != grams.to_integral_value():
        raise Asked(AskedCode.WEIGHT_UNCLEAR)
    if not lowest <= grams <= highest:
        raise Asked(AskedCode.WEIGHT_BOUNDS)
    return int(grams)


def _of_cell(cell: Cell, header_unit: str | None) -> Decimal:
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        shown = whole_of(cell)
        return _amount(repr(cell) if shown is None else str(shown), header_unit)
    written = (
        _WRITTEN.fullmatch(folded(cell))
        if isinstance(cell, str) and len(cell) <= _LONGEST
        else None
    )
    if written is None:
        raise Asked(AskedCode.WEIGHT_UNCLEAR)
    return _amount(written["number"], written["unit"] or header_unit)


def _amount(number: str, unit: str | None) -> Decimal:
    if unit is None:
        raise Asked(AskedCode.WEIGHT_WITHOUT_UNIT)
    factor = GRAMS[unit]
    value = _fraction(number) or decimal(number)
    if value is None and factor == 1 and (grouped := whole(number)) is not None:
        value = Decimal(grouped)
    if value is None:
        raise Asked(AskedCode.WEIGHT_UNCLEAR)
    return value * factor


def _fraction(number: str) -> Decimal | None:
    found = _FRACTION.fullmatch(number)
    if found is None:
        return None
    return Decimal(found["ones"] or 0) + Decimal(found["top"]) / Decimal(found["bottom"])

"""Prices in whole rupiah. The rule, in one place:

* `12500`, `12.500`, `12,500`, each with `Rp`/`IDR`/`@` before and `,-`, `,00`, `.00` or `rupiah` after: that amount.
* `12rb`, `12,5 ribu`, `12.5k`, `1,5jt`, `2 juta`: thousands and millions with at most two decimals.
* `/pcs`, `/buah`, `/bungkus` and other words for one thing are allowed; measures (`/kg`, `/ons`, `/lusin`) are asked,
  because the register must say how much is sold as one piece.
* `12.5`, `12,50`, a number cell with decimals, or a bare amount below 1,000: asked. They are what is left when someone
  meant thousands, or when a spreadsheet took the dot of `12.500` for a decimal point. `Rp 500` is taken.
* Ranges, several amounts, negatives, letters for digits: asked.
"""

import re
from decimal import Decimal

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell, folded
from onboarder.intake.numbers import PIECES, decimal, whole, whole_of

BARE_FROM = 1_000
"""Rupiah from which an amount without currency is believed."""
_FACTORS = {
    "rb": 1_000,
    "ribu": 1_000,
    "rbu": 1_000,
    "k": 1_000,
    "jt": 1_000_000,
    "juta": 1_000_000,
}
_WORDS = "|".join(_FACTORS)
_FACTOR = re.compile(rf"(?P<number>[\d.,]+)\s*(?P<word>{_WORDS})\.?")
_BETWEEN = r"(?:-|–|~|/|;|&|\+|s\s?/?\s?d\.?|sampai|hingga|atau)"
_SEVERAL = re.compile(rf"\d\s?(?:{_WORDS})?\s?{_BETWEEN}\s?(?:rp\.?\s?)?\d")
_CURRENCY = re.compile(r"^@?\s*(?:rp\s*[.:]?|idr)\s*")
_PER = re.compile(r"\s*(?:/|\bper\b)\s*(?:1\s*)?(?P<unit>[a-z]+)\.?$")
_LONGEST = 40
"""Characters; no amount is longer."""


def read_price(cell: Cell, *, lowest: int, highest: int, thousands: bool = False) -> int:
    """Whole rupiah. `thousands`: the column's header says that amounts are in thousands. Raises Asked."""
    amount = _of_cell(cell, thousands=thousands)
    if not lowest <= amount <= highest:
        raise Asked(AskedCode.PRICE_BOUNDS)
    return amount


def _of_cell(cell: Cell, *, thousands: bool) -> int:
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        shown = whole_of(cell)
        return _of_text(repr(cell) if shown is None else str(shown), thousands=thousands)
    if isinstance(cell, str) and len(cell) <= _LONGEST:
        return _of_text(folded(cell), thousands=thousands)
    raise Asked(AskedCode.PRICE_UNCLEAR)


def _of_text(text: str, *, thousands: bool) -> int:
    if _SEVERAL.search(text):
        raise Asked(AskedCode.PRICE_SEVERAL)
    unpriced, named = _CURRENCY.subn("", _without_unit(text))
    bare, said = re.subn(r"\s*rupiah$", "", unpriced.lstrip("@ "))
    if factor := _FACTOR.fullmatch(bare):
        return _times(factor["number"], _FACTORS[factor["word"]])
    amount = whole(bare)
    if thousands:
        return _in_thousands(bare, amount)
    if amount is None or (amount < BARE_FROM and not named and not said):
        raise Asked(AskedCode.PRICE_UNCLEAR)
    return amount


def _without_unit(text: str) -> str:
    per = _PER.search(text)
    if per is None:
        return text
    if per["unit"] not in PIECES:
        raise Asked(AskedCode.PRICE_PER_UNIT)
    return text[: per.start()]


def _in_thousands(bare: str, amount: int | None) -> int:
    """Under a header "in thousands" an amount of a thousand or more was written in full by mistake, or not: asked."""
    if amount is not None and amount >= BARE_FROM:
        raise Asked(AskedCode.PRICE_UNCLEAR)
    return _times(bare, 1_000)


def _times(number: str, factor: int) -> int:
    value = decimal(number)
    product = Decimal(0) if value is None else value * factor
    if value is None or product != product.to_integral_value():
        raise Asked(AskedCode.PRICE_UNCLEAR)
    return int(product)

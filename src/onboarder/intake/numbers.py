"""The one grammar for amounts as Indonesian registers write them.

`12500`, `12.500` and `12,500` are whole numbers: three digits after a separator are a group, because nothing in a
register has three decimals. One or two digits after a separator are decimals. Anything else is no amount.
"""

import re
from decimal import Decimal

_PLAIN = re.compile(r"\d{1,12}")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:,\d{3})+)")
_DECIMAL = re.compile(r"\d{1,9}[.,]\d{1,2}")
_DASHES = re.compile(r"[.,]?-+$|[.,]$")
_ZERO_CENTS = re.compile(r"(?P<rest>.*\d)(?P<sign>[.,])0?0")
_THINGS = "buah bh pcs pc biji bungkus bks pak pack botol btl potong lembar lbr pasang set unit toples kotak dus"
PIECES = tuple(_THINGS.split())
"""Words for one thing as sold: they say nothing beyond the number before them."""


def whole(text: str) -> int | None:
    """The whole number written, or None; `,00`, `.00` and `,-` at its end are dropped."""
    digits = _without_cents(text)
    if _PLAIN.fullmatch(digits):
        return int(digits)
    if _GROUPED.fullmatch(digits):
        return int(digits.replace(".", "").replace(",", ""))
    return None


def decimal(text: str) -> Decimal | None:
    """A plain number with at most two decimals after a comma or dot; groups are not understood here."""
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    return Decimal(text.replace(",", ".")) if _DECIMAL.fullmatch(text) else None


def whole_of(value: float) -> int | None:
    """A number cell as a whole number, or None if it has decimals or is out of any range."""
    return int(value) if value.is_integer() and abs(value) < 1e12 else None


def _without_cents(text: str) -> str:
    """`12.500,00` and `12500,-` without their tail; `12.500.00` keeps it, as no one writes that."""
    bare = _DASHES.sub("", text)
    cents = _ZERO_CENTS.fullmatch(bare)
    return cents["rest"] if cents and cents["sign"] not in cents["rest"] else bare

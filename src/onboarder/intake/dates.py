"""Dates as Indonesian registers write them: day before month, always. Anything else is asked.

`12/11/2026`, `12-11-26`, `12.11.2026`, `12 November 2026`, `12 Nov 26`, `2026-11-12`, date cells, and bare numbers
that are a spreadsheet's day count. `11/25/2026` (month first), dates without a year and dates outside the bounds are asked.
"""

import re
from datetime import date, datetime, timedelta

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell, folded

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("januari", "january", "jan"),
            ("februari", "pebruari", "february", "feb", "peb"),
            ("maret", "march", "mar", "mrt"),
            ("april", "apr"),
            ("mei", "may"),
            ("juni", "june", "jun"),
            ("juli", "july", "jul"),
            ("agustus", "august", "agu", "agt", "ags", "aug"),
            ("september", "sept", "sep"),
            ("oktober", "october", "okt", "oct"),
            ("november", "nopember", "nov", "nop"),
            ("desember", "december", "des", "dec"),
        ),
        start=1,
    )
    for name in names
}
_WEEKDAY = re.compile(r"^(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad)[, ]+")
_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[t ]\d{2}:\d{2}(?::\d{2})?)?"
)
_NUMBERS = re.compile(
    r"(?P<day>\d{1,2})(?P<sep>[/.-])(?P<month>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})"
)
_WORDS = re.compile(r"(?P<day>\d{1,2})[ -]?(?P<month>[a-z]+)\.?[ ,-]*(?P<year>\d{4}|\d{2})")
_EPOCH = date(1899, 12, 30)
"""Day 0 of spreadsheets from 1 March 1900 on."""
_SERIALS = (36_526, 73_051)
"""Years 2000 to 2099."""


def read_date(cell: Cell, *, earliest: date, latest: date) -> date:
    """The day written, between the bounds (both included); raises Asked."""
    day = _of_cell(cell)
    if not earliest <= day <= latest:
        raise Asked(AskedCode.DATE_BOUNDS)
    return day


def _of_cell(cell: Cell) -> date:
    match cell:
        case datetime():
            return cell.date()
        case date():
            return cell
        case str():
            return _of_text(folded(cell))
        case float() | int() if not isinstance(cell, bool) and _SERIALS[0] <= cell < _SERIALS[1]:
            return _EPOCH + timedelta(days=int(cell))
        case _:
            raise Asked(AskedCode.DATE_UNCLEAR)


def _of_text(text: str) -> date:
    bare = _WEEKDAY.sub("", text)
    for form in (_ISO, _NUMBERS, _WORDS):
        if written := form.fullmatch(bare):
            return _day(written["year"], written["month"], written["day"])
    raise Asked(AskedCode.DATE_UNCLEAR)


def _day(year: str, month: str, day: str) -> date:
    number = int(month) if month.isdigit() else _MONTHS.get(month, 0)
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), number, int(day))
    except ValueError:
        raise Asked(AskedCode.DATE_UNCLEAR) from None

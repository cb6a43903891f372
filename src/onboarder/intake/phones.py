"""Indonesian phone numbers to E.164. Letters, lost digits and several numbers in a cell are asked."""

import re

import phonenumbers

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell, folded

_LABEL = re.compile(
    r"^(?:no\.?\s?)?(?:hp|wa|whatsapp|telp|telepon|tlp|hp/wa|wa/hp)?\s?[.:]?\s?(?=[+(\d])"
)
_SCIENTIFIC = re.compile(r"(?P<head>\d)[.,](?P<tail>\d+)e\+?(?P<power>\d{1,2})")
_WRITTEN = re.compile(r"\(?\+?\d[\d\s().–‑-]*")
_SEVERAL = re.compile(r"\d{3}\s*(?:[/;,&|]|\b(?:atau|dan|or)\b|\s{2,})\s*\(?[+0]?\d{2}")
_LONGEST = 60
_COUNTRY = 62


def read_phone(cell: Cell) -> str:
    """E.164 (`+62…`). Accepts 08…, 8… (the zero a spreadsheet dropped), 62…, +62…, with blanks, dots, hyphens and
    brackets. Raises Asked for letters among digits, numbers of other countries and numbers nobody can have.
    """
    match cell:
        case bool():
            raise Asked(AskedCode.PHONE_UNCLEAR)
        case float() | int():
            return _of_digits(_whole_digits(cell))
        case str() if len(cell) <= _LONGEST:
            return _of_text(cell)
        case _:
            raise Asked(AskedCode.PHONE_UNCLEAR)


def _of_text(cell: str) -> str:
    if (
        _SEVERAL.search(cell.casefold())
        or len([part for part in cell.splitlines() if part.strip()]) > 1
    ):
        raise Asked(AskedCode.PHONE_SEVERAL)
    text = _LABEL.sub("", folded(cell))
    if scientific := _SCIENTIFIC.fullmatch(text):
        return _of_digits(_unfolded(scientific))
    if not _WRITTEN.fullmatch(text):
        raise Asked(AskedCode.PHONE_UNCLEAR)
    return _of_digits(("+" if text.lstrip("(").startswith("+") else "") + re.sub(r"\D", "", text))


def _whole_digits(number: float) -> str:
    if number <= 0 or not float(number).is_integer():
        raise Asked(AskedCode.PHONE_UNCLEAR)
    return str(int(number))


def _unfolded(scientific: re.Match[str]) -> str:
    """`8.1234567890E+10` still has every digit; `8.12345E+10` has lost some."""
    if len(scientific["tail"]) != int(scientific["power"]):
        raise Asked(AskedCode.PHONE_DIGITS_LOST)
    return scientific["head"] + scientific["tail"]


def _of_digits(digits: str) -> str:
    try:
        number = phonenumbers.parse(_international(digits))
    except phonenumbers.NumberParseException:
        raise Asked(AskedCode.PHONE_UNCLEAR) from None
    if number.country_code != _COUNTRY or not phonenumbers.is_valid_number(number):
        raise Asked(AskedCode.PHONE_UNCLEAR)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _international(digits: str) -> str:
    """With `+62` before: a leading 0 is the trunk prefix, a leading 8 has lost it, a leading 62 has lost the plus."""
    if digits.startswith("+"):
        return digits
    if digits.startswith("62"):
        return f"+{digits}"
    return f"+{_COUNTRY}{digits.removeprefix('0')}"

"""Text tables (.csv, .tsv, .txt) of any common encoding and delimiter."""

import codecs
import csv
import re
from collections import Counter
from io import StringIO
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes

from onboarder.intake.refused import IntakeRefused, Refusal
from onboarder.intake.sheets import Sheet

_DELIMITERS = ";,\t|"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = ["cp1252", "latin_1", "mac_roman", "cp850"]
"""Encodings without a mark that spreadsheets of this region write; told apart by what makes sensible text."""
_HINT = re.compile(r"(?i:sep)=(?P<delimiter>[;,|\t])")
_SAMPLE_BYTES = 65_536
_SAMPLE_ROWS = 60


def read_delimited(path: Path, most_rows: int) -> Sheet:
    """The file as one sheet named like the file; every record counts as one row. Raises IntakeRefused.

    Reads one row beyond `most_rows`, so that the caller sees that there are more.
    """
    text = _decoded(path)
    try:
        records = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        rows = tuple(tuple(record) for record in islice(records, most_rows + 1))
    except csv.Error:
        raise IntakeRefused(Refusal.DAMAGED, path.name) from None
    return Sheet(path.name, path.stem, rows)


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    try:
        return data.decode(marked or _unmarked(data))
    except UnicodeDecodeError:
        pass
    best = from_bytes(data[:_SAMPLE_BYTES], cp_isolation=_WESTERN).best()
    try:
        return data.decode(best.encoding if best else "cp1252")
    except UnicodeDecodeError:
        raise IntakeRefused(Refusal.UNKNOWN_ENCODING, path.name) from None


def _unmarked(data: bytes) -> str:
    """UTF-8, unless every second byte of the beginning is mostly zero, as in UTF-16 of Latin text."""
    even, odd = data[:400:2].count(0), data[1:400:2].count(0)
    if max(even, odd) * 4 < len(data[:400]):
        return "utf-8"
    return "utf-16-le" if odd > even else "utf-16-be"


def _delimiter(text: str) -> str:
    """The one a first line `sep=;` names, else the one that cuts most rows into the same, largest number of columns."""
    sample = list(islice(StringIO(text), _SAMPLE_ROWS))
    if sample and (hint := _HINT.fullmatch(sample[0].strip("\r\n "))):
        return hint["delimiter"]
    return max(_DELIMITERS, key=lambda delimiter: _regularity(sample, delimiter))


def _regularity(lines: list[str], delimiter: str) -> int:
    widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1)
    return max(((width - 1) * times for width, times in widths.items()), default=0)

"""Merged cells of an .ods file, which the workbook reader does not tell."""

import zipfile
import zlib
from xml.etree.ElementTree import (  # runs only in the bounded child process
    Element,
    ParseError,
    iterparse,
)

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_NAME, _ROW = f"{_TABLE}name", f"{_TABLE}table-row"
_CELLS = {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}
_MOST = 20_000
"""Rows looked at; repeated rows count as many."""


def spans_of_ods(path: str) -> dict[str, list[tuple[int, ...]]]:
    """Per sheet the merged blocks as (top, left, bottom, right) from 0; nothing if the file cannot be read."""
    found: dict[str, list[tuple[int, ...]]] = {}
    try:
        with zipfile.ZipFile(path) as archive, archive.open("content.xml") as content:
            for _, element in iterparse(content):  # noqa: S314  # see above
                if element.tag == f"{_TABLE}table":
                    found[element.get(_NAME, "")] = _spans(element)
                    element.clear()
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, ParseError):
        return {}
    return found


def _spans(table: Element) -> list[tuple[int, ...]]:
    spans: list[tuple[int, ...]] = []
    top = 0
    for row in table.iter(_ROW):
        spans += [
            (top, left, top + down - 1, left + right - 1) for left, down, right in _in_row(row)
        ]
        top += int(row.get(f"{_TABLE}number-rows-repeated", "1"))
        if top > _MOST:
            break
    return spans


def _in_row(row: Element) -> list[tuple[int, int, int]]:
    """(column, rows, columns) of each cell that spans several."""
    found: list[tuple[int, int, int]] = []
    left = 0
    for cell in row:
        if cell.tag in _CELLS:
            down = int(cell.get(f"{_TABLE}number-rows-spanned", "1"))
            right = int(cell.get(f"{_TABLE}number-columns-spanned", "1"))
            found += [(left, down, right)] if (down, right) != (1, 1) else []
            left += int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
    return found

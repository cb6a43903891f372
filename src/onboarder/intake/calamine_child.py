"""Opens a workbook in a process of its own with bounded memory, and writes its sheets to stdout as JSON.

A workbook of a few kilobytes can make any reader ask for hundreds of gigabytes, and the reader then ends the whole
process. Run as `python -m onboarder.intake.calamine_child FILE MEGABYTES ROWS COLUMNS`.
"""

import json
import resource
import sys
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from onboarder.intake.spans import spans_of_ods

_Value = int | float | str | bool | time | date | datetime | timedelta


def main(arguments: list[str]) -> int:
    path, megabytes, rows, columns = arguments[0], *map(int, arguments[1:4])
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(_answer(path, rows, columns))
    return 0


def _answer(path: str, rows: int, columns: int) -> str:
    try:
        return json.dumps(_document(path, rows, columns))
    except PasswordError:
        return '{"fault": "protected"}'
    except CalamineError:
        return '{"fault": "damaged"}'
    except MemoryError:
        return '{"fault": "too_much_content"}'


def _document(path: str, rows: int, columns: int) -> dict[str, object]:
    spans = spans_of_ods(path) if path.casefold().endswith(".ods") else {}
    with CalamineWorkbook.from_path(path) as book:
        sheets = [
            _sheet(book.get_sheet_by_name(name), spans, rows, columns) for name in book.sheet_names
        ]
    return {"sheets": sheets}


def _sheet(
    sheet: CalamineSheet, spans: dict[str, list[tuple[int, ...]]], rows: int, columns: int
) -> dict[str, object]:
    """The sheet's rows, cut one row or column beyond the limits, so that the caller sees that they are passed."""
    merges = [[*start, *end] for start, end in sheet.merged_cell_ranges or []]
    return {
        "name": sheet.name,
        "rows": [
            _row(row[: columns + 1])
            for row in sheet.to_python(skip_empty_area=False, nrows=rows + 1)
        ],
        "merges": merges + [list(span) for span in spans.get(sheet.name, [])],
    }


def _row(row: list[_Value]) -> list[object]:
    while row and row[-1] == "":
        row.pop()
    return [_value(cell) for cell in row]


def _value(cell: _Value) -> object:
    match cell:
        case datetime() | date():
            return {"day": cell.isoformat()[:10]}
        case time() | timedelta():
            return str(cell)
        case int() if not isinstance(cell, bool):
            return float(cell)
        case _:
            return cell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

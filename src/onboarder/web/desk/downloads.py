"""Files that the desk hands out."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum

from fastapi import Response

from onboarder.office.exports import Sheet, as_csv, as_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileKind(StrEnum):
    """As the end of an address says it."""

    XLSX = "xlsx"
    CSV = "csv"


async def as_file(name: str, kind: FileKind, sheet: Sheet) -> Response:
    """One table, in either form."""
    if kind is FileKind.XLSX:
        return await workbook(name, [sheet])
    return _file(f"{name}.csv", as_csv(sheet), "text/csv; charset=utf-8")


async def workbook(name: str, sheets: Sequence[Sheet]) -> Response:
    """Several tables in one file."""
    return _file(f"{name}.xlsx", await asyncio.to_thread(as_xlsx, sheets), XLSX)


def _file(name: str, content: bytes, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=kind)

"""Files that the desk hands out."""

from fastapi import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(name: str, content: bytes) -> Response:
    return _file(f"{name}.xlsx", content, XLSX)


def csv_file(name: str, content: bytes) -> Response:
    return _file(f"{name}.csv", content, "text/csv; charset=utf-8")


def _file(name: str, content: bytes, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=kind)

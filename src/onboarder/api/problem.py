"""Answers for machines that went wrong: application/problem+json (RFC 9457), without anything of the request in it."""

from http import HTTPStatus

from fastapi.responses import JSONResponse


def problem(status: HTTPStatus, detail: str) -> JSONResponse:
    """`detail` says what to do, in English, and repeats nothing that was sent."""
    return JSONResponse(
        {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail},
        status_code=status.value,
        media_type="application/problem+json",
    )

"""The HTTP application: all doors behind one guard."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from onboarder.api.guard import Guard
from onboarder.api.machines import doors_for_machines
from onboarder.api.people import doors_for_people
from onboarder.api.premises import Premises
from onboarder.api.problem import problem


def create_app(premises: Premises) -> FastAPI:
    """It describes itself to nobody: there is no schema and no documentation page."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(doors_for_people(premises))
    app.include_router(doors_for_machines(premises))
    app.add_exception_handler(HTTPException, _as_problem)
    app.add_exception_handler(RequestValidationError, _as_problem)
    app.add_middleware(Guard, premises=premises)
    return app


def _as_problem(request: Request, error: Exception) -> Response:
    """Without what was sent: an address or a body may hold a token."""
    del request
    if not isinstance(error, HTTPException):
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "the request makes no sense as sent")
    answer = problem(HTTPStatus(error.status_code), "no such door")
    answer.headers.update(error.headers or {})
    return answer

"""The HTTP application: all doors behind one guard."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from onboarder.access.refused import Refused
from onboarder.api.guard import Guard
from onboarder.api.machines import doors_for_machines
from onboarder.api.people import doors_for_people
from onboarder.api.premises import Premises
from onboarder.api.problem import problem
from onboarder.api.v1 import refusal
from onboarder.api.v1.refusal import Refusal
from onboarder.api.v1.router import PREFIX
from onboarder.api.v1.router import router as v1
from onboarder.field.refused import NotDone
from onboarder.records.database import RecordsBusy


def create_app(premises: Premises, *, pages: Sequence[APIRouter] = ()) -> FastAPI:
    """Only the API describes itself. `pages`: routers of the rooms above, such as the canvasser's app and the desk."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.premises = premises
    for doors in (doors_for_people(premises), doors_for_machines(premises), v1(premises), *pages):
        app.include_router(doors)
    for kind in (HTTPException, RequestValidationError, Refusal, Refused, NotDone, RecordsBusy):
        app.add_exception_handler(kind, _as_problem)
    app.add_middleware(Guard, premises=premises)
    return app


def _as_problem(request: Request, error: Exception) -> Response:
    """Without what was sent: an address or a body may hold a token."""
    if isinstance(error, Refused):
        error = refusal.of_entrance(error, request.app.state.premises.around.clock())
    if isinstance(error, NotDone):
        error = refusal.of_field_work(error)
    if isinstance(error, Refusal) or request.url.path.startswith(f"{PREFIX}/"):
        answer = refusal.answer(_refusal(error))
    elif isinstance(error, HTTPException):
        answer = problem(HTTPStatus(error.status_code), "no such door")
    elif isinstance(error, RecordsBusy):
        answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, "try again later")
    else:
        answer = problem(HTTPStatus.UNPROCESSABLE_ENTITY, "the request makes no sense as sent")
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _refusal(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case RequestValidationError():
            return refusal.of_fields(error)
        case HTTPException():
            return refusal.of_status(error.status_code)
        case _:
            return Refusal("busy")

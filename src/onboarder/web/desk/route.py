"""How the desk's handlers are called: whatever stops them becomes a page that says what to do."""

from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import cast

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from onboarder.access.refused import Refused
from onboarder.api.v1.refusal import Refusal
from onboarder.intake.refused import IntakeRefused
from onboarder.office.plans import PlanRefused
from onboarder.office.words import Words
from onboarder.problems import Problem
from onboarder.records.database import RecordsBusy
from onboarder.web.desk.frame import to_sign_in, trouble
from onboarder.web.desk.html import el
from onboarder.web.desk.visit import NotTheirs, NotThere, SignInFirst, Visit, anybody

Handler = Callable[[Request], Awaitable[Response]]


class DeskRoute(APIRoute):
    """A route of the desk."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[object, object, Response]]:
        handle = cast("Handler", super().get_route_handler())

        async def guarded(request: Request) -> Response:
            try:
                return await handle(request)
            except SignInFirst:
                return to_sign_in(request)
            except NotTheirs as stopped:
                return trouble(stopped.visit, "not_theirs", HTTPStatus.FORBIDDEN)
            except _KNOWN as error:
                return _said(await anybody(request), error)

        return guarded


_KNOWN = (
    NotThere,
    Problem,
    IntakeRefused,
    PlanRefused,
    Refused,
    Refusal,
    RecordsBusy,
    RequestValidationError,
    HTTPException,
)


def _said(visit: Visit, error: Exception) -> Response:
    """The page for an error, with its own sentence where it has one."""
    key, status, said = _told(visit.words, error)
    return trouble(visit, key, status, el("p", said) if said else None)


def _told(words: Words, error: Exception) -> tuple[str, HTTPStatus, str]:
    told = ("not_there", HTTPStatus.NOT_FOUND, "")
    match error:
        case Problem():
            said = " – ".join(filter(None, error.said(words.lang)))
            told = ("cannot", HTTPStatus.CONFLICT, said)
        case IntakeRefused():
            told = ("file", HTTPStatus.UNPROCESSABLE_ENTITY, words.either(error.id, error.en))
        case PlanRefused():
            told = ("cannot", HTTPStatus.CONFLICT, words(f"plan_why.{error.why}"))
        case Refused():
            said = words.maybe(f"refused.{error.why}", words("refused.other"))
            told = ("cannot", HTTPStatus.CONFLICT, said)
        case RecordsBusy():
            told = ("busy", HTTPStatus.SERVICE_UNAVAILABLE, "")
        case RequestValidationError():
            told = ("form", HTTPStatus.UNPROCESSABLE_ENTITY, "")
        case HTTPException():
            told = ("form", HTTPStatus(error.status_code), "")
        case _:
            pass
    return told

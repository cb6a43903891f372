"""Refusals of the API: problem+json (RFC 9457) with a stable code, told in Indonesian, with the next step.

Nothing that was sent is repeated in an answer.
"""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, TypeAdapter

from onboarder.access.refused import Refused, Why
from onboarder.api.v1.bodies import ProblemField, ProblemShown
from onboarder.field.refused import NotDone

MEDIA_TYPE = "application/problem+json"


class Refusal(Exception):
    """The answer to a request that is not carried out: a code of problems.toml, and facts for its sentences.

    `field` names the field of the body that is to blame, `fields` several; `told` goes into the answer as it is.
    """

    def __init__(
        self,
        code: str,
        *,
        field: str | None = None,
        fields: Sequence["WrongField"] = (),
        told: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.fields = (WrongField(field, code), *fields) if field else tuple(fields)
        self.told = dict(told or {})
        self.headers = dict(headers or {})
        self.facts = facts


@dataclass(frozen=True, slots=True)
class WrongField:
    """A field of the body, and a code of problems.toml that says what is wrong with it."""

    name: str
    code: str


class ProblemText(BaseModel):
    """One code of problems.toml: `title` and `next` Indonesian, `detail` English."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int
    title: str
    detail: str
    next: str


@cache
def problem_texts() -> Mapping[str, ProblemText]:
    """All codes."""
    text = Path(__file__).with_name("problems.toml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, ProblemText]).validate_python(tomllib.loads(text))


def answer(refusal: Refusal) -> JSONResponse:
    """The refusal as it goes over the wire."""
    text = problem_texts()[refusal.code]
    problem = ProblemShown(
        type="about:blank",
        title=text.title.format(**refusal.facts),
        status=text.status,
        detail=text.detail.format(**refusal.facts),
        code=refusal.code,
        next=text.next.format(**refusal.facts),
        errors=[_field(one) for one in refusal.fields],
    )
    soon = {"Retry-After": "5"} if text.status in _COMES_BACK else {}
    return JSONResponse(
        problem.model_dump() | refusal.told,
        text.status,
        {**soon, **refusal.headers},
        media_type=MEDIA_TYPE,
    )


def of_status(status: int) -> Refusal:
    """What the framework itself refuses."""
    return Refusal(_BY_STATUS.get(status, "failed" if status >= _OURS else "unreadable"))


def of_fields(error: RequestValidationError) -> Refusal:
    """What does not fit the fields, by the kind of each fault alone: its text could repeat the value."""
    found = [(one["loc"], str(one["type"])) for one in error.errors()]
    return Refusal("invalid", fields=[WrongField(_name(loc), _kind(kind)) for loc, kind in found])


def of_entrance(error: Refused, now: datetime) -> Refusal:
    """What the entrance refuses; its reasons are our codes."""
    field = _FIELDS.get(error.why)
    if error.why is Why.WAIT and error.until is not None:
        seconds = max(1, math.ceil((error.until - now).total_seconds()))
        minutes = math.ceil(seconds / 60)
        return Refusal(error.why, headers={"Retry-After": str(seconds)}, minutes=minutes)
    told = {"left": error.left} if error.why is Why.PIN_WRONG else {}
    return Refusal(error.why, field=field, told=told, left=error.left)


def of_field_work(refused: NotDone) -> Refusal:
    """What a use case of field work does not do."""
    faults = [WrongField(one.field, one.code) for one in refused.faults]
    return Refusal(refused.code, fields=faults, told=refused.told)


_OURS = 500
_FIELDS = {
    Why.PIN_WEAK: "pin",
    Why.PIN_WRONG: "pin",
    Why.PERSON_EXISTS: "id",
    Why.MARKET_UNKNOWN: "markets",
    Why.MARKET_MISSING: "markets",
}
_COMES_BACK = {HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE}
_BY_STATUS: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "no_such_method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.REQUEST_URI_TOO_LONG: "too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "busy",
}
_KINDS = {
    "missing": "field_missing",
    "extra_forbidden": "field_unknown",
    "string_too_short": "field_too_short",
    "too_short": "field_too_short",
    "string_too_long": "field_too_long",
    "too_long": "field_too_long",
    "greater_than": "field_too_small",
    "greater_than_equal": "field_too_small",
    "less_than": "field_too_large",
    "less_than_equal": "field_too_large",
}
"""pydantic's kinds of faults; all others are `field_invalid`."""
_OUR_NAME = re.compile(r"[a-z][a-z_]{0,39}|\d{1,3}")
"""What a field's name or a place in a list looks like; any other name was made up by the sender and is not repeated."""


def _kind(kind: str) -> str:
    return _KINDS.get(kind, "field_invalid")


def _name(loc: Sequence[int | str]) -> str:
    """`variants.0.price`; without the word for where in the request it stood."""
    inside = [str(part) for part in loc[1:]]
    named = [part if _OUR_NAME.fullmatch(part) else "…" for part in inside]
    return ".".join(named) or str(loc[0])


def _field(wrong: WrongField) -> ProblemField:
    return ProblemField(field=wrong.name, code=wrong.code, title=problem_texts()[wrong.code].title)

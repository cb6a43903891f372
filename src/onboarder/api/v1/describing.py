"""The API's description: OpenAPI 3.1 at `/api/v1/openapi.json`."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import cast

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from onboarder.api.v1.bodies import ProblemShown
from onboarder.api.v1.refusal import MEDIA_TYPE

_REFERENCE = {"$ref": "#/components/schemas/Problem"}
_REFUSED = {"description": "Refused", "content": {MEDIA_TYPE: {"schema": _REFERENCE}}}


def description(routes: Sequence[BaseRoute]) -> dict[str, object]:
    """What all operations take and answer. Every one may be refused with a problem."""
    made: dict[str, object] = get_openapi(
        title="onboarder", version=version("onboarder"), openapi_version="3.1.0", routes=routes
    )
    for operations in _inside(made, "paths").values():
        for operation in _each(operations):
            answers = _inside(operation, "responses")
            answers.pop("422", None)  # the framework's own, which nobody gets
            answers["default"] = _REFUSED
    schemas = _inside(_inside(made, "components"), "schemas")
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = ProblemShown.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    return made


def _inside(where: object, name: str) -> dict[str, object]:
    found = cast("dict[str, object]", where).setdefault(name, {})
    return cast("dict[str, object]", found)


def _each(where: object) -> list[object]:
    return list(cast("dict[str, object]", where).values())

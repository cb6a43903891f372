"""All of `/api/v1`. A resource is a module with `router(premises)`, and one line here."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from onboarder.api.premises import Premises
from onboarder.api.v1 import people, session
from onboarder.api.v1.describing import description

PREFIX = "/api/v1"

RESOURCES = (session.router, people.router)


def router(premises: Premises) -> APIRouter:
    """Every resource, and the description of them all."""
    every = APIRouter(prefix=PREFIX)
    for resource in RESOURCES:
        every.include_router(resource(premises))
    described = description(every.routes)

    @every.get("/openapi.json", include_in_schema=False)
    async def describe() -> JSONResponse:
        return JSONResponse(described)

    return every

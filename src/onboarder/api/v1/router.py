"""All of `/api/v1`. A resource is a module with `router(premises)`, and one line here."""

from functools import cache, partial

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from onboarder.api.premises import Premises
from onboarder.api.v1 import (
    consents,
    goods,
    imports,
    merchants,
    nights,
    people,
    plans,
    rules,
    session,
    standing,
    stores,
    tasks,
    uploads,
    work,
)
from onboarder.api.v1.describing import description

PREFIX = "/api/v1"

RESOURCES = (
    session.router,
    people.router,
    merchants.router,
    goods.router,
    consents.router,
    uploads.router,
    rules.router,
    stores.router,
    tasks.router,
    work.router,
    standing.router,
    plans.router,
    nights.router,
    imports.router,
)


def router(premises: Premises) -> APIRouter:
    """Every resource, and the description of them all."""
    every = APIRouter(prefix=PREFIX)
    for resource in RESOURCES:
        every.include_router(resource(premises))
    described = cache(partial(description, every.routes))

    @every.get("/openapi.json", include_in_schema=False)
    async def describe() -> JSONResponse:
        return JSONResponse(described())

    return every

"""The coordinator's desk under /meja/: pages made here, Indonesian first, that need no script."""

from importlib.resources import files

from fastapi import APIRouter, Response

from onboarder.web.desk import (
    imports,
    nights,
    people,
    plans,
    shops,
    signing,
    standing,
    stuck,
    tasks,
)
from onboarder.web.desk.frame import HOME
from onboarder.web.desk.route import DeskRoute
from onboarder.web.desk.visit import Anybody, NotThere

PREFIX = "/meja"


def router() -> APIRouter:
    """Every page of the desk."""
    made = APIRouter(prefix=PREFIX, route_class=DeskRoute, include_in_schema=False)
    for part in (signing, standing, stuck, tasks, people, plans, nights, shops, imports):
        part.routes(made)
    _rest(made)
    return made


def _rest(made: APIRouter) -> None:
    style = files("onboarder.web.desk").joinpath("style.css").read_bytes()

    @made.get("/style.css")
    async def sheet() -> Response:
        return Response(style, media_type="text/css")

    @made.get("")
    async def no_slash() -> Response:
        return Response(status_code=308, headers={"Location": HOME})

    @made.get("/{path:path}")
    async def elsewhere(path: str, visit: Anybody) -> Response:
        del path, visit
        raise NotThere

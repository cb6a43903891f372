"""The doors for merchants: their personal link, and the way back from the marketplace."""

import re
from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import SecretStr

from onboarder.api.pages import show
from onboarder.api.premises import Premises
from onboarder.consent.doors import Arrival, LinkState, Visit
from onboarder.model.ids import MarketplaceName
from onboarder.people.links import new_state
from onboarder.records.database import RecordsBusy

MARK = "__Host-hp"
"""A random word that a phone keeps from its first link on: so one phone behind several merchants is noticed."""
_MARK = re.compile(r"[\w-]{43}", re.ASCII)
_KEPT = timedelta(days=365)


def doors_for_people(premises: Premises) -> APIRouter:
    """`/k/TOKEN` and `/callback/MARKETPLACE`."""
    router, doors = APIRouter(), premises.doors

    @router.api_route("/k/{token}", methods=["GET", "HEAD"])
    async def look(token: str) -> Response:
        """Chat programmes fetch links for their previews: looking changes nothing."""
        return _page(premises, await doors.look(token))

    @router.post("/k/{token}")
    async def follow(token: str, request: Request) -> Response:
        mark = _mark(request)
        try:
            visit = await doors.follow(token, mark)
        except RecordsBusy:
            return show("busy", programme=premises.programme)
        if visit.address is None:
            return _page(premises, visit)
        where = visit.address.get_secret_value()
        answer = RedirectResponse(where, status_code=HTTPStatus.SEE_OTHER)
        _keep(answer, mark)
        return answer

    @router.get("/callback/{marketplace}")
    async def arrive(marketplace: str, request: Request) -> Response:
        given = request.query_params.multi_items()
        # Said twice is not said by the marketplace.
        query = dict(given) if len({name for name, _ in given}) == len(given) else {}
        arrival = await doors.arrive(marketplace, query)
        premises.figures.consents.labels(doors.known(marketplace), arrival).inc()
        return _arrived(premises, marketplace, arrival)

    return router


def _mark(request: Request) -> SecretStr:
    """The phone's own, or a new one."""
    kept = request.cookies.get(MARK, "")
    return SecretStr(kept) if _MARK.fullmatch(kept) else new_state()


def _keep(answer: Response, mark: SecretStr) -> None:
    answer.set_cookie(
        MARK,
        mark.get_secret_value(),
        max_age=int(_KEPT.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


_PAGES = {
    LinkState.LIVE: "link_live",
    LinkState.EXPIRED: "link_expired",
    LinkState.ENDED: "link_ended",
    LinkState.UNKNOWN: "link_unknown",
}


def _page(premises: Premises, visit: Visit) -> Response:
    title = visit.marketplace or "marketplace"
    return show(_PAGES[visit.state], programme=premises.programme, marketplace=title)


def _arrived(premises: Premises, marketplace: str, arrival: Arrival) -> Response:
    known = premises.around.marketplaces.get(MarketplaceName(marketplace))
    title = known.connector.manifest.title if known else "marketplace"
    return show(arrival, programme=premises.programme, marketplace=title)

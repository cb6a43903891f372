"""One request to the desk: who asks, in which language, and what stops them from being answered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from onboarder.access.sessions import Seat
from onboarder.api.premises import Premises
from onboarder.api.v1.door import premises_of, seat_of
from onboarder.converge.surroundings import Surroundings
from onboarder.office.words import LANGUAGES, Words
from onboarder.people.roles import Person, Role

LANG_COOKIE = "__Host-lang"
OFFICE = (Role.COORDINATOR, Role.OPERATOR)
FIGURES = (*OFFICE, Role.VIEWER)
"""Who may see figures without names."""


class SignInFirst(Exception):
    """Nobody is signed in: the sign-in page comes first."""


class NotTheirs(Exception):
    """The desk, or this part of it, is not for this role."""

    def __init__(self, visit: "Visit") -> None:
        super().__init__()
        self.visit = visit


class NotThere(Exception):
    """No such page, or nothing under this id that this person may see."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What every page works with; `seat` is None on the pages for anybody."""

    request: Request
    premises: Premises
    words: Words
    seat: Seat | None = None

    @property
    def person(self) -> Person:
        """Who asks; on pages for anybody there may be nobody."""
        if self.seat is None:
            raise SignInFirst
        return self.seat.person

    @property
    def around(self) -> Surroundings:
        return self.premises.around

    @property
    def now(self) -> datetime:
        return self.around.clock()

    @property
    def path(self) -> str:
        return self.request.url.path


async def anybody(request: Request) -> Visit:
    """A dependency: whoever comes, signed in or not."""
    premises = premises_of(request)
    return Visit(request, premises, words_for(request, premises), await seat_of(request))


def visiting(*roles: Role) -> Callable[[Visit], Awaitable[Visit]]:
    """A dependency: somebody of one of these roles; `SignInFirst`, `NotTheirs`."""

    async def check(visit: Annotated[Visit, Depends(anybody)]) -> Visit:
        if visit.seat is None or visit.seat.pin_needed:
            raise SignInFirst
        if visit.person.role not in roles:
            raise NotTheirs(visit)
        return visit

    return check


def words_for(request: Request, premises: Premises) -> Words:
    """In the language asked for in the address, else the one chosen before, else the service's."""
    asked = request.query_params.get("lang", "")
    kept = request.cookies.get(LANG_COOKIE, "")
    lang = next((one for one in (asked, kept) if one in LANGUAGES), premises.lang)
    return Words(lang, ZoneInfo(premises.around.programme.timezone))


Anybody = Annotated[Visit, Depends(anybody)]
InOffice = Annotated[Visit, Depends(visiting(*OFFICE))]
WithFigures = Annotated[Visit, Depends(visiting(*FIGURES))]

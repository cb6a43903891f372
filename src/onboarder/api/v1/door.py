"""Who may come through: the session's cookie, the role, and the markets of what is asked for."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyCookie
from pydantic import SecretStr

from onboarder.access.sessions import LONGEST, Seat, seat
from onboarder.api.premises import Premises
from onboarder.api.v1.refusal import Refusal
from onboarder.model.ids import MarketCode, ProgrammeCode
from onboarder.people.roles import Person, Role

COOKIE = "__Host-onboarder"
_cookie = APIKeyCookie(name=COOKIE, scheme_name="session", auto_error=False)


def premises_of(request: Request) -> Premises:
    """What all doors of this process share."""
    made: Premises = request.app.state.premises
    return made


async def seat_of(request: Request) -> Seat | None:
    """Who is signed in, PIN needed or not; None if nobody is. For pages, which lead to their sign-in instead.

    The database is asked once per request.
    """
    token = request.cookies.get(COOKIE)
    if token and not hasattr(request.state, "seat"):
        request.state.seat = await seat(premises_of(request).entrance, SecretStr(token))
    found: Seat | None = request.state.seat if token else None
    return found


async def seated(request: Request, token: Annotated[str | None, Depends(_cookie)]) -> Seat:
    """Who is signed in, PIN needed or not; 401 `sign_in` if nobody is."""
    del token  # read by `seat_of`; asked for here so that the API's description names it
    found = await seat_of(request)
    if found is None:
        raise Refusal("sign_in")
    return found


Seated = Annotated[Seat, Depends(seated)]


async def present(seat: Seated) -> Person:
    """Who is signed in and has given the PIN; 401 if not."""
    if seat.pin_needed:
        raise Refusal("pin_needed")
    return seat.person


Present = Annotated[Person, Depends(present)]


def allowed(*roles: Role) -> Callable[[Person], Awaitable[Person]]:
    """A dependency: the person who is signed in, if their role is one of these; 401 or 403 if not.

    The API's description lists the roles as the session's scopes: any one of them will do.
    """
    named = Security(present, scopes=[*roles])

    async def check(who: Annotated[Person, named]) -> Person:
        if who.role not in roles:
            raise Refusal("not_allowed")
        return who

    return check


def must_see(who: Person, programme: ProgrammeCode, market: MarketCode) -> None:
    """404 for what is not the person's to see: the same as if it did not exist."""
    if not who.sees(programme, market):
        raise Refusal("not_found")


def let_in(answer: Response, token: SecretStr) -> None:
    """Give the browser its session."""
    answer.set_cookie(
        COOKIE,
        token.get_secret_value(),
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def see_out(answer: Response) -> None:
    """Take the session from the browser, with all it keeps of us."""
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'

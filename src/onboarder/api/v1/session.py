"""`/session`: who is signed in, and signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from onboarder.access.sessions import Seat
from onboarder.api.premises import Premises
from onboarder.api.v1.bodies import Shown
from onboarder.api.v1.door import Seated, see_out
from onboarder.people.roles import Role


class ProgrammeShown(Shown):
    code: str
    name: str
    city: str


class MarketShown(Shown):
    code: str
    name: str


class SealingKey(Shown):
    """The public key (P-256, SPKI in base64) that phones seal identity numbers and signatures to."""

    id: str
    spki: str


class Me(Shown):
    """Who is signed in, and what their app must know. `now`: the server's time, ISO 8601 in UTC."""

    id: str
    name: str
    role: Role
    programme: ProgrammeShown
    markets: list[MarketShown]
    pin_needed: bool
    sealing_key: SealingKey | None
    now: str
    practice: bool
    lang: str


def router(premises: Premises) -> APIRouter:
    """`/session`."""
    made = APIRouter(tags=["session"])

    @made.get("/session")
    async def me(seat: Seated, practice: Annotated[bool, Query()] = False) -> Me:
        """Works while the PIN is needed too."""
        return shown(premises, seat, practice=practice)

    @made.delete("/session", status_code=204)
    async def sign_out(seat: Seated, answer: Response) -> None:
        del seat
        see_out(answer)

    return made


def shown(premises: Premises, seat: Seat, *, practice: bool = False) -> Me:
    """The person as their app is told."""
    programme, who = premises.around.programme, seat.person
    key = premises.boxes.public() if premises.boxes else None
    return Me(
        id=who.id,
        name=seat.name,
        role=who.role,
        programme=ProgrammeShown(code=programme.code, name=programme.name, city=programme.city),
        markets=[
            MarketShown(code=one.code, name=one.name)
            for one in programme.markets
            if one.code in who.markets
        ],
        pin_needed=seat.pin_needed,
        sealing_key=SealingKey(id=key.id, spki=key.spki) if key else None,
        now=premises.around.clock().isoformat(),
        practice=practice,
        lang=premises.lang,
    )

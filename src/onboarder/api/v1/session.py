"""`/session`: who is signed in, and signing in and out."""

import base64
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, SecretStr

from onboarder.access.enrolling import enrol, give_pin
from onboarder.access.sessions import Seat, seat, sign_out
from onboarder.access.signing_in import by_password
from onboarder.api.caller import caller
from onboarder.api.premises import Premises
from onboarder.api.v1.bodies import BoxSent, Sent, Shown, Words
from onboarder.api.v1.door import Present, Seated, let_in, seat_of, see_out
from onboarder.api.v1.refusal import Refusal
from onboarder.people.roles import Role
from onboarder.people.sealed_box import BoxSpoilt, KeyUnknown


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


class DataKeyBox(Sent):
    """The key of a phone's own data, which the phone sealed to us for the day its PIN is forgotten."""

    box: BoxSent


class DataKey(Shown):
    """In base64."""

    key: str


class Enrolment(Sent):
    """What a phone sends after scanning the QR code. `device`: what to call it."""

    token: Annotated[SecretStr, Field(min_length=10, max_length=100)]
    pin: Annotated[SecretStr, Field(min_length=6, max_length=6)]
    device: Annotated[Words, Field(min_length=1, max_length=80)]


class Pin(Sent):
    pin: Annotated[SecretStr, Field(min_length=6, max_length=6)]


class Password(Sent):
    """The office's sign-in: `code` is the six digits of the authenticator app."""

    account: Annotated[Words, Field(min_length=1, max_length=40)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$", examples=["493027"])]


def router(premises: Premises) -> APIRouter:
    """`/session`."""
    made, entrance = APIRouter(tags=["session"]), premises.entrance

    @made.get("/session")
    async def me(seat: Seated, practice: Annotated[bool, Query()] = False) -> Me:
        """Works while the PIN is needed too."""
        return shown(premises, seat, practice=practice)

    @made.post("/session/pin", status_code=204)
    async def pin(sent: Pin, seat: Seated) -> None:
        """Five wrong ones in a row sign the phone out."""
        await give_pin(entrance, seat, sent.pin)

    @made.post("/session/data_key")
    async def data_key(sent: DataKeyBox, who: Present) -> DataKey:
        """Open a phone's box for the person it was sealed for; nothing of it is kept."""
        if premises.boxes is None:
            raise Refusal("not_found")
        try:
            key = premises.boxes.open(sent.box.box(), bound=f"phone:{who.id}")
        except (KeyUnknown, BoxSpoilt):
            raise Refusal("box_unreadable", field="box") from None
        return DataKey(key=base64.b64encode(key).decode())

    @made.delete("/session", status_code=204)
    async def leave(seat: Seated, answer: Response) -> None:
        await sign_out(entrance, seat)
        see_out(answer)

    _entering(made, premises)
    return made


def _entering(made: APIRouter, premises: Premises) -> None:
    entrance = premises.entrance

    @made.post("/session/enrolment", status_code=201)
    async def enrol_phone(sent: Enrolment, request: Request, answer: Response) -> Me:
        """A QR code works once, for ten minutes."""
        address = caller(request)
        token = await enrol(entrance, sent.token, sent.pin, title=sent.device, address=address)
        return await _taken_in(premises, request, answer, token)

    @made.post("/session/password")
    async def sign_in(sent: Password, request: Request, answer: Response) -> Me:
        """For who has no enrolled phone: the office."""
        title, address = request.headers.get("user-agent", "")[:80], caller(request)
        token = await by_password(
            entrance, sent.account, sent.password, sent.code, title=title, address=address
        )
        return await _taken_in(premises, request, answer, token)


async def _taken_in(premises: Premises, request: Request, answer: Response, token: SecretStr) -> Me:
    """The new session in place of the one that the browser had."""
    earlier, now = await seat_of(request), await seat(premises.entrance, token)
    if earlier is not None:
        await sign_out(premises.entrance, earlier)
    if now is None:
        raise Refusal("sign_in")
    let_in(answer, token)
    return shown(premises, now)


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

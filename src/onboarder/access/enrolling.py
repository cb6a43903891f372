"""A canvasser's phone: let in by a QR code that works once, opened with a PIN of six digits."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe

from pydantic import SecretStr

from onboarder.access.entrance import Entrance
from onboarder.access.limits import ADDRESS, count, succeeded
from onboarder.access.refused import Refused, Why
from onboarder.access.sessions import PIN_AGAIN, Seat, close_session, open_session
from onboarder.people.links import digest
from onboarder.people.passwords import fits, hashed
from onboarder.records import sessions, writes
from onboarder.records.sessions import EnrolmentRecord

TOKEN_BYTES = 16
"""128 bits."""
LASTS = timedelta(minutes=10)
TRIES = 5
"""Wrong PINs in a row before the phone must be enrolled again."""
PIN = re.compile(r"[0-9]{6}")
_ROWS = ("01234567890123456789", "98765432109876543210")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the QR code holds, and until when it works."""

    token: SecretStr = field(repr=False)
    expires_at: datetime

    def link(self, public_url: str) -> SecretStr:
        """What the QR code says. The part after `#` never leaves the phone that opens it."""
        return SecretStr(f"{public_url}/app/#masuk={self.token.get_secret_value()}")


async def invite(entrance: Entrance, who: str, *, by: str) -> Invitation:
    """Let one phone of that person in. An earlier invitation that nobody used is void."""
    token, now = SecretStr(token_urlsafe(TOKEN_BYTES)), entrance.clock()
    async with entrance.database.write() as tx:
        fresh = EnrolmentRecord(digest(token), who, now, by, now + LASTS)
        await sessions.add_enrolment(tx, fresh)
        await writes.note(tx, at=now, actor=by, action="phone.invited", subject=f"account:{who}")
    return Invitation(token, fresh.expires_at)


async def enrol(
    entrance: Entrance, token: SecretStr, pin: SecretStr, *, title: str, address: str
) -> SecretStr:
    """Sign the phone in; returns its session's token.

    `Refused`: `token_unknown`, `pin_weak`, `wait`. Of any number with the same token at once exactly one is let in.
    """
    tries = {entrance.veiled("address", address): ADDRESS}
    await count(entrance, tries)
    if _weak(pin):
        raise Refused(Why.PIN_WEAK)
    async with entrance.database.read() as tx:
        owner = await sessions.enrolment_owner(tx, digest(token), now=entrance.clock())
    if owner is None:
        raise Refused(Why.TOKEN_UNKNOWN)
    kept = await hashed(pin)
    async with entrance.database.write() as tx:
        if not await sessions.use_enrolment(tx, digest(token), now=entrance.clock()):
            raise Refused(Why.TOKEN_UNKNOWN)
        await succeeded(entrance, tx, tries)
        return await open_session(tx, entrance, owner, title=title, pin=kept)


async def give_pin(entrance: Entrance, here: Seat, pin: SecretStr) -> None:
    """The PIN of a phone that asks for it.

    `Refused`: `pin_wrong` with the tries left, `enrol_again` after the last one, `no_pin`. Tries are counted before they
    are looked at: of any number at once only `TRIES` are.
    """
    session = here.session
    if session.pin is None:
        raise Refused(Why.NO_PIN)
    async with entrance.database.write() as tx:
        number = await sessions.take_try(tx, session.digest, most=TRIES)
    if number is None:
        raise Refused(Why.ENROL_AGAIN)
    if await fits(session.pin, pin):
        await _right(entrance, here)
    else:
        await _wrong(entrance, here, left=TRIES - number)


async def _right(entrance: Entrance, here: Seat) -> None:
    due = entrance.clock() + PIN_AGAIN
    async with entrance.database.write() as tx:
        if not await sessions.pin_given(tx, here.session.digest, due_at=due):
            raise Refused(Why.ENROL_AGAIN)


async def _wrong(entrance: Entrance, here: Seat, *, left: int) -> None:
    who, device = here.person.id, here.session.device
    async with entrance.database.write() as tx:
        await writes.note(
            tx, at=entrance.clock(), actor=who, action="pin.wrong", subject=f"device:{device}"
        )
        if not left:
            await close_session(tx, entrance, device, by=who, action="pin.exhausted")
    if not left:
        raise Refused(Why.ENROL_AGAIN)
    raise Refused(Why.PIN_WRONG, left=left)


def _weak(pin: SecretStr) -> bool:
    """Not six digits, or those that people try first."""
    digits = pin.get_secret_value()
    return (
        not PIN.fullmatch(digits)
        or len(set(digits)) == 1
        or digits[:3] == digits[3:]
        or any(digits in row for row in _ROWS)
    )

"""Sessions: every request asks the database, so that a lost phone is out with the next one."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex

from pydantic import SecretStr

from onboarder.access.entrance import Entrance
from onboarder.people.links import digest, new_state
from onboarder.people.roles import Person
from onboarder.records import accounts, sessions, writes
from onboarder.records.database import RecordsBusy, Transaction
from onboarder.records.sessions import SessionRecord

IDLE = timedelta(days=14)
"""A phone that is not used so long is signed out. Spans as OWASP ASVS 5.0 (7.1.1) wants them: written down."""
LONGEST = timedelta(days=30)
OFFICE = timedelta(hours=12)
"""What a password and a code opened lasts one working day."""
PIN_AGAIN = timedelta(hours=12)
"""A phone asks for the PIN once a working day."""
NOTED = timedelta(minutes=5)
"""How often a session's use is written down."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody at a signed-in phone or browser."""

    person: Person
    name: str = field(repr=False)
    session: SessionRecord
    pin_needed: bool


async def seat(entrance: Entrance, token: SecretStr) -> Seat | None:
    """Who comes with that token; None if it opens nothing (any more)."""
    now = entrance.clock()
    async with entrance.database.read(brief=True) as tx:
        session = await sessions.living(tx, digest(token), now=now)
        account = await accounts.find(tx, session.account_id) if session else None
    if session is None or account is None or account.programme != entrance.programme.code:
        return None
    if now - session.seen_at >= NOTED:
        with suppress(RecordsBusy):  # it is noted next time
            async with entrance.database.write() as tx:
                await sessions.seen(tx, session.digest, now=now, idle_until=now + IDLE)
    due = session.pin_due_at is not None and session.pin_due_at <= now
    return Seat(entrance.person(account), account.name, session, pin_needed=due)


async def open_session(
    tx: Transaction, entrance: Entrance, who: str, *, title: str, pin: str | None
) -> SecretStr:
    """A new session, with its token: with the hash of a PIN for a phone, without for a browser of the office."""
    token, now, device = new_state(), entrance.clock(), token_hex(8)
    fresh = SessionRecord(
        digest=digest(token),
        device=device,
        account_id=who,
        title=title,
        created_at=now,
        seen_at=now,
        idle_until=now + IDLE,
        expires_at=now + (LONGEST if pin else OFFICE),
        pin=pin,
        pin_due_at=now + PIN_AGAIN if pin else None,
    )
    await sessions.add(tx, fresh)
    await writes.note(tx, at=now, actor=who, action="session.opened", subject=f"device:{device}")
    return token


async def close_session(
    tx: Transaction, entrance: Entrance, device: str, *, by: str, action: str = "session.closed"
) -> None:
    """The device is signed out with its next request. Safe to repeat."""
    now = entrance.clock()
    if await sessions.end(tx, device, by=by, now=now):
        await writes.note(tx, at=now, actor=by, action=action, subject=f"device:{device}")


async def sign_out(entrance: Entrance, here: Seat) -> None:
    """End the session that asks for it."""
    async with entrance.database.write() as tx:
        await close_session(tx, entrance, here.session.device, by=here.person.id)

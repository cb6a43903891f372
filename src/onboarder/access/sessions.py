"""Sessions: every request asks the database, so that a lost phone is out with the next one."""

from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import SecretStr

from onboarder.access.entrance import Entrance
from onboarder.people.links import digest
from onboarder.people.roles import Person
from onboarder.records import accounts, sessions
from onboarder.records.sessions import SessionRecord

IDLE = timedelta(days=14)
"""A phone that is not used so long is signed out. This and the next two: OWASP ASVS 5.0, 7.3 and 7.4, as decided."""
LONGEST = timedelta(days=30)
PIN_AGAIN = timedelta(hours=12)
"""A working day at the markets."""
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
    async with entrance.database.read() as tx:
        session = await sessions.living(tx, digest(token), now=now)
        account = await accounts.find(tx, session.account_id) if session else None
    if session is None or account is None or account.programme != entrance.programme.code:
        return None
    if now - session.seen_at >= NOTED:
        async with entrance.database.write() as tx:
            await sessions.seen(tx, session.digest, now=now, idle_until=now + IDLE)
    due = session.pin_due_at is not None and session.pin_due_at <= now
    return Seat(entrance.person(account), account.name, session, pin_needed=due)

"""The entrance of a programme of two markets, on both databases, with a clock that only the test moves."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from pyotp.totp import TOTP
from sqlalchemy import select

from onboarder.access.enrolling import enrol, invite
from onboarder.access.entrance import Entrance
from onboarder.access.sessions import Seat, seat
from onboarder.access.signing_in import set_up
from onboarder.access.staff import NewPerson, add_person
from onboarder.model.ids import MarketCode
from onboarder.people.roles import Role
from onboarder.records.database import Database
from onboarder.records.tables import audit
from tests.support.signed_in import MARKETS, OWN
from tests.support.town import PROGRAMME, Clock, a_vault

PIN = SecretStr("274951")
PASSWORD = SecretStr("empat kata yang acak")
HERE = "198.51.100.7"


@dataclass
class Gatehouse:
    """The entrance and what tests need around it."""

    entrance: Entrance
    clock: Clock

    async def canvasser(self, who: str = "C07") -> str:
        fresh = NewPerson(who, Role.CANVASSER, "Nama Contoh", frozenset({OWN}))
        return (await add_person(self.entrance, fresh, by="ani")).id

    async def phone(self, who: str = "C07") -> SecretStr:
        """The token of a newly enrolled phone."""
        invitation = await invite(self.entrance, await self.canvasser(who), by="ani")
        return await enrol(self.entrance, invitation.token, PIN, title="HP contoh", address=HERE)

    async def seat(self, token: SecretStr) -> Seat:
        found = await seat(self.entrance, token)
        assert found is not None
        return found

    async def coordinator(self, who: str = "ani") -> TOTP:
        """An account with a password; returns its authenticator."""
        fresh = NewPerson(who, Role.COORDINATOR, "Nama Contoh", frozenset[MarketCode]())
        await add_person(self.entrance, fresh, by="test")
        made = await set_up(self.entrance, who, PASSWORD, by="test")
        return TOTP(made.secret.get_secret_value())

    def code(self, authenticator: TOTP) -> str:
        """The code it shows now."""
        return authenticator.at(self.clock())

    def pass_by(self, span: timedelta) -> None:
        self.clock.pass_by(span)

    async def audited(self) -> list[tuple[str, str, str]]:
        """Actor, action, subject of every event."""
        query = select(audit.c.actor, audit.c.action, audit.c.subject).order_by(audit.c.id)
        async with self.entrance.database.read() as tx:
            return [(one[0], one[1], one[2]) for one in await tx.execute(query)]


@pytest.fixture
def house(database: Database) -> Gatehouse:
    clock = Clock()
    programme = replace(PROGRAMME, markets=MARKETS)
    return Gatehouse(Entrance(database, programme, a_vault(), clock), clock)

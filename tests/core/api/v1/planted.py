"""What stands on record for the matrix: for each name in a path an object of one's own, a foreign one, a missing one.

Every person and thing that is foreign to somebody is called PLANTED or has PHONE: neither may be in an answer to them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from onboarder.model.ids import ProgrammeCode
from onboarder.people.roles import Role
from onboarder.records import accounts, sessions
from onboarder.records.accounts import AccountRecord
from onboarder.records.sessions import SessionRecord
from tests.support.signed_in import OWN, Service
from tests.support.town import PROGRAMME

PLANTED = "Siti Rahasia"
PHONE = "812345000"
"""Part of every planted phone number."""
ELSEWHERE = ProgrammeCode("lain")


@dataclass(frozen=True, slots=True)
class Names:
    """Values of one path parameter. `foreign` exists, but is nothing of theirs, for each role that could ask at all."""

    own: str
    foreign: Mapping[Role, str]
    missing: str


Plant = Callable[[Service], Awaitable[Names]]


async def _person(service: Service) -> Names:
    """A colleague who works beside one, and people of another programme."""
    await _employ(service, "C09", Role.CANVASSER, PROGRAMME.code)
    await _employ(service, "L01", Role.CANVASSER, ELSEWHERE)
    foreign = {Role.CANVASSER: "C09", Role.VIEWER: "C09"}
    return Names("C02", dict.fromkeys(Role, "L01") | foreign, "C99")


async def _device(service: Service) -> Names:
    names = await _person(service)
    return Names("hp-c02", {role: _device_of(who) for role, who in names.foreign.items()}, "hp-c99")


PLANTS: Mapping[str, Plant] = {
    "person": _person,
    "device": _device,
}
"""Each name that stands in braces in a path of the API."""


async def _employ(service: Service, who: str, role: Role, programme: ProgrammeCode) -> None:
    now = service.town.clock()
    async with service.town.database.write() as tx:
        if await accounts.find(tx, who) is not None:
            return
        markets = frozenset({OWN})
        await accounts.add(
            tx, AccountRecord(who, programme, role, PLANTED, now, "test", markets=markets)
        )
        later = now.replace(year=now.year + 1)
        await sessions.add(
            tx, SessionRecord(who * 8, _device_of(who), who, PLANTED, now, now, later, later)
        )


def _device_of(who: str) -> str:
    return f"hp-{who.lower()}"

"""Who works with onboarder, and whose records each may see."""

from dataclasses import dataclass
from enum import StrEnum

from onboarder.model.ids import MarketCode, ProgrammeCode


class Role(StrEnum):
    """What a person is there for."""

    CANVASSER = "canvasser"
    """At the stalls of their own markets."""
    COORDINATOR = "coordinator"
    """The city office: everything of one programme."""
    VIEWER = "viewer"
    """Sees figures, no merchant."""
    OPERATOR = "operator"
    """Runs the server and makes coordinators."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in. `markets`: a canvasser's own, everybody else's are all of the programme."""

    id: str
    role: Role
    programme: ProgrammeCode
    markets: frozenset[MarketCode]

    def sees(self, programme: ProgrammeCode, market: MarketCode) -> bool:
        """Whether merchants of that market may be shown; to a viewer none."""
        return (
            self.role is not Role.VIEWER
            and programme == self.programme
            and (self.role is not Role.CANVASSER or market in self.markets)
        )

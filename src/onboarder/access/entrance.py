"""What all use cases of signing in share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from onboarder.model.people import Programme
from onboarder.people.roles import Person, Role
from onboarder.people.vault import Vault
from onboarder.records.accounts import AccountRecord
from onboarder.records.database import Database


@dataclass(frozen=True, slots=True)
class Entrance:
    """One programme's entrance."""

    database: Database
    programme: Programme
    vault: Vault
    clock: Callable[[], datetime]

    def person(self, account: AccountRecord) -> Person:
        """Who the account is: everybody but a canvasser works in all markets."""
        every = frozenset(market.code for market in self.programme.markets)
        markets = account.markets & every if account.role is Role.CANVASSER else every
        return Person(account.id, account.role, account.programme, markets)

"""What all use cases of signing in share."""

import hashlib
import hmac
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

    def veiled(self, kind: str, text: str) -> str:
        """What the database knows of a name or address that somebody came with: it leads back to neither."""
        key = self.vault.derive("tries at signing in").get_secret_value()
        return hmac.new(key.encode(), f"{kind}|{text}".encode(), hashlib.sha256).hexdigest()

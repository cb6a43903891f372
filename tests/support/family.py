"""Token families as a strict marketplace keeps them: every refresh token works once, and using one again revokes all."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import SecretStr

from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import Advice, CredentialsExpired
from onboarder.model.people import Actor

REFUSED = Advice("family.refused", Actor.MERCHANT, "Token ditolak.", "The token is refused.")


@dataclass
class Family:
    """The tokens of one store; `current` is the number of the only refresh token that works."""

    current: int = 0
    revoked: bool = False
    refreshes: int = 0
    refused: int = 0

    def refresh(self, number: int) -> int:
        """The next number; `CredentialsExpired` for a token used before, and from then on for all."""
        if self.revoked or number != self.current:
            self.revoked = True
            self.refused += 1
            raise CredentialsExpired(REFUSED)
        self.current += 1
        self.refreshes += 1
        return self.current


@dataclass
class Families:
    """All stores' families, by remote id."""

    known: dict[str, Family] = field(default_factory=dict[str, Family])

    def of(self, shop: str) -> Family:
        return self.known.setdefault(shop, Family())


def secret(number: int) -> SecretStr:
    """What a store's credentials say: the number of its refresh token."""
    return SecretStr(json.dumps({"refresh": number, "rahasia": f"token-rahasia-{number}"}))


def number_in(access: Access) -> int:
    return int(json.loads(access.credentials.secret.get_secret_value())["refresh"])


def pair(number: int, now: datetime, *, lives: timedelta = timedelta(hours=4)) -> Credentials:
    """An access token for some hours; the refresh token can be used within 30 days."""
    return Credentials(secret(number), now + lives, now + timedelta(days=30))

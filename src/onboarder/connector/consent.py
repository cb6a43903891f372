"""What a connector adds to the contract where only the merchant's own consent opens the door.

Nobody can open such a store for the merchant: they sign up on their own phone, follow a personal link to the marketplace
and agree there. The browser then brings back a code, which is exchanged once for credentials.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from pydantic import SecretStr

from onboarder.connector.contract import Connector, OpenedStore
from onboarder.connector.manifest import CredentialKind
from onboarder.model.ids import RemoteId


@dataclass(frozen=True, slots=True)
class ConsentReturn:
    """What the merchant's browser brought back; the core has checked its `state` before."""

    code: SecretStr
    remote_id: RemoteId | None = None
    """The store that the merchant let us into, where the marketplace says so in the address."""
    account: str | None = field(default=None, repr=False)
    """The account above several stores, where the marketplace names that one instead."""


class ConsentConnector(Connector, Protocol):
    """A marketplace with `CredentialKind.CONSENT`."""

    def consent_url(self, callback: str, state: SecretStr) -> SecretStr:
        """The marketplace's page on which the merchant agrees; it comes back to `callback` with `state` in its query.

        Made when the merchant follows the link, because it may carry a signature that lasts minutes. Calls nobody.
        """
        ...

    def read_return(self, query: Mapping[str, str]) -> ConsentReturn:
        """What the callback's query says. `ActionNeeded` if the merchant refused or the query lacks what it must have."""
        ...

    async def redeem(self, given: ConsentReturn) -> OpenedStore:
        """Exchange the code for credentials and say whose store it is. The code works once.

        `OutcomeUnknown` if the answer was lost (asking again is harmless, at worst the code is used up);
        `CredentialsExpired` if the code is not accepted: the merchant follows the link again.
        """
        ...


def asks_consent(connector: Connector) -> ConsentConnector | None:
    """The connector as one that asks for consent; None if its marketplace does not."""
    if connector.manifest.credentials is not CredentialKind.CONSENT:
        return None
    return cast("ConsentConnector", connector)

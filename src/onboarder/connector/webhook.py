"""What a connector adds to the contract where the marketplace tells of changes by itself.

A message only wakes the loop for the store it names: what happened is always looked up, never believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from onboarder.connector.contract import Connector
from onboarder.connector.manifest import Capability
from onboarder.model.ids import RemoteId


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it arrived at our door. `url` is the door's address as the marketplace knows it."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """What a genuine message says, without personal data."""

    id: str
    """The same for every delivery of one event: the marketplace's id, else a digest of the body; up to 128 characters."""
    kind: str
    """The marketplace's name for it, for logs and counters; up to 64 characters."""
    stores: tuple[RemoteId, ...] = ()
    """The stores to look at; none for a message that concerns the app as a whole."""


class WebhookConnector(Connector, Protocol):
    """A marketplace with `Capability.WEBHOOKS`."""

    def genuine(self, delivery: Delivery) -> bool:
        """Whether one of the active secrets (the old one too while they are changed) signed the raw body.

        Compares in constant time, parses nothing before, raises nothing. Calls nobody.
        """
        ...

    def read_events(self, delivery: Delivery) -> tuple[Event, ...]:
        """The events in a genuine message; unknown kinds included. `ValueError` if it cannot be read."""
        ...


def tells_by_itself(connector: Connector) -> WebhookConnector | None:
    """The connector as one whose marketplace sends messages; None if it does not."""
    if not connector.manifest.can(Capability.WEBHOOKS):
        return None
    return cast("WebhookConnector", connector)

"""What every pass of one process shares: the parts it works with and the times it keeps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from onboarder.connector.contract import Connector
from onboarder.connector.errors import ActionNeeded
from onboarder.connector.manifest import Quotas
from onboarder.converge.renewal import Renewals
from onboarder.model.ids import MarketplaceName, PhotoHash
from onboarder.model.people import Programme
from onboarder.model.work import DriftClass, DriftPolicy
from onboarder.people.vault import Vault
from onboarder.records.clerk import Clerk
from onboarder.records.database import Database
from onboarder.rules.apps import app_missing


class PhotoSource(Protocol):
    """Where photo bytes come from."""

    def read(self, photo: PhotoHash) -> bytes:
        """Raises KeyError if there is none such, OSError if it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Marketplace:
    """A configured marketplace, ready to be called."""

    name: MarketplaceName
    connector: Connector
    """That of the first app; what it says of the marketplace holds for all of them."""
    categories: Mapping[str, str]
    """Our category codes to the marketplace's keys."""
    per_second: float | None = None
    """Calls that the configured budget allows; None: the manifest's."""
    quotas: Quotas = field(default_factory=Quotas)
    calls_at_once: int | None = None
    """Calls that one process may have under way; None: as many as are answered in time."""
    apps: Mapping[str, Connector] = field(default_factory=dict[str, Connector])
    """The connectors of further apps by name, in the order in which they are filled."""

    @property
    def connectors(self) -> tuple[Connector, ...]:
        """Those of all apps, in their order."""
        return self.connector, *self.apps.values()

    def serving(self, app: str | None) -> Connector:
        """The connector for a store with that app on record; `ActionNeeded` if the app is not configured any more."""
        if not app:
            return self.connector
        found = self.apps.get(app)
        if found is None:
            raise ActionNeeded(app_missing(app))
        return found


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every pass of this process shares."""

    database: Database
    vault: Vault
    renewals: Renewals
    programme: Programme
    marketplaces: Mapping[MarketplaceName, Marketplace]
    photos: PhotoSource
    clock: Callable[[], datetime]
    random: Random
    lease_span: timedelta
    call_deadline: timedelta
    fresh_for: timedelta
    started_at: datetime
    """When this process began: older observations are not believed, the database may be a restored backup."""
    drift_policy: Mapping[DriftClass, DriftPolicy]
    look_again: tuple[timedelta, ...]
    """How long after a change to look whether a review has ended: the last one repeats."""
    pass_span: timedelta = timedelta(minutes=10)
    """How long one pass may take in all."""
    link_span: timedelta = timedelta(days=30)
    """How long a merchant's personal link works."""
    clerk: Clerk = field(init=False, repr=False, compare=False)
    """Writes and reads for all passes at once."""

    def __post_init__(self) -> None:
        clerk = Clerk(self.database, clock=self.clock, span=self.lease_span)
        object.__setattr__(self, "clerk", clerk)

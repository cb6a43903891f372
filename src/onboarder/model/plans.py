"""Plans as they are approved: frozen figures, and every planned step as a line that can be compared."""

from dataclasses import dataclass
from enum import StrEnum

from onboarder.model.ids import MarketplaceName, StoreId


class PlanState(StrEnum):
    """Life of a plan that a coordinator approves."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    ORDERED = "ordered"
    """Carried out exactly as approved: its stores are due."""
    STOPPED = "stopped"
    """What was to be done was no longer what was approved; nothing was ordered."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some of a plan's merchants or products are left out, each reason once."""

    code: str
    who: str
    id: str
    en: str
    count: int
    examples: tuple[str, ...]
    """Ids of merchants or products."""


@dataclass(frozen=True, slots=True)
class Share:
    """One marketplace's figures. `minutes` is the time of the calls, `person_minutes` that of people."""

    marketplace: MarketplaceName
    merchants: int
    stores: int
    drafts: int
    listings: int
    updates: int
    withdrawals: int
    photos: int
    calls: int
    minutes: float
    person_minutes: int
    stopped: int
    """Stores for which nothing is done before a person has acted."""
    refused: tuple[Reason, ...]
    faults: tuple[Reason, ...]
    days: int = 1
    """Over which the daily quotas spread it; what was drawn up before they were kept has 1."""
    binding_quota: str | None = None
    """The daily quota that takes longest, if one takes more than a day."""
    apps_needed: int = 1
    apps_configured: int = 1


@dataclass(frozen=True, slots=True)
class StoreSteps:
    """What is to be done for one store, line by line: what, on which Reference, with which content."""

    store: StoreId
    lines: tuple[str, ...]


class Change(StrEnum):
    """How a plan differs from what was approved."""

    STORE_ADDED = "store_added"
    STORE_GONE = "store_gone"
    STEP_ADDED = "step_added"
    STEP_GONE = "step_gone"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; `line` is the step, '' for a whole store."""

    change: Change
    store: StoreId
    line: str

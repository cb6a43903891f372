"""The words for work on stores: lanes, intents, tasks, drifts, runs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from onboarder.model.ids import Reference, StoreId

PARKED_CODE = "parked"
"""Code of the task that tells an operator of a store or listing parked after repeated failures; the beginning of those
that say how it failed (`parked.endless`)."""


class Lane(StrEnum):
    """Which of the two lines work waits in: a person at the stall goes before the night."""

    STALL = "stall"
    NIGHT = "night"


class IntentKind(StrEnum):
    """The remote writes whose doubling or loss would hurt."""

    OPEN_STORE = "open_store"
    COMPLETE_STORE = "complete_store"
    CREATE_LISTING = "create_listing"
    UPDATE_LISTING = "update_listing"
    WITHDRAW_LISTING = "withdraw_listing"
    RELIST_LISTING = "relist_listing"

    @property
    def blind(self) -> bool:
        """Whether sending it twice could leave two of something: only these are looked up before a second try."""
        return self in {IntentKind.OPEN_STORE, IntentKind.COMPLETE_STORE, IntentKind.CREATE_LISTING}


class IntentState(StrEnum):
    """Life of a remote write."""

    PENDING = "pending"
    """Recorded before sending; after a crash nobody knows whether it was sent."""
    UNKNOWN = "unknown"
    """Sent, and the answer was lost or not understood."""
    DONE = "done"
    ABSENT = "absent"
    """Looked up after the settle time and not there: may be sent again."""
    REFUSED = "refused"
    """The marketplace answered that it did not do it."""


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"


class DriftClass(StrEnum):
    """A difference between what we wanted, what we recorded and what the marketplace shows."""

    VANISHED = "vanished"
    UNKNOWN_TO_US = "unknown_to_us"
    DUPLICATE = "duplicate"
    PRICE_CHANGED = "price_changed"
    STOCK_CHANGED = "stock_changed"
    CONTENT_CHANGED = "content_changed"
    STATUS_CHANGED = "status_changed"
    REJECTED = "rejected"
    STORE_SUSPENDED = "store_suspended"
    STORE_VANISHED = "store_vanished"
    AUTHORISATION_LOST = "authorisation_lost"


class DriftPolicy(StrEnum):
    """What the night does about a drift; set per class in config/rules/drift.toml."""

    REPAIR = "repair"
    """Bring the marketplace back to what we want."""
    ADOPT = "adopt"
    """Take the marketplace's value as the new agreed one."""
    REPORT = "report"
    """Say it in the run's result and change nothing."""
    ASK = "ask"
    """Open a task; a person decides between keeping and restoring."""


class RunState(StrEnum):
    OBSERVING = "observing"
    REPAIRING = "repairing"
    DONE = "done"
    STOPPED = "stopped"
    """The plausibility stop held all repairs back."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. `wanted` and `observed` are short printable values without personal data."""

    store_id: StoreId
    kind: DriftClass
    reference: Reference | None = None
    remote_id: str | None = None
    field: str | None = None
    wanted: str = ""
    observed: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """The last thing that went wrong with a store or listing, in the two languages and for logs."""

    code: str
    kind: str
    """Name of the error class that decides what happens next."""
    who: str
    id: str
    """Indonesian: what happened and the next step."""
    en: str
    detail: str
    at: datetime
    request_id: str | None = None

"""Spoil what sellers get from the marketplace, on purpose and by rule; see src/lib/faults.js."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

import httpx
from pydantic import BaseModel, ConfigDict

ALWAYS = 1_000_000


class FaultKind(StrEnum):
    """What happens to a struck request."""

    STATUS = "status"
    """Not worked on; `status` (429, 503, …) with `retry_after` seconds and `body`."""
    PAGE = "page"
    """Not worked on; `status` with an HTML page, as from a proxy."""
    DROP = "drop"
    """Not worked on; connection closed."""
    DELAY = "delay"
    """Worked on after `ms`."""
    LOST = "lost"
    """Worked on, then the connection is closed instead of answering."""
    LATE = "late"
    """Worked on at once, answered after `ms`."""
    REPLACED = "replaced"
    """Worked on, then answered with `status` and an HTML page."""
    TRUNCATED = "truncated"
    """Worked on, then half of the answer and the connection closed."""
    GARBLED = "garbled"
    """Worked on, then half of the answer as if it were all."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes every `every`-th matching request after the first `skip`, `times` times in all."""

    kind: FaultKind
    prefix: str = "/vendor"
    method: str | None = None
    seller: str | None = None
    times: int = 1
    every: int = 1
    skip: int = 0
    status: int | None = None
    retry_after: int | None = None
    ms: int | None = None
    body: Mapping[str, object] | None = None


class Counters(BaseModel):
    """What happened since the last reset on /vendor and /auth/member."""

    model_config = ConfigDict(frozen=True)

    requests: int
    limited: int
    """Requests refused by the rate limit."""
    injected: dict[FaultKind, int]


class Faults:
    """The fixture's control route."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def inject(self, *faults: Fault) -> None:
        """Strike with exactly these from now on, the first that matches first."""
        self._set(faults=[_without_nones(fault) for fault in faults])

    def limit(self, requests_per_second: int) -> None:
        """Answer more than that with 429 and Retry-After: 1; 0 lifts the limit."""
        self._set(rps=requests_per_second)

    def moderate(self, *, on: bool) -> None:
        """On (as at the start): no vendor can publish by himself, only propose."""
        self._set(moderation=on)

    def counters(self) -> Counters:
        return Counters.model_validate_json(self._http.get("/fixture/state").content)

    def reset(self) -> None:
        """No faults, no limit, moderation on, counters at zero."""
        self._http.delete("/fixture/state").raise_for_status()

    def _set(self, **changes: object) -> None:
        self._http.post("/fixture/state", json=changes).raise_for_status()


def _without_nones(fault: Fault) -> dict[str, object]:
    return {name: value for name, value in asdict(fault).items() if value is not None}

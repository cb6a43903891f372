"""The failure dials: which fault strikes which call, by chance with a seed or by counting."""

import random
from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from onboarder_rehearsal.server.rules import RetryAfter, Share
from onboarder_rehearsal.server.state import State


class Fault(StrEnum):
    """What can go wrong with a call."""

    LOST_BEFORE = "lost_before"
    """Connection dropped, nothing done."""
    ERROR_BEFORE = "error_before"
    """500, nothing done."""
    UNAVAILABLE = "unavailable"
    """503, nothing done."""
    LIMITED = "limited"
    """429, nothing done."""
    LATE_COMMIT = "late_commit"
    """Connection dropped, and `seconds` later the call is carried out all the same."""
    LOST_AFTER = "lost_after"
    """Done, then the connection is dropped."""
    HANG_AFTER = "hang_after"
    """Done, then silence on an open connection."""
    ERROR_AFTER = "error_after"
    """Done, then 500."""
    TRUNCATED = "truncated"
    """Done, then half an answer and a dropped connection."""
    INVALID_JSON = "invalid_json"
    HTML = "html"
    """Done, then a maintenance page with status 200."""
    OVERSIZED = "oversized"
    """Done, then `megabytes` of answer."""
    GZIP_BOMB = "gzip_bomb"
    """Done, then `megabytes` of answer in a few kilobytes of gzip."""
    TRICKLE = "trickle"
    """Done, then one byte of the answer every `seconds`."""
    SLOW = "slow"
    """Done, then answered after `seconds`."""
    DELAYED_VISIBILITY = "delayed_visibility"
    """What the call creates is found by search and paging only after `seconds`."""
    BATCH_HALF = "batch_half"
    """Of a batch, the given `share` fails with a passing fault."""
    BATCH_SHUFFLED = "batch_shuffled"
    BATCH_MISSING = "batch_missing"
    """Of a batch's results, the given `share` is left out, though done."""
    TOKEN_DEATH = "token_death"  # noqa: S105  (a fault's name, no secret)
    """All access tokens of the calling store die before the call."""
    STORE_SUSPENDED = "store_suspended"
    CATEGORY_WITHDRAWN = "category_withdrawn"
    """The categories a listing call names are withdrawn before it."""
    CLOCK_SKEW = "clock_skew"
    """The Date header is `seconds` off."""


BEFORE = frozenset(
    {Fault.LOST_BEFORE, Fault.ERROR_BEFORE, Fault.UNAVAILABLE, Fault.LIMITED, Fault.LATE_COMMIT}
)
"""Faults that answer instead of doing the call."""
AFTER = frozenset(
    {
        Fault.LOST_AFTER,
        Fault.HANG_AFTER,
        Fault.ERROR_AFTER,
        Fault.TRUNCATED,
        Fault.INVALID_JSON,
        Fault.HTML,
        Fault.OVERSIZED,
        Fault.GZIP_BOMB,
        Fault.TRICKLE,
    }
)
"""Faults that spoil the answer of a call that was done."""


class Dial(BaseModel):
    """One fault with its chance and the calls it may strike. A filter left out matches every call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: Fault
    probability: Share = 1
    after: int = Field(default=0, ge=0)
    """Matching calls let through first."""
    times: int | None = Field(default=None, ge=1)
    """Strikes before the dial is used up; None: never."""
    method: str | None = None
    route: str | None = None
    """Route template, `*` matches anything: `/v1/items*`."""
    store: str | None = None
    """The store's reference, `*` matches anything."""
    seconds: float = Field(default=2, ge=-86_400, le=86_400)
    share: Share = 0.5
    megabytes: Annotated[int, Field(ge=1, le=1024)] = 64
    retry_after: RetryAfter | None = None
    """How the answer says to wait `seconds`; left out, `limited` says it in seconds and `unavailable` not at all."""

    def matches(self, method: str, route: str, store: str) -> bool:
        return (
            (self.method is None or self.method.upper() == method)
            and (self.route is None or fnmatchcase(route, self.route))
            and (self.store is None or fnmatchcase(store, self.store))
        )


DIALS: TypeAdapter[list[Dial]] = TypeAdapter(list[Dial])

Strikes = Mapping[Fault, Dial]
"""The faults that struck one call."""


class Dials:
    """The dials as set, with their counts kept in the state, so that a restarted server goes on counting."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._set: dict[int, Dial] = {}
        self._seen: dict[int, int] = {}
        self._struck: dict[int, int] = {}
        self.reload()

    def reload(self) -> None:
        rows = self._state.all("SELECT no, spec, seen, struck FROM dial ORDER BY no")
        self._set = {row["no"]: Dial.model_validate_json(row["spec"]) for row in rows}
        self._seen = {row["no"]: row["seen"] for row in rows}
        self._struck = {row["no"]: row["struck"] for row in rows}

    def listed(self) -> list[tuple[int, Dial, int, int]]:
        """Number, dial, matching calls seen, strikes."""
        return [(no, dial, self._seen[no], self._struck[no]) for no, dial in self._set.items()]

    def add(self, dials: list[Dial]) -> list[int]:
        """Set more dials; answers their numbers."""
        numbers = [
            self._state.add("INSERT INTO dial (spec) VALUES (?)", dial.model_dump_json())
            for dial in dials
        ]
        self.reload()
        return numbers

    def remove(self, number: int | None = None) -> None:
        """Take away one dial, or all."""
        self._state.run("DELETE FROM dial WHERE ? IS NULL OR no = ?", number, number)
        self.reload()

    def strike(self, seed: int, method: str, route: str, store: str) -> Strikes:
        """Who strikes this call; at most one fault that ends it, the first set one first."""
        struck: dict[Fault, Dial] = {}
        ended = False
        for number, dial in self._set.items():
            ending = dial.fault in BEFORE or dial.fault in AFTER
            if (ended and ending) or dial.fault in struck or not dial.matches(method, route, store):
                continue
            if self._falls(seed, number, dial):
                struck[dial.fault] = dial
                ended = ended or ending
        return struck

    def _falls(self, seed: int, number: int, dial: Dial) -> bool:
        seen = self._seen[number] = self._seen[number] + 1
        used_up = dial.times is not None and self._struck[number] >= dial.times
        chance = random.Random(f"{seed}/{number}/{seen}").random()  # noqa: S311  (a practised fault)
        falls = seen > dial.after and not used_up and chance < dial.probability
        self._struck[number] += falls
        self._state.run(
            "UPDATE dial SET seen = ?, struck = ? WHERE no = ?", seen, self._struck[number], number
        )
        return falls

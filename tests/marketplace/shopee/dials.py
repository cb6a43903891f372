"""The failure dials: which fault strikes which call, by chance with a seed or by counting."""

import random
import sqlite3
from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee.rules import Share


class Fault(StrEnum):
    """What can go wrong with a call. Those that say "done" leave the call's work committed."""

    LOST_BEFORE = "lost_before"
    """Connection dropped, nothing done."""
    HANG_BEFORE = "hang_before"
    """Silence on an open connection, nothing done."""
    ERROR_BEFORE = "error_before"
    """HTTP 500 with a gateway's page, nothing done."""
    UNAVAILABLE = "unavailable"
    """HTTP 503 with a gateway's page, nothing done."""
    REFUSED_BEFORE = "refused_before"
    """`code` and `message` in Shopee's form with HTTP `status`, nothing done."""
    RATE_LIMITED = "rate_limited"
    DAY_LIMITED = "day_limited"
    LATE_COMMIT = "late_commit"
    """Connection dropped, and `seconds` later the call is carried out all the same."""
    LOST_AFTER = "lost_after"
    """Done, then the connection is dropped."""
    HANG_AFTER = "hang_after"
    ERROR_AFTER = "error_after"
    REFUSED_AFTER = "refused_after"
    """Done, then `code` and `message`."""
    TRUNCATED = "truncated"
    INVALID_JSON = "invalid_json"
    HTML = "html"
    OVERSIZED = "oversized"
    """Done, then `megabytes` of answer."""
    GZIP_BOMB = "gzip_bomb"
    TRICKLE = "trickle"
    """Done, then one byte of the answer every `seconds`."""
    SLOW = "slow"
    """Done, then answered after `seconds`."""
    DELAYED_VISIBILITY = "delayed_visibility"
    """What add_item creates is listed and found only after `seconds`."""
    UNLIST_LEAK = "unlist_leak"
    """add_item echoes UNLIST and stores NORMAL."""
    NOT_APPLIED = "not_applied"
    """Answered with success and not done."""
    ACCESS_EXPIRED = "access_expired"
    """The shop's access tokens are over before the call."""
    TOKENS_REVOKED = "tokens_revoked"
    """The shop's access and refresh tokens are dead before the call."""
    AUTHORIZATION_WITHDRAWN = "authorization_withdrawn"
    AUTHORIZATION_OVER = "authorization_over"
    SHOP_BANNED = "shop_banned"
    SHOP_FROZEN = "shop_frozen"
    KYC_PENDING = "kyc_pending"
    NO_SHIPPING = "no_shipping"
    CATEGORY_WITHDRAWN = "category_withdrawn"
    """The category that add_item or update_item names is withdrawn before it."""
    CLOCK_SKEW = "clock_skew"
    """The Date header is `seconds` off."""


BEFORE = frozenset(
    {
        Fault.LOST_BEFORE,
        Fault.HANG_BEFORE,
        Fault.ERROR_BEFORE,
        Fault.UNAVAILABLE,
        Fault.REFUSED_BEFORE,
        Fault.RATE_LIMITED,
        Fault.DAY_LIMITED,
        Fault.LATE_COMMIT,
    }
)
"""Faults that answer instead of doing the call."""
AFTER = frozenset(
    {
        Fault.LOST_AFTER,
        Fault.HANG_AFTER,
        Fault.ERROR_AFTER,
        Fault.REFUSED_AFTER,
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
    """Path, `*` matches anything: `*/add_item`."""
    shop: int | None = None
    seconds: float = Field(default=2, ge=-86_400, le=86_400)
    megabytes: Annotated[int, Field(ge=1, le=1024)] = 64
    code: str = "product.error_busi"
    message: str = "Internal error, please contact openapi team"
    status: int = 200

    def matches(self, method: str, route: str, shop: int | None) -> bool:
        return (
            (self.method is None or self.method.upper() == method)
            and (self.route is None or fnmatchcase(route, self.route))
            and (self.shop is None or self.shop == shop)
        )


DIALS: TypeAdapter[list[Dial]] = TypeAdapter(list[Dial])

Strikes = Mapping[Fault, Dial]
"""The faults that struck one call."""


class Dials:
    """The dials as set; their counts are in the state, so that a restarted server goes on counting."""

    def __init__(self, state: State) -> None:
        self._state = state

    def listed(self) -> list[dict[str, object]]:
        return [
            {"no": row["no"], "seen": row["seen"], "struck": row["struck"]}
            | Dial.model_validate_json(row["spec"]).model_dump(mode="json")
            for row in self._rows()
        ]

    def add(self, dials: list[Dial]) -> list[int]:
        """Set more dials; answers their numbers."""
        insert = "INSERT INTO dial (spec) VALUES (?)"
        return [self._state.add(insert, dial.model_dump_json()) for dial in dials]

    def remove(self, number: int | None = None) -> None:
        """Take away one dial, or all."""
        self._state.run("DELETE FROM dial WHERE ?1 IS NULL OR no = ?1", number)

    def strike(self, seed: int, method: str, route: str, shop: int | None) -> Strikes:
        """Who strikes this call; at most one fault that ends it, the first set one first."""
        struck: dict[Fault, Dial] = {}
        for row in self._rows():
            dial = Dial.model_validate_json(row["spec"])
            if not dial.matches(method, route, shop) or dial.fault in struck:
                continue
            if _ends(dial.fault) and any(map(_ends, struck)):
                continue
            if self._falls(seed, row["no"], dial, row["seen"] + 1, row["struck"]):
                struck[dial.fault] = dial
        return struck

    def _falls(self, seed: int, number: int, dial: Dial, seen: int, struck: int) -> bool:
        used_up = dial.times is not None and struck >= dial.times
        chance = random.Random(f"{seed}/{number}/{seen}").random()
        falls = seen > dial.after and not used_up and chance < dial.probability
        update = "UPDATE dial SET seen = ?, struck = ? WHERE no = ?"
        self._state.run(update, seen, struck + falls, number)
        return falls

    def _rows(self) -> list[sqlite3.Row]:
        return self._state.all("SELECT * FROM dial ORDER BY no")


def _ends(fault: Fault) -> bool:
    return fault in BEFORE or fault in AFTER

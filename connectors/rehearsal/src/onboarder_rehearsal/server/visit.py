"""One call at the marketplace's counter: what came in, what goes out, how it is refused."""

import json
import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from onboarder_rehearsal.server.dials import Dial, Fault, Strikes
from onboarder_rehearsal.server.rules import Rules
from onboarder_rehearsal.server.state import State

ShapeT = TypeVar("ShapeT", bound=BaseModel)
Spot = tuple[str, str]
"""A refused field and why."""


class SellerPhase(StrEnum):
    SCREENING = "screening"
    TRADING = "trading"
    TURNED_DOWN = "turned_down"
    FROZEN = "frozen"
    LEFT = "left"


class ItemPhase(StrEnum):
    SCREENING = "screening"
    SELLING = "selling"
    TURNED_DOWN = "turned_down"
    HIDDEN = "hidden"


class Who(StrEnum):
    """Which key opens an endpoint."""

    PARTNER = "partner"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before any fault spoils it."""

    status: int
    content: object
    fault: str = ""
    """The marketplace's own word for what was wrong."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def encoded(self) -> bytes:
        return json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode()


class Refused(Exception):
    """The marketplace says no; nothing of the call was done."""

    def __init__(
        self,
        status: int,
        kind: str,
        text: str,
        spots: Sequence[Spot] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.text = text
        self.spots = tuple(spots)
        self.headers = headers or {}

    def content(self) -> dict[str, object]:
        spots = [{"at": at, "why": why} for at, why in self.spots]
        return {"kind": self.kind, "text": self.text, "spots": spots}

    def reply(self) -> Reply:
        return Reply(self.status, {"fault": self.content()}, self.kind, self.headers)


@dataclass(frozen=True, slots=True)
class Visit:
    """A call whose caller is known."""

    state: State
    rules: Rules
    now: float
    number: int
    """Running number of the call, for chance."""
    partner: str
    seller_no: int | None
    places: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    media_type: str
    base_url: str
    strikes: Strikes = field(default_factory=dict[Fault, Dial])

    def seller(self) -> sqlite3.Row:
        """The calling seller's row."""
        row = self.state.one("SELECT * FROM seller WHERE no = ? AND NOT deleted", self.seller_no)
        if row is None:
            raise Refused(404, "seller_unknown", "no such seller")
        return row

    def chance(self) -> random.Random:
        """Chance that falls the same way in every run with the same seed."""
        return random.Random(f"{self.rules.seed}/call/{self.number}")  # noqa: S311  (a practised fault)

    def when(self, moment: float) -> str:
        """A moment as answers write it."""
        skewed = moment + self.rules.clock_skew_seconds
        return datetime.fromtimestamp(skewed, UTC).isoformat(timespec="milliseconds")

    def read(self, shape: type[ShapeT]) -> ShapeT:
        """The JSON body in that shape."""
        return checked(shape, lambda: shape.model_validate_json(self.body))


def checked(shape: type[ShapeT], validate: Callable[[], ShapeT]) -> ShapeT:
    """What `validate` gives, or a refusal that names the fields."""
    try:
        return validate()
    except ValidationError as error:
        spots = [
            (".".join(map(str, fault["loc"])) or shape.__name__, fault["msg"])
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise Refused(422, "fields_refused", "some fields were refused", spots) from None

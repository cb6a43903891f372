"""Lists in pages: the cursor is the key of the last row shown, opaque to whoever holds it."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Query

from onboarder.api.v1.bodies import Page
from onboarder.api.v1.refusal import Refusal

Row = TypeVar("Row")
Item = TypeVar("Item")

MOST = 200
USUAL = 50
LONGEST_CURSOR = 400


@dataclass(frozen=True, slots=True)
class Paging:
    """The page asked for: rows whose key comes after `after` ('' is before all). Read `most` rows, one more than shown."""

    limit: int
    after: str

    @property
    def most(self) -> int:
        return self.limit + 1

    def page(
        self, rows: Sequence[Row], key: Callable[[Row], str], show: Callable[[Row], Item]
    ) -> Page[Item]:
        """The page of rows read in the order of their keys."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return Page(
            items=[show(one) for one in shown], next=cursor(key(shown[-1])) if more else None
        )


def cursor(key: str) -> str:
    """The cursor behind that key."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def moment(key: str) -> datetime:
    """The time that a key of a list by time begins with, in UTC; 400 `bad_cursor` for what is none."""
    try:
        at = datetime.fromisoformat(key)
        if at.tzinfo is None:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal("bad_cursor") from None


async def paging(
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
    cursor: Annotated[str, Query(max_length=LONGEST_CURSOR)] = "",
) -> Paging:
    """A dependency; 400 `bad_cursor` for what no cursor can be."""
    return Paging(limit, _key(cursor))


Paged = Annotated[Paging, Depends(paging)]


def _key(cursor: str) -> str:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        key = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise Refusal("bad_cursor") from None
    if not key.isprintable():
        raise Refusal("bad_cursor")
    return key

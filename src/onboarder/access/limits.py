"""How often one may try to sign in: tries count for the account and for the network address they come from.

They are counted before they are looked at, and an account that does not exist counts like one that does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from onboarder.access.entrance import Entrance
from onboarder.access.refused import Refused, Why
from onboarder.records import attempts
from onboarder.records.database import Transaction


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries without a wait; then `first`, and twice as long each time, up to `longest`."""

    free: int
    first: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(minutes=15)

    def wait(self, tries: int) -> timedelta:
        """How long to wait after so many tries."""
        if tries < self.free:
            return timedelta()
        return min(self.longest, self.first * (1 << min(tries - self.free, 20)))


ACCOUNT = Limit(free=5)
ADDRESS = Limit(free=100)
"""Phones of one mobile network share few addresses."""
FORGET = timedelta(days=1)
"""Tries are counted anew so long after the first of them."""


async def count(entrance: Entrance, subjects: Mapping[str, Limit]) -> None:
    """Count one try for each subject; `Refused` (`wait`, with the time) if one of them had too many."""
    async with entrance.database.write() as tx:
        held = [
            subject
            for subject, limit in subjects.items()
            if not await _taken(entrance, tx, subject, limit)
        ]
        until = [await attempts.held_until(tx, subject) for subject in held]
    if held:
        raise Refused(Why.WAIT, until=max(filter(None, until), default=None))


async def succeeded(entrance: Entrance, tx: Transaction, subjects: Mapping[str, Limit]) -> None:
    """The try that was counted last was right: an account's earlier ones are forgiven, an address gets this one back."""
    for subject, limit in subjects.items():
        if limit is ACCOUNT:
            await attempts.forgive(tx, subject)
        else:
            await attempts.give_back(tx, subject, now=entrance.clock())


async def _taken(entrance: Entrance, tx: Transaction, subject: str, limit: Limit) -> bool:
    now = entrance.clock()
    tries = await attempts.take(tx, subject, now=now, forget=FORGET)
    if tries is None:
        return False
    await attempts.hold(tx, subject, until=now + limit.wait(tries))
    return True

"""The sweep: looks in the database for due stores and begins their passes, whatever becomes of Redis.

It does not ring. Rings are only quicker: whatever was never rung for, was lost with Redis, is held by a dead worker or is
due because its wait is over is found here, and the lease makes it harmless that two processes find the same store.
"""

from datetime import datetime
from random import Random

from onboarder.converge.surroundings import Surroundings
from onboarder.model.ids import MarketplaceName, StoreId
from onboarder.model.work import Lane
from onboarder.records import stores
from onboarder_workers.passes import Passes

VIEW = 10
"""How many times its slots a sweep looks ahead: processes choose at random in there, so they rarely meet."""
SHORTEST_PAUSE = 0.05
"""Seconds between sweeps while there is more to do than slots, or something falls due right now."""


class Sweep:
    """The sweep of one lane and marketplace in one process."""

    def __init__(
        self,
        around: Surroundings,
        passes: Passes,
        lane: Lane,
        marketplace: MarketplaceName,
        seconds: float,
    ) -> None:
        self._around = around
        self._passes = passes
        self._lane = lane
        self._marketplaces = (marketplace,)
        self._seconds = seconds
        self._slots = passes.slots(lane, marketplace)
        # Its own stream, so that what the passes draw does not depend on when a sweep ran.
        self._random = Random(around.random.random())  # noqa: S311  # jitter, not secrets

    async def once(self) -> float:
        """Begin a pass for due stores, as many as there are slots; returns the seconds until the next look."""
        now = self._around.clock()
        known = self._marketplaces
        async with self._around.database.read() as tx:
            found = await stores.due(
                tx, now, lane=self._lane, limit=self._slots * VIEW, marketplaces=known
            )
            upcoming = await stores.next_due(tx, now, lane=self._lane, marketplaces=known)
        for store, lane in self._some(found):
            await self._passes.begin(lane, store)
        return SHORTEST_PAUSE if len(found) > self._slots else self._pause(now, upcoming)

    def _some(self, found: list[tuple[StoreId, Lane]]) -> list[tuple[StoreId, Lane]]:
        return self._random.sample(found, min(self._slots, len(found)))

    def _pause(self, now: datetime, upcoming: datetime | None) -> float:
        """The usual pause, with jitter so that processes spread out; less if a store falls due within it."""
        usual = self._seconds * self._random.uniform(0.75, 1.25)
        if upcoming is None:
            return usual
        return min(usual, max(SHORTEST_PAUSE, (upcoming - now).total_seconds()))

"""The night by schedule: one process of all begins it, whoever holds the lock pushes it on, a missed one is made up for."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from onboarder.application import Application
from onboarder.converge.glance import Glances
from onboarder.converge.night import LOCK, Night, Scope
from onboarder.model.ids import RunId
from onboarder.problems import BusyProblem
from onboarder.records import schedule

log = structlog.get_logger()

SECONDS_BETWEEN_PUSHES = 1.0
MISSED_FOR = timedelta(hours=20)
"""A night missed for longer than this is left to the coming one."""
SAME_NIGHT = timedelta(hours=12)
"""A changed hour moves a night by less. More would be to the next one: then it comes once more at the old hour."""
FAR = timedelta(hours=36)
"""A night on record that is so much later than the coming one was put there by a clock that was ahead."""
BY = "schedule"


async def glance(glances: Glances) -> float:
    """Take part in the glances of a run under way; returns the seconds until the next look for one."""
    return 0 if await glances.of_the_run_under_way() else SECONDS_BETWEEN_PUSHES


class Nights:
    """Looks after the schedule and after unfinished runs, whoever began them."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._night = Night(app.database, app.drift_rules, owner=app.name, clock=app.clock)
        self._at = time.fromisoformat(app.settings.night_at)
        self._zone = ZoneInfo(app.programme.timezone)
        self._run: RunId | None = None
        """The run this process pushes on."""
        self._aligned = False

    async def once(self) -> float:
        """Push our run on; else take over one that nobody pushes; else begin a night that is due.

        Returns the seconds until the next time.
        """
        try:
            if self._run is None:
                self._run = await self._night.resume() or await self._begin_due()
            if self._run is not None:
                record = await self._night.advance(self._run)
                self._run = None if record.ended_at is not None else self._run
        except BusyProblem:
            self._run = None
        return SECONDS_BETWEEN_PUSHES

    async def let_go(self) -> None:
        """Leave a run under way to another process."""
        await self._night.let_go()

    async def _begin_due(self) -> RunId | None:
        """Begin the scheduled night if it is due and no other process did. Claiming and beginning are one transaction."""
        now = self._app.clock()
        async with self._app.database.read() as tx:
            seen = await schedule.next_at(tx, LOCK)
        if seen is None or seen > now:
            await self._align(seen, next_night(now, self._at, self._zone))
            return None
        async with self._app.database.write() as tx:
            last = last_night(now, self._at, self._zone)
            following = next_night(now, self._at, self._zone)
            if not await schedule.claim(tx, LOCK, seen=seen, following=following):
                return None
            if await schedule.begun(tx, by=BY, since=last, until=following):
                return None  # a clock that is behind put the schedule back
            if now - last > MISSED_FOR:
                log.warning("night.missed", was_due=seen.isoformat())
                return None
            return await self._night.begin_within(
                tx, by=BY, scope=Scope(), known=self._app.marketplace_configs
            )

    async def _align(self, seen: datetime | None, upcoming: datetime) -> None:
        """Once per process: schedule the first night, or apply a changed setting. At any time: take back one far ahead."""
        far = seen is not None and seen - upcoming > FAR
        if self._aligned and not far:
            return
        if seen is None:
            async with self._app.database.write() as tx:
                await schedule.first(tx, LOCK, upcoming)
        elif seen != upcoming and upcoming - seen < SAME_NIGHT:
            async with self._app.database.write() as tx:
                await schedule.claim(tx, LOCK, seen=seen, following=upcoming)
        self._aligned = True
        if far:
            log.warning("night.was_far_ahead", now_due=upcoming.isoformat())


def next_night(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The first night after `now`, in UTC. A local time that a clock change leaves out counts by the old offset."""
    return min(one for one in _nights_around(now, at, zone) if one > now)


def last_night(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The last night up to `now`, in UTC."""
    return max(one for one in _nights_around(now, at, zone) if one <= now)


def _nights_around(now: datetime, at: time, zone: ZoneInfo) -> list[datetime]:
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=number) for number in (-1, 0, 1)]
    return [datetime.combine(day, at, zone).astimezone(UTC) for day in days]

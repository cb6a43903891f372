"""The night by schedule: once, whoever is there, and never lost."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from structlog.testing import capture_logs
from tests.support.crew import CONFIG

from onboarder.application import Application
from onboarder.converge.night import LOCK, LOCK_SPAN, Night, Scope
from onboarder.model.work import RunState
from onboarder.records import runs, schedule
from onboarder.records.database import Database
from onboarder.records.runs import RunRecord
from onboarder.records.tables import run as run_table
from onboarder.settings import Settings
from onboarder_workers.nights import Nights, last_night, next_night

JAKARTA = ZoneInfo("Asia/Jakarta")
BERLIN = ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""19:00 in Cirebon."""
ONE_O_CLOCK = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
"""01:00 of the 24th in Cirebon."""


class City:
    """Worker processes' nights on one database and one clock."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.now = EVENING
        self._folder = folder

    def nights(self, name: str, *, at: str = "01:00") -> Nights:
        return Nights(self.app(name, at=at))

    def app(self, name: str, *, at: str = "01:00") -> Application:
        settings = Settings(
            config_dir=CONFIG,
            data_dir=self._folder,
            database_url=SecretStr(self.database.url),
            night_at=at,
        )
        made = Application(settings, self.database, clock=lambda: self.now)
        made.name = name
        return made

    def night(self, name: str) -> Night:
        app = self.app(name)
        return Night(app.database, app.drift_rules, owner=name, clock=app.clock)

    async def runs(self) -> list[RunRecord]:
        async with self.database.read() as tx:
            ids = (await tx.execute(select(run_table.c.id).order_by(run_table.c.id))).scalars()
            found = [await runs.run_by_id(tx, one) for one in ids]
        return [one for one in found if one is not None]

    async def next_at(self) -> datetime | None:
        async with self.database.read() as tx:
            return await schedule.next_at(tx, LOCK)


@pytest.fixture
def city(database: Database, tmp_path: Path) -> City:
    return City(database, tmp_path)


async def test_nothing_begins_before_its_time_and_one_night_at_its_time(city: City) -> None:
    nights = city.nights("one")
    await nights.once()
    before = await city.runs()

    city.now = ONE_O_CLOCK
    for _ in range(4):
        await nights.once()

    [run] = await city.runs()
    assert before == []
    assert (run.requested_by, run.scope, run.state) == ("schedule", {}, RunState.DONE)
    assert await city.next_at() == ONE_O_CLOCK + timedelta(days=1)


async def test_two_processes_begin_one_night(city: City) -> None:
    first, second = city.nights("one"), city.nights("two")
    await asyncio.gather(first.once(), second.once())

    city.now = ONE_O_CLOCK + timedelta(seconds=1)
    for _ in range(4):
        await asyncio.gather(first.once(), second.once())

    assert len(await city.runs()) == 1


async def test_a_claim_seen_by_two_is_won_by_one(city: City) -> None:
    nights = city.nights("one")
    await nights.once()
    following = ONE_O_CLOCK + timedelta(days=1)

    async with city.database.write() as tx:
        won = await schedule.claim(tx, LOCK, seen=ONE_O_CLOCK, following=following)
    async with city.database.write() as tx:
        lost = await schedule.claim(tx, LOCK, seen=ONE_O_CLOCK, following=following)

    assert (won, lost) == (True, False)


async def test_nights_missed_while_no_worker_lived_are_made_up_for_once(city: City) -> None:
    await city.nights("one").once()

    city.now = ONE_O_CLOCK + timedelta(days=3, hours=8)
    later = city.nights("later")
    for _ in range(4):
        await later.once()

    assert len(await city.runs()) == 1
    assert await city.next_at() == ONE_O_CLOCK + timedelta(days=4)


async def test_a_night_missed_long_ago_is_left_to_the_coming_one(city: City) -> None:
    await city.nights("one").once()

    city.now = ONE_O_CLOCK + timedelta(hours=21)
    with capture_logs() as logs:
        await city.nights("later").once()

    assert await city.runs() == []
    assert [one["event"] for one in logs] == ["night.missed"]
    assert await city.next_at() == ONE_O_CLOCK + timedelta(days=1)


async def test_a_fresh_installation_makes_up_for_nothing(city: City) -> None:
    city.now = ONE_O_CLOCK + timedelta(hours=2)

    await city.nights("one").once()

    assert await city.runs() == []
    assert await city.next_at() == ONE_O_CLOCK + timedelta(days=1)


async def test_a_restart_applies_a_changed_hour(city: City) -> None:
    await city.nights("one").once()

    await city.nights("two", at="03:30").once()

    assert await city.next_at() == ONE_O_CLOCK + timedelta(hours=2, minutes=30)


@pytest.mark.parametrize("at", ["00:30", "23:00"])
async def test_an_hour_changed_to_one_that_has_just_passed_loses_no_night(
    city: City, at: str
) -> None:
    await city.nights("one").once()
    city.now = ONE_O_CLOCK - timedelta(minutes=10)
    changed = city.nights("two", at=at)
    await changed.once()
    before = await city.next_at()

    city.now = ONE_O_CLOCK
    for _ in range(4):
        await changed.once()

    assert (before, len(await city.runs())) == (ONE_O_CLOCK, 1)
    assert await city.next_at() == next_night(ONE_O_CLOCK, time.fromisoformat(at), JAKARTA)


async def test_a_night_that_a_clock_far_ahead_put_on_record_is_taken_back(city: City) -> None:
    nights = city.nights("one")
    await nights.once()
    city.now = EVENING + timedelta(days=30)
    for _ in range(4):
        await nights.once()
    false = await city.next_at()
    before = len(await city.runs())

    city.now = EVENING + timedelta(minutes=1)
    await nights.once()
    taken_back = await city.next_at()
    city.now = ONE_O_CLOCK
    for _ in range(4):
        await nights.once()

    assert (false, taken_back) == (ONE_O_CLOCK + timedelta(days=30), ONE_O_CLOCK)
    assert len(await city.runs()) == before + 1


async def test_a_process_whose_clock_is_days_behind_makes_no_second_night(city: City) -> None:
    behind, right = city.nights("behind"), city.nights("right")
    await right.once()
    for minute in range(10):
        city.now = ONE_O_CLOCK + timedelta(minutes=minute)
        await right.once()
        city.now -= timedelta(days=3)
        await behind.once()

    assert len(await city.runs()) == 1


async def test_the_scheduled_night_waits_for_a_run_that_is_going_on(city: City) -> None:
    nights = city.nights("one")
    await nights.once()
    city.now = ONE_O_CLOCK
    by_hand = city.night("desk")
    run = await by_hand.begin(by="operator", scope=Scope())

    await nights.once()
    during = len(await city.runs())
    city.now += timedelta(seconds=30)
    await by_hand.advance(run)
    await by_hand.advance(run)
    await nights.once()

    assert (during, len(await city.runs())) == (1, 2)


async def test_a_run_whose_process_died_is_taken_over_after_a_minute(city: City) -> None:
    run = await city.night("dead").begin(by="operator", scope=Scope())
    nights = city.nights("one")

    await nights.once()
    at_once = await city.runs()
    city.now += LOCK_SPAN + timedelta(seconds=1)
    for _ in range(3):
        await nights.once()

    assert at_once[0].ended_at is None
    assert [(one.id, one.state) for one in await city.runs()] == [(run, RunState.DONE)]


async def test_a_process_that_ends_properly_hands_its_run_over_at_once(city: City) -> None:
    leaving = city.night("leaving")
    run = await leaving.begin(by="operator", scope=Scope())
    await leaving.let_go()

    nights = city.nights("one")
    for _ in range(3):
        await nights.once()

    assert [(one.id, one.state) for one in await city.runs()] == [(run, RunState.DONE)]


async def test_a_claim_whose_night_could_not_begin_is_not_used_up(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = city.nights("one")
    await nights.once()
    city.now = ONE_O_CLOCK

    with monkeypatch.context() as broken:
        broken.setattr(runs, "begin", _dies)
        with pytest.raises(ConnectionError):
            await nights.once()
    await nights.once()

    assert len(await city.runs()) == 1


@pytest.mark.parametrize(
    ("now", "zone", "at", "expected"),
    [
        ("2026-11-23T12:00+00:00", JAKARTA, "01:00", "2026-11-23T18:00+00:00"),
        ("2026-11-23T18:00+00:00", JAKARTA, "01:00", "2026-11-24T18:00+00:00"),
        # Summer time begins on 29 March 2026 at 02:00: half past two does not exist there.
        ("2026-03-28T12:00+00:00", BERLIN, "02:30", "2026-03-29T01:30+00:00"),
        ("2026-03-29T01:30+00:00", BERLIN, "02:30", "2026-03-30T00:30+00:00"),
        # It ends on 25 October 2026 at 03:00: half past two comes twice, the first one counts.
        ("2026-10-24T12:00+00:00", BERLIN, "02:30", "2026-10-25T00:30+00:00"),
        ("2026-10-25T00:30+00:00", BERLIN, "02:30", "2026-10-26T01:30+00:00"),
    ],
)
def test_the_next_night_minds_the_zone_and_its_clock_changes(
    now: str, zone: ZoneInfo, at: str, expected: str
) -> None:
    found = next_night(datetime.fromisoformat(now), time.fromisoformat(at), zone)

    assert found == datetime.fromisoformat(expected)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("zone", [JAKARTA, BERLIN, ZoneInfo("Pacific/Kiritimati")])
@pytest.mark.parametrize("at", ["00:00", "02:30", "23:59"])
def test_every_moment_lies_between_its_last_and_its_next_night(zone: ZoneInfo, at: str) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [first + timedelta(minutes=97 * number) for number in range(5500)]

    wrong = [one for one in moments if not _between(one, time.fromisoformat(at), zone)]

    assert wrong == []


def _between(moment: datetime, at: time, zone: ZoneInfo) -> bool:
    before, after = last_night(moment, at, zone), next_night(moment, at, zone)
    return before <= moment < after and after - before <= timedelta(hours=25)


async def _dies(*_: object, **__: object) -> int:
    raise ConnectionError

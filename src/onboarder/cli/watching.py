"""`onboarder watch`: live progress until nothing is due or running any more."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from onboarder.application import Application
from onboarder.cli.bars import Bars
from onboarder.cli.choosing import Choice
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.progress_table import progress_document, progress_table
from onboarder.model.shop import StoreState
from onboarder.records import presence
from onboarder.records.progress import Progress, Selection, progress

LOOK_EVERY = 0.5
"""Seconds between looks into the database."""
REST = 4
"""A look that took long is followed by this many times its duration: watching must not slow the work down."""
SAY_EVERY = timedelta(seconds=10)
"""How often a line is written where no bars can move."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One look: how far each market and marketplace is, and how many workers are alive."""

    at: datetime
    parts: list[Progress]
    workers: int
    took: float
    """Seconds."""

    @property
    def busy(self) -> int:
        return sum(one.busy for one in self.parts)


async def watch(desk: Desk, choice: Choice, *, timeout: float | None) -> int:
    async with desk.application() as app:
        return await watch_stores(desk, app, choice.stores(app), timeout=timeout)


async def watch_stores(
    desk: Desk, app: Application, chosen: Selection, *, timeout: float | None = None
) -> int:
    """Show progress until the chosen stores are at rest; BUSY if they are not after `timeout` seconds."""
    late = app.clock() + timedelta(seconds=timeout) if timeout is not None else None
    watcher = _Bars(desk) if desk.live else _Lines(desk)
    sight = await _look(app, chosen)
    with watcher:
        while sight.busy and (late is None or sight.at < late):
            watcher.see(sight)
            await asyncio.sleep(max(LOOK_EVERY, REST * sight.took))
            sight = await _look(app, chosen)
        watcher.see(sight)
    desk.show(_document(sight), lambda: [progress_table(desk.words, sight.parts)])
    if sight.busy:
        desk.say("watch.not_finished", count=sight.busy)
        return Exit.BUSY
    desk.say("watch.finished")
    return Exit.DONE


async def _look(app: Application, chosen: Selection) -> Sight:
    now, started = app.clock(), time.perf_counter()
    async with app.database.read() as tx:
        parts = await progress(tx, chosen, now)
        workers = len(await presence.alive(tx, now))
    return Sight(now, parts, workers, time.perf_counter() - started)


def _document(sight: Sight) -> object:
    return {
        "finished": not sight.busy,
        "workers": sight.workers,
        "progress": progress_document(sight.parts),
    }


class _NoWorker:
    """Says once, and again whenever the last worker goes, that nobody works."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told = False

    def mind(self, sight: Sight) -> None:
        alone = sight.workers == 0 and sight.busy > 0
        if alone and not self._told:
            self._desk.say("watch.no_worker")
        self._told = alone


class _Lines:
    """For pipes and logs: a line when something changed, not too often."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._nobody = _NoWorker(desk)
        self._said_at: datetime | None = None
        self._said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to take down."""

    def see(self, sight: Sight) -> None:
        self._nobody.mind(sight)
        line = self._desk.words("watch.line", **_figures(sight.parts))
        fresh = self._said_at is None or sight.at - self._said_at >= SAY_EVERY
        if line != self._said and (fresh or not sight.busy):
            self._desk.tell(line)
            self._said, self._said_at = line, sight.at


class _Bars:
    """For a terminal: a bar per market and marketplace, of the listings live among those wanted."""

    def __init__(self, desk: Desk) -> None:
        self._words = desk.words
        self._bars = Bars()
        self._nobody = _NoWorker(desk)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def see(self, sight: Sight) -> None:
        self._nobody.mind(sight)
        for one in sight.parts:
            figures = _figures([one])
            remark = self._words("watch.line", **figures)
            name = f"{one.market} · {one.marketplace}"
            self._bars.show(name, figures["live"], figures["wanted"], remark)


def _figures(parts: Sequence[Progress]) -> dict[str, int]:
    stores: Counter[str] = Counter()
    listings: Counter[str] = Counter()
    for one in parts:
        stores.update(one.stores)
        listings.update(one.listings)
    return {
        "open": stores[StoreState.OPEN],
        "stores": stores.total(),
        "live": listings["live"],
        "in_review": listings["in_review"],
        "rejected": listings["rejected"],
        "wanted": sum(one.wanted for one in parts),
        "waiting": sum(one.waiting for one in parts),
        "busy": sum(one.busy for one in parts),
        "tasks": sum(one.tasks for one in parts),
    }

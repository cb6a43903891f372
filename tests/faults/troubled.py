"""The product's own worker process, speaking through a connector that gets into trouble over one store's last listings."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Never

from onboarder.connector import registry
from onboarder.connector.contract import Access, Connector, CreateOutcome, ListingDraft
from onboarder.converge import loop
from onboarder.model.ids import Reference
from onboarder_rehearsal import RehearsalConnector
from onboarder_workers.process import work
from tests.faults.lab import LANES, Experiment, fork
from tests.faults.logbook import logging_to

PIECE = 8 << 20
Trouble = Callable[[], Awaitable[None]]


class TroubledConnector(RehearsalConnector):
    """Gets into trouble before it would create the last of the victim's listings."""

    victim: ClassVar[str]
    last: ClassVar[str]
    trouble: ClassVar[list[Trouble]]

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        kind = type(self)
        if access.reference == kind.victim and kind.last in {
            one.content.reference for one in drafts
        }:
            for trouble in kind.trouble:
                await trouble()
        return await super().create_listings(access, drafts)


def start(experiment: Experiment, trouble: Trouble, *, starts: int = loop.MOST_STARTS) -> int:
    """A worker process for which the experiment's first merchant is trouble; returns its id.

    `starts` are the passes begun in vain that it allows, scaled down like the lease.
    """
    return fork(partial(_work, experiment, trouble, starts))


async def fails() -> None:
    raise ZeroDivisionError


async def kills() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def eats_slowly() -> None:
    eaten: list[bytes] = []
    while True:
        eaten.append(b"x" * PIECE)
        await asyncio.sleep(0.01)


async def eats_at_once() -> None:
    eaten: list[bytes] = []
    while True:
        eaten.append(b"x" * PIECE)


async def waits_for_ever() -> None:
    await asyncio.Event().wait()


async def stands_still() -> Never:
    while True:
        _stand_still(0.05)


def falls_asleep_once(seconds: float, mark: Path) -> Trouble:
    """Stands still, the first time."""

    async def fall_asleep() -> None:
        if _is_first(mark):
            _stand_still(seconds)

    return fall_asleep


def _is_first(mark: Path) -> bool:
    is_first = not mark.exists()
    mark.touch()
    return is_first


def _stand_still(seconds: float) -> None:
    time.sleep(seconds)  # the event loop's thread does nothing else meanwhile


async def _work(experiment: Experiment, trouble: Trouble, starts: int) -> None:
    logging_to(experiment)
    loop.MOST_STARTS = starts
    TroubledConnector.victim = experiment.merchants[0].id
    mine = [one for one in experiment.products if one.merchant_id == TroubledConnector.victim]
    TroubledConnector.last = max(one.id for one in mine)
    TroubledConnector.trouble = [trouble]
    registry.connector_type = _troubled
    os._exit(await work(experiment.settings, LANES))


def _troubled(name: str) -> type[Connector]:
    del name
    return TroubledConnector

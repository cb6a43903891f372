"""The queue as the core sees it: something installed beside it that wakes workers and runs them."""

from contextlib import AbstractAsyncContextManager
from importlib.metadata import entry_points
from typing import Protocol

from onboarder.converge.doorbell import Doorbell
from onboarder.model.work import Lane
from onboarder.problems import ConfigProblem
from onboarder.settings import Settings

GROUP = "onboarder.queue"
RESTART = 81
"""Exit code of a worker that ended itself, being blocked or too large: it is to be started again."""


class Queue(Protocol):
    """What the distribution `onboarder-workers` provides under the entry-point group `onboarder.queue`."""

    def doorbell(self, settings: Settings) -> AbstractAsyncContextManager[Doorbell]:
        """A doorbell for a process that only orders work. Opening it neither fails nor waits when Redis is away."""
        ...

    def run_worker(self, settings: Settings, lanes: tuple[Lane, ...]) -> int:
        """Work until told to stop (SIGTERM, SIGINT); returns the exit code, `RESTART` if it is to be started again."""
        ...


def installed_queue() -> Queue:
    """The installed queue; `ConfigProblem` if there is none."""
    for point in entry_points(group=GROUP):
        queue: Queue = point.load()()
        return queue
    raise ConfigProblem(
        "no queue is installed, so no worker can run",
        hint="install it with: pip install onboarder-workers",
        id_message="antrean belum terpasang, jadi worker tidak bisa jalan",
        id_hint="pasang dengan: pip install onboarder-workers",
    )

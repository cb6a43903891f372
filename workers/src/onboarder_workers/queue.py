"""The queue that the core finds installed: rings through Redis, worker processes."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from onboarder.converge.doorbell import Doorbell
from onboarder.logging import configure_logging
from onboarder.model.work import Lane
from onboarder.settings import Settings
from onboarder_workers.bell import RedisDoorbell, bell_redis


class ArqQueue:
    """Fulfils `onboarder.queue.Queue` with arq."""

    @asynccontextmanager
    async def doorbell(self, settings: Settings) -> AsyncGenerator[Doorbell]:
        """Rings are lost when Redis is away or nobody runs the embedded one; the sweep finds the stores."""
        async with bell_redis(settings) as redis:
            yield RedisDoorbell(redis)

    def run_worker(self, settings: Settings, lanes: tuple[Lane, ...]) -> int:
        """Work until SIGTERM or SIGINT. Logs go to stderr: JSON lines, or readable ones on a terminal."""
        # Not for those who only ring.
        from onboarder.event_loop import run
        from onboarder_workers.process import work

        configure_logging(json=not sys.stderr.isatty())
        return run(work(settings, lanes))

"""A worker process whose loop's lag is watched and logged at its end: `python -m tools.bench.watched`."""

import sys

import structlog

from onboarder.event_loop import run
from onboarder.logging import configure_logging
from onboarder.model.work import Lane
from onboarder.settings import Settings
from onboarder_workers.process import work
from tools.bench.lag import lag_watched

LAGGED = "bench.lag"
"""The event, with `p99` in milliseconds."""


async def watched(settings: Settings) -> int:
    """As the worker itself does, on both lanes."""
    async with lag_watched() as lag:
        code = await work(settings, tuple(Lane))
    structlog.get_logger().info(LAGGED, p99=lag.p99)
    return code


if __name__ == "__main__":
    configure_logging(json=True)
    sys.exit(run(watched(Settings())))

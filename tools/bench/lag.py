"""How late an event loop comes to what is due: a task that sleeps again and again and looks how long it really slept."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress

from tools.bench.question import Row

TICK = 0.005
MOST_MS = 20.0
"""What the loop's lag may be, 99 times of a hundred."""
LAG = "lag of the event loop, p99"


class Lag:
    """Milliseconds by which each tick came late."""

    def __init__(self) -> None:
        self.late: list[float] = []

    @property
    def p99(self) -> float:
        return percentile(self.late, 0.99)

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            self.late.append(1000 * max(0.0, time.perf_counter() - due))


@asynccontextmanager
async def lag_watched() -> AsyncGenerator[Lag]:
    """The lag of this loop while the block runs."""
    lag = Lag()
    watching = asyncio.create_task(lag.watch())
    try:
        yield lag
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def lag_row(values: Sequence[float], where: str) -> Row:
    """The row of a question: the p99 of each round."""
    return Row(
        what=f"{where}: {LAG}",
        values=tuple(values),
        unit="ms",
        at_most=MOST_MS,
    )


def lag_goal(what: str) -> float | None:
    """What a row of that name may be at most, if it tells a lag."""
    return MOST_MS if what.endswith(f": {LAG}") else None


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so many of them do not exceed; 0 without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

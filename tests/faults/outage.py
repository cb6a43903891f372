"""A marketplace that answers nothing but 503 for a while, in the middle of the work of several worker processes.

`python -m tests.faults.outage [--short]`. The same work is done once undisturbed; what the disturbed run sent beyond that
is extra. The full rate is back with the first seconds in which nine tenths of the undisturbed run's usual rate are served.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

from onboarder_rehearsal.server.dials import Dial, Fault
from tests.faults.crowd import Call, a_crowd, calls, strike
from tests.faults.findings import Finding, tell
from tests.support.crew import Crew

WORKERS, PRODUCTS = 2, 2
PATIENCE = 600.0
LEASE = 30.0
"""Seconds. Nobody dies here: a lease shorter than the longest wait for a turn would only cut passes off."""
MOST_EXTRA = 0.1
BACK_WITHIN = 15.0
WINDOW = 2.0
"""Seconds over which a rate is taken."""
FULL = 0.9


@dataclass(frozen=True)
class Size:
    """Enough work to go on while the outage is over; it begins after `before` seconds of it."""

    merchants: int
    per_second: float
    before: float
    outage: float


WHOLE = Size(merchants=240, per_second=25, before=15, outage=60)
SHORT = Size(merchants=70, per_second=25, before=4, outage=12)


async def outage(folder: Path, size: Size) -> Finding:
    """The work undisturbed, then as much of it again with the outage."""
    async with a_crowd(
        folder,
        per_second=size.per_second,
        workers=WORKERS,
        lease_seconds=LEASE,
        call_deadline_seconds=LEASE / 3,
    ) as crew:
        began = time.monotonic()
        await crew.order(size.merchants, PRODUCTS)
        await crew.done(PATIENCE)
        calm = calls(crew.marketplace)
        await crew.order(size.merchants, PRODUCTS, first=size.merchants)
        over = await _strike_for(crew, size)
        await crew.done(PATIENCE)
        disturbed = calls(crew.marketplace, after=calm[-1].no)
        seconds = time.monotonic() - began
        lost = 2 * size.merchants * PRODUCTS - crew.held()
        return _found(size, calm, disturbed, over, seconds, lost, len(crew.doubles()))


async def _strike_for(crew: Crew, size: Size) -> float:
    """Let the outage be; returns the marketplace's time at its end."""
    await asyncio.sleep(size.before)
    strike(crew.marketplace, Dial(fault=Fault.UNAVAILABLE))
    await asyncio.sleep(size.outage)
    strike(crew.marketplace)
    return float(crew.marketplace.get("/_control/account?brief=1").json()["now"])


def _found(  # noqa: PLR0917  # the figures of one run
    size: Size,
    calm: Sequence[Call],
    disturbed: Sequence[Call],
    over: float,
    seconds: float,
    lost: int,
    duplicates: int,
) -> Finding:
    usual = _usual_rate(calm)
    back = _back(disturbed, over, usual)
    refused = sum(one.outcome == 503 for one in disturbed)
    extra = len(disturbed) / len(calm) - 1
    note = (
        f"{extra:.1%} extra requests ({refused} answered 503; undisturbed {len(calm)}), "
        f"full rate ({usual:.0f}/s) back after {back:.1f} s"
    )
    kept = extra <= MOST_EXTRA and back <= BACK_WITHIN and duplicates == lost == 0
    scenario = f"{size.outage:.0f} s of 503, {WORKERS} workers"
    return Finding(scenario, 1, "-", duplicates, lost, 0, round(seconds, 1), kept, note)


def _usual_rate(log: Sequence[Call]) -> float:
    """Calls a second, the median of the windows before the work runs out."""
    times = [one.at for one in log]
    windows = int((times[-1] - times[0]) / WINDOW) - 1
    return median(_rate(times, times[0] + place * WINDOW) for place in range(windows))


def _back(log: Sequence[Call], over: float, usual: float) -> float:
    """Seconds from the outage's end to the end of the first window at full rate; infinite if there is none."""
    times = [one.at for one in log if one.outcome < 500]
    for start in (over + step / 4 for step in count()):
        if _rate(times, start) >= FULL * usual:
            return start + WINDOW - over
        if start > times[-1]:
            return float("inf")
    raise AssertionError("counting never ends")


def _rate(times: Sequence[float], start: float) -> float:
    return (bisect_left(times, start + WINDOW) - bisect_left(times, start)) / WINDOW


def main() -> int:
    """Print what was found; 0 if few requests were extra and the full rate was back soon."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    size = SHORT if parser.parse_args().short else WHOLE
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        return tell([asyncio.run(outage(Path(folder), size))])


if __name__ == "__main__":
    sys.exit(main())

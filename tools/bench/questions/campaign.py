"""A whole campaign on a virtual clock, and a smaller one in real time, beside the time that the budgets alone dictate."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from tools.bench import campaign_real, campaign_run
from tools.bench.campaign_real import OUTAGE, WORKERS
from tools.bench.campaign_run import (
    LIMITED_EVERY,
    LIMITED_FOR,
    PHOTOS,
    PRODUCTS,
    Campaign,
    Told,
)
from tools.bench.processes import child
from tools.bench.question import Question, Row, Size

SIZES, SHORT = (2_000,), (20,)
"""Larger ones take hours: `python -m tools.bench.campaign_run 9000 troubled` tells what becomes of one."""
REAL, REAL_SHORT = 30, 8
"""Merchants of the campaign in real time."""
CALM = 20
"""Merchants of the undisturbed campaign that tells how many calls a shop needs."""
MOST_TIMES = 1.05
MOST_MEGABYTES = 200
MEGABYTE = 1 << 20


def measure(size: Size) -> Sequence[Row]:
    calm = _campaign(CALM, "calm")
    rows: list[Row] = []
    for merchants in SHORT if size.short else SIZES:
        rows += _virtual(calm, _campaign(merchants, "troubled"))
    for troubled in (False, True):
        real = campaign_real.campaign(size.of(REAL, REAL_SHORT), troubled=troubled)
        rows += _real(calm, real, troubled=troubled)
    return rows


def _campaign(merchants: int, how: str) -> Campaign:
    return _CAMPAIGN.validate_json(child("campaign_run", str(merchants), how))


def _virtual(calm: Campaign, found: Campaign) -> list[Row]:
    who = f"{found.merchants:,} merchants"
    size = Row(
        what=f"{who}: greatest size of the process",
        unit="MB",
        values=(found.peak / MEGABYTE,),
        note=f"{found.before / MEGABYTE:.0f} MB before; three whole marketplaces are in it",
    )
    return [*_rows(who, calm, found, outage=campaign_run.OUTAGE), size]


def _real(calm: Campaign, found: Campaign, *, troubled: bool) -> list[Row]:
    who = f"{found.merchants} merchants in real time, {'troubled' if troubled else 'undisturbed'}"
    size = Row(
        what=f"{who}: greatest size of a worker process",
        unit="MB",
        values=(found.peak / MEGABYTE,),
        at_most=MOST_MEGABYTES,
    )
    return [*_rows(who, calm, found, outage=OUTAGE if troubled else 0), size]


def _rows(who: str, calm: Campaign, found: Campaign, *, outage: float = 0) -> list[Row]:
    """`outage` are seconds without which the times are told besides."""
    told = found.told.values()
    wanted = found.merchants * (1 + PRODUCTS)
    lost = sum(wanted - one.stores - one.listings + one.doubles for one in told)
    return [
        *(_time(who, calm.told[name], one, found, outage) for name, one in found.told.items()),
        Row(what=f"{who}: doubled", values=(float(sum(one.doubles for one in told)),), at_most=0),
        Row(what=f"{who}: lost", values=(float(lost),), at_most=0),
    ]


def _time(who: str, calm: Told, one: Told, found: Campaign, outage: float) -> Row:
    needed = _needed(calm, found)
    dictated = needed / (one.rate * found.pace)
    note = f"{_said(one.last)}, {one.calls:,} calls, {one.calls / needed:.3f} of the needed"
    without = f"; without the {outage:.0f} s {(one.last - outage) / dictated:.3f}"
    return Row(
        what=f"{who}, {one.rate:.0f}/s: time / what the budget alone dictates",
        values=(one.last / dictated,),
        at_most=MOST_TIMES,
        note=note + without if outage else note,
    )


def _said(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 600 else f"{seconds:.0f} s"


def _needed(calm: Told, found: Campaign) -> float:
    """Calls that the campaign makes if nothing ever goes wrong."""
    return calm.calls * found.merchants / CALM


_CAMPAIGN = TypeAdapter(Campaign)
QUESTION = Question(
    "The campaign",
    f"Merchants with {PRODUCTS} products of {PHOTOS} photos each are opened and filled on three practice marketplaces at "
    "once, by one worker on a virtual clock; the answers of 2 % of the writes get lost, about once in "
    f"{LIMITED_EVERY:.0f} s all calls are told to wait {LIMITED_FOR:.0f} s, and each marketplace fails for a minute. "
    "Needed are the calls of an undisturbed campaign. The same in real time is smaller: "
    f"{WORKERS} worker processes, and marketplaces in processes of their own that count with token buckets and refuse what "
    f"is above their rate; once undisturbed, and once each failing for {OUTAGE:.0f} s, which is much of so short a time. "
    "There, from a marketplace's first call to its last by its own log, its rate alone dictates the time. Where there were "
    "outages, the time without them is told as well.",
    measure,
)

"""What is told of a campaign, on a virtual clock or in real time."""

from pydantic import TypeAdapter

from tools.bench.campaign_run import PRODUCTS, Campaign, Told
from tools.bench.processes import child
from tools.bench.question import Row

CALM = 20
"""Merchants of the undisturbed campaign that tells how many calls a shop needs."""
MOST_TIMES = 1.05
MEGABYTE = 1 << 20


def in_virtual_time(merchants: int, how: str) -> Campaign:
    """A campaign in a process of its own; `how`: calm or troubled."""
    return _CAMPAIGN.validate_json(child("campaign_run", str(merchants), how))


def campaign_rows(who: str, calm: Campaign, found: Campaign, *, outage: float) -> list[Row]:
    """Times, doubles and losses. `outage` are seconds without which the times are told besides."""
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
    without = f"; without the {outage:.0f} s {(one.last - outage) / dictated:.3f}{_left(dictated, one, outage)}"
    return Row(
        what=f"{who}, {one.rate:.0f}/s: time / what the budget alone dictates",
        values=(one.last / dictated,),
        at_most=MOST_TIMES,
        note=note + without if outage else note,
    )


def _left(dictated: float, one: Told, outage: float) -> str:
    """The time beside what the marketplace left of it: a call more for each answer it lost, and no pause of its own."""
    left = dictated * (1 + one.lost / one.calls) + one.withheld + outage
    return f"; of what the marketplace left {one.last / left:.3f}"


def _said(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 600 else f"{seconds:.0f} s"


def _needed(calm: Told, found: Campaign) -> float:
    """Calls that the campaign makes if nothing ever goes wrong."""
    return calm.calls * found.merchants / CALM


_CAMPAIGN = TypeAdapter(Campaign)

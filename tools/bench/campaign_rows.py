"""What is told of a campaign, on a virtual clock or in real time."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from tools.bench.campaign_run import OUTAGE, PRODUCTS, Campaign, Told
from tools.bench.processes import child
from tools.bench.question import Row

CALM = 20
"""Merchants of the undisturbed campaign that tells how many calls a shop needs."""
MOST_TIMES = 1.05
MEGABYTE = 1 << 20
UNMET = (
    "The marketplaces themselves take more than the goal leaves: 2 % of the writes' answers are lost and cost a call more "
    "each, 2 % of the time all calls are told to wait, and a minute's outage is 4 % of 2,000 merchants' time at 50/s. "
    "Beside what they left, the time is in each row's note."
)


def in_virtual_time(merchants: int, how: str) -> Campaign:
    """A campaign in a process of its own; `how`: calm or troubled."""
    return _CAMPAIGN.validate_json(child("campaign_run", str(merchants), how))


def troubled_rows(merchants: int) -> Sequence[Row]:
    """A troubled campaign in virtual time, beside the undisturbed one."""
    calm, found = in_virtual_time(CALM, "calm"), in_virtual_time(merchants, "troubled")
    who = f"{found.merchants:,} merchants"
    grown = Row(
        what=f"{who}: greatest size of the process",
        unit="MB",
        values=(found.peak / MEGABYTE,),
        note=f"{found.before / MEGABYTE:.0f} MB before; three whole marketplaces are in it",
    )
    return [*campaign_rows(who, calm, found, outage=OUTAGE), grown]


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

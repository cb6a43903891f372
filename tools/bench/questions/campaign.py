"""A whole campaign on a virtual clock, beside the time that the budgets alone dictate."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from tools.bench.campaign_run import PHOTOS, PRODUCTS, Campaign, Told
from tools.bench.processes import child
from tools.bench.question import Question, Row, Size

SIZES, SHORT = (2_000, 9_000), (20,)
CALM = 20
"""Merchants of the undisturbed campaign that tells how many calls a shop needs."""
MOST_TIMES = 1.05
MEGABYTE = 1 << 20


def measure(size: Size) -> Sequence[Row]:
    calm = _campaign(CALM, "calm")
    rows: list[Row] = []
    for merchants in SHORT if size.short else SIZES:
        rows += _rows(calm, _campaign(merchants, "troubled"))
    return rows


def _campaign(merchants: int, how: str) -> Campaign:
    return _CAMPAIGN.validate_json(child("campaign_run", str(merchants), how))


def _rows(calm: Campaign, found: Campaign) -> list[Row]:
    who = f"{found.merchants:,} merchants"
    rows = [
        Row(
            what=f"{who}, {one.rate:.0f}/s: time / what the budget alone dictates",
            values=(_times(calm.told[name], one, found),),
            at_most=MOST_TIMES,
            note=f"{one.last / 60:.0f} min, {one.calls:,} calls, {one.calls / _needed(calm.told[name], found):.3f} "
            "of the needed",
        )
        for name, one in found.told.items()
    ]
    told = found.told.values()
    wanted = found.merchants * (1 + PRODUCTS)
    lost = sum(wanted - one.stores - one.listings + one.doubles for one in told)
    return [
        *rows,
        Row(what=f"{who}: doubled", values=(float(sum(one.doubles for one in told)),), at_most=0),
        Row(what=f"{who}: lost", values=(float(lost),), at_most=0),
        Row(
            what=f"{who}: greatest size of the process",
            unit="MB",
            values=(found.peak / MEGABYTE,),
            note=f"{found.before / MEGABYTE:.0f} MB before; three whole marketplaces are in it",
        ),
    ]


def _needed(calm: Told, found: Campaign) -> float:
    """Calls that the campaign makes if nothing ever goes wrong."""
    return calm.calls * found.merchants / CALM


def _times(calm: Told, told: Told, found: Campaign) -> float:
    """The budget's own pace: what it gives to somebody who always wants more."""
    return told.last / (_needed(calm, found) / (told.rate * found.pace))


_CAMPAIGN = TypeAdapter(Campaign)
QUESTION = Question(
    "The campaign",
    f"Merchants with {PRODUCTS} products of {PHOTOS} photos each are opened and filled on three practice marketplaces at "
    "once, by one worker on a virtual clock; 2 % of the answers get lost, calls are told to wait, and each marketplace "
    "fails for a minute. Needed are the calls of an undisturbed campaign.",
    measure,
)

"""A whole campaign on a virtual clock, beside the time that the budgets alone dictate."""

from collections.abc import Sequence

from tools.bench.campaign_rows import CALM, MEGABYTE, campaign_rows, in_virtual_time
from tools.bench.campaign_run import LIMITED_EVERY, LIMITED_FOR, OUTAGE, PHOTOS, PRODUCTS
from tools.bench.question import Question, Row, Size

MERCHANTS, SHORT = 2_000, 20
"""More take hours: `python -m tools.bench.campaign_run 9000 troubled` tells what becomes of them."""


def measure(size: Size) -> Sequence[Row]:
    calm = in_virtual_time(CALM, "calm")
    found = in_virtual_time(size.of(MERCHANTS, SHORT), "troubled")
    who = f"{found.merchants:,} merchants"
    grown = Row(
        what=f"{who}: greatest size of the process",
        unit="MB",
        values=(found.peak / MEGABYTE,),
        note=f"{found.before / MEGABYTE:.0f} MB before; three whole marketplaces are in it",
    )
    return [*campaign_rows(who, calm, found, outage=OUTAGE), grown]


QUESTION = Question(
    "The campaign",
    f"Merchants with {PRODUCTS} products of {PHOTOS} photos each are opened and filled on three practice marketplaces at "
    "once, by one worker on a virtual clock; the answers of 2 % of the writes get lost, about once in "
    f"{LIMITED_EVERY:.0f} s all calls are told to wait {LIMITED_FOR:.0f} s, and each marketplace fails for a minute. "
    "Needed are the calls of an undisturbed campaign. The time without the outage is told as well, and the time beside "
    "what the marketplace left: without its outage and pauses, and with a call more for each answer that it lost.",
    measure,
)

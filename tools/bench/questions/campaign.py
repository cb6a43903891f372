"""A whole campaign on a virtual clock, beside the time that the budgets alone dictate."""

from collections.abc import Sequence

from tools.bench.campaign_rows import UNMET, troubled_rows
from tools.bench.campaign_run import LIMITED_EVERY, LIMITED_FOR, PHOTOS, PRODUCTS
from tools.bench.question import Question, Row, Size

MERCHANTS, SHORT = 2_000, 20
"""More are a question of their own, `campaign_of_9000`."""


def measure(size: Size) -> Sequence[Row]:
    return troubled_rows(size.of(MERCHANTS, SHORT))


QUESTION = Question(
    "The campaign",
    f"Merchants with {PRODUCTS} products of {PHOTOS} photos each are opened and filled on three practice marketplaces at "
    "once, by one worker on a virtual clock; the answers of 2 % of the writes get lost, about once in "
    f"{LIMITED_EVERY:.0f} s all calls are told to wait {LIMITED_FOR:.0f} s, and each marketplace fails for a minute. "
    "Needed are the calls of an undisturbed campaign. The time that the budget dictates counts what a budget uses of its "
    "ceiling if it is always asked for more, 97 % of it. The time without the outage is told as well, and the time beside "
    "what the marketplace left: without its outage and pauses, and with a call more for each answer that it lost. The "
    "whole campaign is over with its slowest marketplace.",
    measure,
    unmet=UNMET,
)

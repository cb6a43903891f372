"""A smaller campaign in real time, with worker and marketplace processes, beside the time that the rates alone dictate."""

from collections.abc import Sequence

from tools.bench import campaign_real
from tools.bench.campaign_real import WORKERS, outage
from tools.bench.campaign_rows import CALM, MEGABYTE, campaign_rows, in_virtual_time
from tools.bench.campaign_run import PHOTOS, PRODUCTS
from tools.bench.lag import lag_row
from tools.bench.question import Question, Row, Size

MERCHANTS, SHORT = 120, 8
MOST_MEGABYTES, MOST_GROWTH = 200, 10


def measure(size: Size) -> Sequence[Row]:
    calm = in_virtual_time(CALM, "calm")
    rows: list[Row] = []
    for troubled in (False, True):
        found = campaign_real.campaign(size.of(MERCHANTS, SHORT), troubled=troubled)
        who = f"{found.merchants} merchants, {'troubled' if troubled else 'undisturbed'}"
        rows += campaign_rows(who, calm, found, outage=outage(found.merchants) if troubled else 0)
        rows += [
            Row(
                what=f"{who}: greatest size of a worker process",
                unit="MB",
                values=(found.peak / MEGABYTE,),
                at_most=MOST_MEGABYTES,
            ),
            Row(
                what=f"{who}: growth of a worker in the second half",
                unit="MB",
                values=(found.growth / MEGABYTE,),
                at_most=MOST_GROWTH,
                note="its greatest size against that of the first half",
            ),
            lag_row([found.lag_ms], f"{who}, a worker"),
        ]
    return rows


QUESTION = Question(
    "The campaign in real time",
    f"The same with {WORKERS} worker processes, and marketplaces in processes of their own that count with token buckets "
    f"and refuse what is above their rate: {PRODUCTS} products of {PHOTOS} photos a merchant, once undisturbed, and once "
    "with the long campaign's misfortunes, the outage in proportion; the seconds that it takes to find out that a "
    "marketplace is back are not. From a marketplace's first call to its last by its own log, its rate alone dictates "
    "the time, and the whole of it: the campaign on a virtual clock counts 97 %.",
    measure,
    unmet="As in the long campaign the marketplaces themselves take more than the goal leaves; beside what they left, the "
    "time is in each row's note. The seconds in which it is found out that a marketplace is back do not shrink with the "
    "campaign.",
)

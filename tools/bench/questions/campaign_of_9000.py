"""The campaign with all merchants of a city. It takes about an hour, so it is only asked by its name."""

from collections.abc import Sequence

from tools.bench.campaign_rows import UNMET, troubled_rows
from tools.bench.question import Question, Row, Size

MERCHANTS, SHORT = 9_000, 20


def measure(size: Size) -> Sequence[Row]:
    return troubled_rows(size.of(MERCHANTS, SHORT))


QUESTION = Question(
    f"The campaign of {MERCHANTS:,}",
    f"The campaign again, with {MERCHANTS:,} merchants. It takes about an hour, so `make bench` does not ask it: "
    "`python -m tools.bench --only campaign_of_9000` does.",
    measure,
    unmet=UNMET,
    asked=False,
)

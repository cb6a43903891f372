"""Where the programme stands, in words and as tables to take away."""

from onboarder.office.exports import Sheet, Value
from onboarder.office.forecast import Forecast
from onboarder.office.standing import Counts, Standing
from onboarder.office.words import Words
from onboarder.records.journeys import Stage


def sheets_of(words: Words, seen: Standing, *, people: bool) -> list[Sheet]:
    """The tables of the page, the last one day by day; without `people` nobody is named."""
    stages = [words(f"stage.{stage}") for stage in Stage]
    markets: list[list[Value]] = [[one.name, *_row(one.counts)] for one in seen.markets]
    whole: list[Value] = [words("standing.all"), *_row(seen.funnel)]
    made = [Sheet(words("standing.by_market"), [words("word.market"), *stages], [*markets, whole])]
    if people:
        rows: list[list[Value]] = [
            [one.canvasser, *_row(one.counts), one.pace] for one in seen.canvassers
        ]
        header = [words("word.canvasser"), *stages, words("standing.pace")]
        made.append(Sheet(words("standing.by_canvasser"), header, rows))
    days: list[list[Value]] = [
        [one.day, *_row(one.counts), one.total, one.due] for one in seen.days
    ]
    header = [words("word.day"), *stages, words("standing.total"), words("standing.due")]
    return [*made, Sheet(words("standing.by_day"), header, days)]


def sentence(words: Words, told: Forecast) -> str:
    """The forecast in one honest sentence."""
    return words(
        f"forecast.{told.prospect}",
        reached=words.number(told.reached),
        target=words.number(told.target),
        missing=words.number(max(0, told.target - told.reached)),
        day=words.day(told.ends_on),
        low=words.number(told.likely_low or 0),
        high=words.number(told.likely_high or 0),
        seen=told.days_seen,
    )


def _row(counts: Counts) -> list[int]:
    return [counts[stage] for stage in Stage]

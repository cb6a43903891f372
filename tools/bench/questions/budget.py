"""How much of a marketplace's ceiling two worker processes use. Told by the marketplace's own log."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import mean

from tools.bench.budget_run import PART, BudgetRun, Heard, Log, Marks, Seconds, Taken, budget_run
from tools.bench.ceilings import OF_A_SHOP
from tools.bench.lag import lag_row
from tools.bench.question import Question, Row, Size

WAYS = {"fixed": "fixed windows", "bucket": "token bucket", "sliding": "sliding log"}
AT_ONCE = [[f"{counted}-{rate}" for counted in WAYS] for rate in (10, 50)]
"""Doors that are measured at the same time: 150 calls a second keep two idle processors busy for a quarter of the time."""
SETTLED = 5
"""Seconds within which a new ceiling must be found."""
FOUND, OVER = 0.9, 5
"""Share of a raised ceiling that counts as found again, and over how many seconds."""
USED, USED_OF_PART, USED_FORGETTING = 0.97, 0.95, 0.95
"""The last one: a limiter that stops for ever with the Redis that it asks, or for seconds, would be seen."""
REFUSED = {"fixed": 0.0, "bucket": 0.0, "sliding": 0.005}
REFUSED_FORGETTING = {"fixed": 0.0, "bucket": 0.0}
"""A strict sliding log counts what Redis has forgotten: how much it then refuses is told without a goal."""


def measure(size: Size) -> Sequence[Row]:
    rows = defaultdict[str, list[Row]](list)
    seconds = Seconds(size.of(75, 30), size.of(65, 25), size.of(90, 45))
    for _ in range(size.rounds):
        for doors in AT_ONCE:
            found = budget_run(doors, seconds)
            for row in (*(row for door in doors for row in _of(door, found)), _lag(doors, found)):
                rows[row.what].append(row)
    return [_together(one) for one in rows.values()]


def _together(rows: Sequence[Row]) -> Row:
    """The same row of every round."""
    return rows[0].model_copy(update={"values": tuple(one.values[0] for one in rows)})


def _of(door: str, found: BudgetRun) -> list[Row]:
    rows = _rows(door, *found.heard[door], found.marks)
    return [*rows, _of_the_day(door, found.heard, found.taken)]


def _lag(doors: Sequence[str], found: BudgetRun) -> Row:
    what = f"{_rate(doors[0])}/s, all doors at once, the worse of two processes"
    return lag_row([found.lag_ms], what)


def _rows(door: str, log: Log, of_shops: int, marks: Marks) -> list[Row]:
    counted, ceiling = door.partition("-")[0], _rate(door)
    third = ceiling // PART
    full = [well for at, well in log if marks.full <= at < marks.low]
    low = _used_on_average(log, marks.low + SETTLED, marks.high, third)
    name = f"{ceiling}/s, {WAYS[counted]}"
    return [
        Row(
            what=f"{name}: used",
            values=(_used_on_average(log, marks.full, marks.low, ceiling),),
            at_least=USED,
        ),
        Row(
            what=f"{name}: answered 429",
            values=(full.count(False) / len(full),),
            at_most=REFUSED[counted],
        ),
        Row(
            what=f"{name}: used of {third}/s from {SETTLED} s after the drop",
            values=(low,),
            at_least=USED_OF_PART,
        ),
        Row(
            what=f"{name}: raised ceiling found after",
            values=(_found(log, marks, ceiling),),
            unit="s",
        ),
        Row(
            what=f"{name}: answered 429 for a shop's own {OF_A_SHOP}/s, all the time",
            values=(of_shops / (len(log) + of_shops),),
            at_most=REFUSED[counted],
        ),
        *_while_forgetting(name, counted, log, marks, ceiling),
    ]


def _while_forgetting(
    name: str, counted: str, log: Log, marks: Marks, ceiling: int
) -> tuple[Row, Row]:
    when = "while Redis forgets three times"
    forgot = [well for at, well in log if marks.flushed <= at < marks.end]
    return (
        Row(
            what=f"{name}: used {when}",
            values=(_used_on_average(log, marks.flushed, marks.end, ceiling),),
            at_least=USED_FORGETTING,
        ),
        Row(
            what=f"{name}: answered 429 {when}",
            values=(forgot.count(False) / max(1, len(forgot)),),
            at_most=REFUSED_FORGETTING.get(counted),
        ),
    )


def _of_the_day(door: str, heard: Mapping[str, Heard], taken: Taken) -> Row:
    """Never less is taken of the day's quota than is called; what is left of a block is taken for nothing."""
    counted, _, rate = door.partition("-")
    log, of_shops = heard[door]
    return Row(
        what=f"{rate}/s, {WAYS[counted]}: calls made that were not taken of the day's quota",
        unit="calls",
        values=(float(max(0, len(log) + of_shops - taken[door])),),
        at_most=0,
        note=f"{taken[door]:,} taken, {len(log) + of_shops:,} made",
    )


def _rate(door: str) -> int:
    return int(door.partition("-")[2])


def _found(log: Log, marks: Marks, ceiling: int) -> float:
    """Seconds until a raised ceiling is used; all there were if it is not."""
    last = int(marks.flushed - marks.high) - OVER
    begins = (marks.high + second for second in range(last))
    used = (_used(log, begin, begin + OVER, ceiling) >= FOUND for begin in begins)
    return float(next((second for second, well in enumerate(used) if well), last))


def _used(log: Log, begin: float, end: float, ceiling: int) -> float:
    return sum(well for at, well in log if begin <= at < end) / (end - begin) / ceiling


def _used_on_average(log: Log, begin: float, end: float, ceiling: int) -> float:
    """Of all windows that are ten seconds shorter: where a wave more or less falls into one says nothing."""
    steps = [one / 10 for one in range(100)]
    return mean(_used(log, begin + one, end - 10 + one, ceiling) for one in steps)


QUESTION = Question(
    "How much of a ceiling is used",
    "Two processes with 40 callers each and endless work, behind doors that count calls a second at the end of a way "
    "with 60 ms of jitter: in fixed windows, by a token bucket, or of any second by itself. Each shop has a limit of its "
    f"own besides, {OF_A_SHOP} a second, and one shop has work for 16 callers; every call is taken of a day's quota in "
    "the database as well. The ceiling falls to a third "
    "and rises again; at the end Redis forgets everything, three times. Shares are of the ceiling of that time, told by "
    "the doors' own log.",
    measure,
    unmet="A strict sliding log of 10 a second at the end of a way with 60 ms of jitter: with more room between waves "
    "calls are left out, with less they are refused; the best on a virtual clock uses 0.969 and has 0.28 % refused "
    "([0029](decisions/0029-calls-in-waves-and-a-learned-ceiling.md)), and real processes are late by milliseconds "
    "besides. Waves that learn from when the last one's answers came would use 0.971 here, and less than these where "
    "answers take more or less by 100 ms; they are not built.",
)

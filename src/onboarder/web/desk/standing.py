"""“Keadaan”: where the programme stands, as figures, charts and tables that also print."""

from fastapi import APIRouter, Response

from onboarder.office.forecast import Prospect
from onboarder.office.standing import GOAL, Counts, Standing, standing
from onboarder.office.standing_said import sentence, sheets_of
from onboarder.office.words import Words
from onboarder.people.roles import Role
from onboarder.records.journeys import Stage
from onboarder.web.desk.charts import Bar, Line, bars, lines
from onboarder.web.desk.downloads import FileKind, as_file, workbook
from onboarder.web.desk.frame import page
from onboarder.web.desk.html import Html, Node, el
from onboarder.web.desk.parts import card, downloads, figures, note, table
from onboarder.web.desk.visit import InOffice, Visit, WithFigures

HERE = "/meja/keadaan"
LAST_DAYS = 14
"""Days in the table; the files have them all."""


def routes(made: APIRouter) -> None:
    _files(made)

    @made.get("/")
    async def show(visit: WithFigures) -> Response:
        seen = await _seen(visit)
        words = visit.words
        return page(
            visit,
            words("standing.title", day=words.day(seen.day)),
            note(words("standing.practice"), tone="warn") if seen.practice else None,
            _headline(words, seen),
            el("div", _funnel(words, seen), _days(words, seen), class_="grid two"),
            _markets(words, seen),
            _canvassers(words, seen) if _sees_people(visit) else None,
            downloads(words, HERE, FileKind.XLSX),
        )


def _files(made: APIRouter) -> None:
    """All tables as one workbook, and each as text."""

    @made.get("/keadaan.xlsx")
    async def everything(visit: WithFigures) -> Response:
        sheets = sheets_of(visit.words, await _seen(visit), people=_sees_people(visit))
        return await workbook("keadaan", sheets)

    @made.get("/keadaan.csv")
    async def days(visit: WithFigures) -> Response:
        *_, sheet = sheets_of(visit.words, await _seen(visit), people=False)
        return await as_file("keadaan", FileKind.CSV, sheet)

    @made.get("/keadaan-pasar.csv")
    async def markets(visit: WithFigures) -> Response:
        sheet, *_ = sheets_of(visit.words, await _seen(visit), people=False)
        return await as_file("keadaan-pasar", FileKind.CSV, sheet)

    @made.get("/keadaan-canvasser.csv")
    async def canvassers(visit: InOffice) -> Response:
        _, sheet, _ = sheets_of(visit.words, await _seen(visit), people=True)
        return await as_file("keadaan-canvasser", FileKind.CSV, sheet)


async def _seen(visit: Visit) -> Standing:
    around = visit.around
    practice = {name: one.connector.manifest.practice for name, one in around.marketplaces.items()}
    async with around.database.read() as tx:
        return await standing(tx, around.programme, practice, now=visit.now)


def _sees_people(visit: Visit) -> bool:
    return visit.person.role is not Role.VIEWER


def _headline(words: Words, seen: Standing) -> Html:
    told = seen.forecast
    shown = [
        (
            words("standing.live_of_target"),
            f"{words.number(told.reached)} / {words.number(told.target)}",
        ),
        (words("standing.days_left"), words.number(told.days_left)),
        (words("standing.pace_now"), _per_day(words, told.pace)),
        (words("standing.pace_needed"), _per_day(words, told.needed)),
    ]
    tone = {Prospect.SHORT: "warn", Prospect.ENDED: "warn"}.get(told.prospect, "")
    remarks = [
        words("standing.stopped", count=words.number(seen.stopped)) if seen.stopped else "",
        words("standing.unknown_days", count=words.number(seen.unknown_days))
        if seen.unknown_days
        else "",
    ]
    return card(
        el("div", el("p", sentence(words, told), class_="lead"), class_=f"note {tone}".strip()),
        figures(shown),
        [el("p", one, class_="soft") for one in remarks if one],
    )


def _per_day(words: Words, value: float | None) -> str:
    return "–" if value is None else words.number(value, 1 if value < 20 else 0)


def _funnel(words: Words, seen: Standing) -> Html:
    start = seen.funnel[Stage.REGISTERED] or 1
    items = [
        Bar(
            words(f"stage.{stage}"),
            seen.funnel[stage],
            f"{words.number(seen.funnel[stage])} · {seen.funnel[stage] / start:.0%}",
        )
        for stage in Stage
    ]
    title = words("standing.funnel")
    return card(bars(title, items), title=title)


def _days(words: Words, seen: Standing) -> Html:
    title = words("standing.by_day")
    first, last = seen.days[0].day if seen.days else seen.day, seen.forecast.ends_on
    steps = max(1, (last - first).days)
    due = [round(seen.forecast.target * step / steps) for step in range(steps + 1)]
    shown = [
        Line("due", words("standing.due"), due),
        Line("done", words("standing.total"), [one.total for one in seen.days]),
    ]
    key = el(
        "ul",
        el("li", words("standing.total")),
        el("li", words("standing.due"), class_="due"),
        class_="key",
    )
    rows: list[list[Node]] = [
        [words.day(one.day), one.counts[Stage.OPEN], one.counts[GOAL], one.total, one.due]
        for one in reversed(seen.days[-LAST_DAYS:])
    ]
    header = [
        words("word.day"),
        words("stage.open"),
        words("stage.live"),
        words("standing.total"),
        words("standing.due"),
    ]
    return card(
        key,
        lines(title, shown, steps, (words.day(first), words.day(last))),
        el(
            "details",
            el("summary", words("standing.last_days", count=LAST_DAYS)),
            table(header, rows, figures=range(1, 5)),
            downloads(words, HERE, FileKind.CSV),
        ),
        title=title,
    )


def _markets(words: Words, seen: Standing) -> Html:
    header = [words("word.market"), *(words(f"stage.{stage}") for stage in Stage)]
    rows: list[list[Node]] = [[one.name, *_row(one.counts)] for one in seen.markets]
    title = words("standing.by_market")
    items = [
        Bar(one.name, one.counts[GOAL], words.number(one.counts[GOAL])) for one in seen.markets
    ]
    chart = bars(words("standing.live_by_market"), items)
    body = table(header, rows, figures=range(1, 7), few=True)
    return card(
        el(
            "div",
            el("div", el("h3", words("standing.live_by_market")), chart),
            body,
            class_="grid beside",
        ),
        downloads(words, f"{HERE}-pasar", FileKind.CSV),
        title=title,
    )


def _canvassers(words: Words, seen: Standing) -> Html:
    header = [words("word.canvasser"), *(words(f"stage.{stage}") for stage in Stage)]
    rows: list[list[Node]] = [
        [
            one.canvasser or words("standing.nobody"),
            *_row(one.counts),
            _per_day(words, one.pace),
        ]
        for one in seen.canvassers
    ]
    return card(
        table([*header, words("standing.pace")], rows, figures=range(1, 8), few=True),
        downloads(words, f"{HERE}-canvasser", FileKind.CSV),
        title=words("standing.by_canvasser"),
    )


def _row(counts: Counts) -> list[int]:
    return [counts[stage] for stage in Stage]

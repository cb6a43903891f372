"""“Malam”: what the nightly comparisons found, repaired and left."""

from collections.abc import Sequence
from urllib.parse import quote

from fastapi import APIRouter, Response
from pydantic import TypeAdapter

from onboarder.model.ids import RunId
from onboarder.model.work import RunState
from onboarder.office.exports import Sheet
from onboarder.office.nights import Night, NightLine, night
from onboarder.people.roles import Role
from onboarder.records.findings import Finding
from onboarder.records.history import recent_runs
from onboarder.records.runs import RunRecord
from onboarder.web.desk.downloads import FileKind, as_file
from onboarder.web.desk.frame import page
from onboarder.web.desk.html import Html, Node, el
from onboarder.web.desk.parts import card, downloads, facts, note, place, readable, shop_link, table
from onboarder.web.desk.visit import InOffice, NotThere, Visit, WithFigures

HERE = "/meja/malam"
SHOWN = 200
"""Drifts on the page; the file has them all."""


def routes(made: APIRouter) -> None:
    @made.get("/malam")
    async def everything(visit: WithFigures) -> Response:
        async with visit.around.database.read() as tx:
            known = await recent_runs(tx)
        return page(visit, visit.words("nights.title"), _list(visit, known))

    @made.get("/malam/{run}.{kind}")
    async def to_take_away(run: str, kind: FileKind, visit: InOffice) -> Response:
        return await as_file(f"malam-{run}", kind, _sheet(visit, await _found(visit, run)))

    @made.get("/malam/{run}")
    async def one(run: str, visit: WithFigures) -> Response:
        seen = await _found(visit, run)
        words = visit.words
        single = visit.person.role is not Role.VIEWER
        return page(
            visit,
            words("nights.one", day=words.time(seen.run.started_at)),
            _facts(visit, seen.run),
            _lines(visit, seen.lines),
            _drifts(visit, seen.found) if single and seen.found else None,
            downloads(words, f"{HERE}/{quote(run)}", *FileKind) if single and seen.found else None,
        )


async def _found(visit: Visit, run: str) -> Night:
    async with visit.around.database.read() as tx:
        seen = await night(tx, visit.around.programme.code, RunId(run))
    if seen is None:
        raise NotThere
    return seen


def _list(visit: Visit, known: Sequence[RunRecord]) -> Html:
    words = visit.words
    rows: list[list[Node]] = [
        [
            el("a", words.time(one.started_at), href=f"{HERE}/{quote(one.id)}"),
            _scope(visit, one),
            one.stores,
            _total(one),
            _state(visit, one),
        ]
        for one in known
    ]
    header = [words(f"word.{one}") for one in ("night", "scope", "shops", "drifts", "state")]
    body = table(header, rows, figures=[2, 3], stack=True)
    return card(body if rows else el("p", words("nights.none")))


def _facts(visit: Visit, run: RunRecord) -> Html:
    words = visit.words
    pairs: list[tuple[str, Node]] = [
        (words("word.state"), _state(visit, run)),
        (words("word.scope"), _scope(visit, run)),
        (words("word.shops"), words.number(run.stores)),
        (words("nights.unseen"), words.number(run.unseen) if run.ended_at else "–"),
        (words("nights.begun"), f"{words.time(run.started_at)} · {run.requested_by}"),
        (words("nights.ended"), words.time(run.ended_at)),
    ]
    stopped = note(words("nights.stopped"), tone="bad") if run.state is RunState.STOPPED else None
    return card(stopped, facts(pairs))


def _lines(visit: Visit, found: Sequence[NightLine]) -> Html:
    words = visit.words
    rows: list[list[Node]] = [
        [
            words.maybe(f"drift.{one.kind}", one.kind),
            place(visit, one.market, ""),
            one.found,
            one.repaired,
            one.adopted,
            one.left,
        ]
        for one in found
    ]
    names = ("found", "repaired", "adopted", "left")
    header = [words("word.drift"), words("word.market"), *(words(f"nights.{one}") for one in names)]
    body = table(header, rows, figures=range(2, 6), stack=True)
    return card(body if rows else el("p", words("nights.nothing")), title=words("nights.found_all"))


def _drifts(visit: Visit, found: Sequence[Finding]) -> Html:
    words = visit.words
    rows: list[list[Node]] = [
        [
            shop_link(one.drift.store_id, place(visit, one.market, one.stall)),
            words.maybe(f"drift.{one.drift.kind}", one.drift.kind),
            one.product,
            _change(visit, one),
            words.maybe(f"outcome.{one.drift.outcome}", one.drift.outcome),
        ]
        for one in found[:SHOWN]
    ]
    header = [words(f"word.{one}") for one in ("shop", "drift", "product", "change", "outcome")]
    more = words("nights.more", shown=SHOWN, count=words.number(len(found)))
    return card(
        table(header, rows, stack=True),
        el("p", more) if len(found) > SHOWN else None,
        title=words("nights.each"),
    )


def _change(visit: Visit, one: Finding) -> str:
    words, drift = visit.words, one.drift
    if drift.field:
        name = words.maybe(f"field.{drift.field}", drift.field)
        change = f"{drift.wanted} → {drift.observed}"
        return f"{name}: {readable(words, drift.field, change)}"
    states = (words.maybe(f"state.{state}", state) for state in (drift.wanted, drift.observed))
    return " → ".join(filter(None, states))


def _sheet(visit: Visit, seen: Night) -> Sheet:
    words = visit.words
    names = ("shop", "market", "stall", "drift", "product", "change", "outcome")
    rows = [
        [
            one.drift.store_id,
            one.market,
            one.stall,
            words.maybe(f"drift.{one.drift.kind}", one.drift.kind),
            one.product,
            _change(visit, one),
            words.maybe(f"outcome.{one.drift.outcome}", one.drift.outcome),
        ]
        for one in seen.found
    ]
    return Sheet(words("nights.each"), [words(f"word.{one}") for one in names], rows)


def _scope(visit: Visit, run: RunRecord) -> str:
    return visit.words.listed(run.scope.values()) or visit.words("nights.everything")


def _total(run: RunRecord) -> int | str:
    if run.ended_at is None:
        return "…"
    outcomes = _TOTALS.validate_python(run.totals).values()
    return sum(number for one in outcomes for number in one.values())


_TOTALS = TypeAdapter(dict[str, dict[str, int]])


def _state(visit: Visit, run: RunRecord) -> Html:
    tone = {RunState.STOPPED: "tag bad", RunState.DONE: "tag"}.get(run.state, "tag warn")
    return el("span", visit.words(f"run_state.{run.state}"), class_=tone)

"""“Tugas”: what only people can do, by owner and age, and answering it."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from fastapi import APIRouter, Response

from onboarder.converge.orders import answer_task
from onboarder.model.ids import MarketCode
from onboarder.model.people import Actor
from onboarder.office.exports import Sheet, Value
from onboarder.records.register import merchant_by_id
from onboarder.records.tasks import TaskRecord, open_tasks, task_by_id
from onboarder.web.desk.downloads import FileKind, as_file
from onboarder.web.desk.forms import text_of
from onboarder.web.desk.frame import back_to, page
from onboarder.web.desk.html import Html, Node, el
from onboarder.web.desk.parts import (
    button,
    card,
    downloads,
    marketplace_title,
    place,
    post,
    select,
    shop_link,
    table,
    who,
)
from onboarder.web.desk.visit import InOffice, NotThere, Visit

HERE = "/meja/tugas"
SHOWN = 100
"""Tasks on the page; the file has them all."""
AGES = (
    ("today", timedelta(days=1)),
    ("days3", timedelta(days=3)),
    ("week", timedelta(days=7)),
    ("older", timedelta.max),
)
"""Columns of the table, each up to an age."""


def routes(made: APIRouter) -> None:
    @made.get("/tugas")
    async def show(visit: InOffice) -> Response:
        words, asked = visit.words, await _asked(visit)
        chosen = [one for one in asked if _wanted(visit, one)]
        rows = [task_row(visit, one, back=HERE) for one in chosen[:SHOWN]]
        more = words("tasks.more", shown=SHOWN, count=words.number(len(chosen)))
        return page(
            visit,
            words("tasks.title"),
            card(_by_owner(visit, asked), _filter(visit)) if asked else None,
            card(rows, el("p", more) if len(chosen) > SHOWN else None, title=_count(visit, chosen)),
            downloads(words, HERE, *FileKind) if asked else None,
        )

    @made.post("/tugas/{number}")
    async def answer(number: int, visit: InOffice) -> Response:
        form = await visit.request.form(max_files=0, max_fields=10)
        around = visit.around
        async with around.database.read() as tx:
            task = await task_by_id(tx, number)
            owner = await merchant_by_id(tx, task.merchant_id) if task else None
        if owner is None or owner.programme != around.programme.code:
            raise NotThere
        await answer_task(
            around.database,
            visit.premises.doorbell,
            number,
            text_of(form, "jawaban"),
            by=visit.person.id,
            clock=around.clock,
        )
        there = text_of(form, "kembali")
        return back_to(there if there.startswith("/meja/toko/") else HERE, "answered")

    @made.get("/tugas.{kind}")
    async def to_take_away(kind: FileKind, visit: InOffice) -> Response:
        return await as_file("tugas", kind, _sheet(visit, await _asked(visit)))


def task_row(visit: Visit, task: TaskRecord, *, back: str) -> Html:
    """One task with the buttons that answer it."""
    words = visit.words
    answers = [
        button(words.maybe(f"answer.{one}", one), kind="second", jawaban=one)
        for one in task.choices or ("done",)
    ]
    return el(
        "div",
        el("p", words.either(task.id_text, task.en_text), class_="sentence"),
        el(
            "p",
            who(words, task.who),
            " ",
            shop_link(task.store_id, place(visit, task.market, task.stall)),
            f" · {marketplace_title(visit, task.store_id)} · ",
            words.age(task.created_at, visit.now),
            class_="soft",
        ),
        post(f"{HERE}/{task.id}", el("input", type="hidden", name="kembali", value=back), answers),
        class_="row",
    )


async def _asked(visit: Visit) -> list[TaskRecord]:
    around = visit.around
    async with around.database.read() as tx:
        return await open_tasks(tx, programme=around.programme.code)


def _wanted(visit: Visit, task: TaskRecord) -> bool:
    query = visit.request.query_params
    owner, market = query.get("siapa", ""), query.get("pasar", "")
    return owner in {"", task.who} and market in {"", task.market}


def _count(visit: Visit, tasks: Sequence[TaskRecord]) -> str:
    if not tasks:
        return visit.words("tasks.none")
    return visit.words("tasks.count", count=visit.words.number(len(tasks)))


def _by_owner(visit: Visit, asked: Sequence[TaskRecord]) -> Html:
    words = visit.words
    counted = Counter((one.who, _age(visit, one)) for one in asked)
    owners = [str(one) for one in Actor if any(task.who == one for task in asked)]
    rows: list[list[Node]] = [
        [
            el("a", words.maybe(f"actor.{one}", one), href=f"{HERE}?siapa={one}"),
            *(counted[one, age] for age, _ in AGES),
            sum(counted[one, age] for age, _ in AGES),
        ]
        for one in owners
    ]
    header = [
        words("word.owner"),
        *(words(f"tasks.{age}") for age, _ in AGES),
        words("tasks.all"),
    ]
    return table(header, rows, caption=words("tasks.by_owner"), figures=range(1, 6))


def _age(visit: Visit, task: TaskRecord) -> str:
    past = visit.now - task.created_at
    return next(name for name, most in AGES if past < most)


def _filter(visit: Visit) -> Html:
    words, query = visit.words, visit.request.query_params
    owners = [("", words("tasks.everybody"))]
    owners += [(str(one), words(f"actor.{one}")) for one in Actor]
    markets = [(MarketCode(""), words("tasks.everywhere"))]
    markets += [(one.code, one.name) for one in visit.around.programme.markets]
    return el(
        "form",
        select(words("word.owner"), "siapa", owners, query.get("siapa", "")),
        select(words("word.market"), "pasar", markets, query.get("pasar", "")),
        el("button", words("tasks.filter"), class_="second"),
        method="get",
        action=HERE,
        class_="line",
    )


def _sheet(visit: Visit, asked: Sequence[TaskRecord]) -> Sheet:
    words = visit.words
    names = ("number", "owner", "market", "stall", "shop", "since", "code", "text")
    rows: list[list[Value]] = [
        [
            one.id,
            words.maybe(f"actor.{one.who}", one.who),
            one.market,
            one.stall,
            one.store_id,
            words.time(one.created_at),
            one.code,
            words.either(one.id_text, one.en_text),
        ]
        for one in asked
    ]
    return Sheet(words("tasks.title"), [words(f"word.{one}") for one in names], rows)

"""“Impor”: a register uploaded, its asked rows corrected in place, and what is clear saved."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from fastapi import APIRouter, Response
from starlette.datastructures import FormData

from onboarder.api.v1.imports import counter_of
from onboarder.intake.importing import Outcome
from onboarder.intake.refused import IntakeRefused
from onboarder.intake.rows import Place
from onboarder.intake.verdicts import Language, asked_text
from onboarder.office.bringing_in import (
    MOST_FILES,
    Counter,
    Looked,
    answer,
    corrections_of,
    look,
    receive,
    save,
)
from onboarder.office.corrections import Correction
from onboarder.records import register_imports
from onboarder.records.register_imports import ImportRecord
from onboarder.web.desk.asked_rows import ROWS, AskedRow, asked_rows, changed_cells, row_form
from onboarder.web.desk.forms import files_of, text_of
from onboarder.web.desk.frame import back_to, page
from onboarder.web.desk.html import Html, Node, el
from onboarder.web.desk.numbers import is_ulid, new_ulid
from onboarder.web.desk.parts import button, card, note, post, table
from onboarder.web.desk.visit import InOffice, NotThere, Visit

HERE = "/meja/impor"


def routes(made: APIRouter) -> None:
    _begin(made)

    @made.get("/impor/{number}")
    async def one(number: str, visit: InOffice) -> Response:
        return await _one(visit, counter_of(visit.premises), number)

    @made.post("/impor/{number}/jawab")
    async def correct(number: str, visit: InOffice) -> Response:
        form = await visit.request.form(max_files=0, max_fields=10_000)
        counter = counter_of(visit.premises)
        said = _said(form, asked_rows(await _looked(counter, number)))
        await answer(counter, number, said)
        left = len(asked_rows(await _looked(counter, number)))
        return back_to(_address(number), "import_answered", count=len(said), left=left)

    @made.post("/impor/{number}/simpan")
    async def keep(number: str, visit: InOffice) -> Response:
        counter = counter_of(visit.premises)
        await _looked(counter, number)
        looked, _ = await save(counter, number, by=visit.person)
        plan = looked.plan
        return back_to(
            _address(number),
            "import_saved",
            merchants=len(plan.new_merchants) + len(plan.changed_merchants),
            products=len(plan.new_products) + len(plan.changed_products),
        )


def _begin(made: APIRouter) -> None:
    @made.get("/impor")
    async def everything(visit: InOffice) -> Response:
        around = visit.around
        async with around.database.read() as tx:
            known = await register_imports.newest(tx, around.programme.code)
        return page(visit, visit.words("imports.title"), _upload(visit), _list(visit, known))

    @made.post("/impor")
    async def upload(visit: InOffice) -> Response:
        async with visit.request.form(max_files=MOST_FILES, max_fields=10) as form:
            number, files = text_of(form, "nomor"), await files_of(form, "berkas")
        if not files or not is_ulid(number):
            said = note(visit.words("imports.no_file"), tone="bad")
            return page(visit, visit.words("imports.title"), said, _upload(visit))
        record = await receive(counter_of(visit.premises), number, files, by=visit.person)
        return back_to(_address(record.id))


async def _one(visit: Visit, counter: Counter, number: str) -> Response:
    words = visit.words
    try:
        looked = await _looked(counter, number)
    except IntakeRefused as refused:
        said = note(words.either(refused.id, refused.en), tone="bad")
        kept = el("p", words("imports.not_read"))
        return page(visit, words("imports.title"), said, kept, _upload(visit))
    rows = asked_rows(looked)
    start = visit.request.query_params.get("mulai", "0")
    first = int(start) if start.isdecimal() and len(start) < 7 else 0
    return page(
        visit,
        words.listed(looked.record.files),
        _account(visit, looked, len(rows)),
        _sheet_faults(visit, looked, counter),
        _rows(visit, counter, looked, rows, first) if rows else None,
    )


async def _looked(counter: Counter, number: str) -> Looked:
    try:
        return await look(counter, number)
    except (KeyError, FileNotFoundError):
        raise NotThere from None


def _said(form: FormData, rows: Sequence[AskedRow]) -> Mapping[Place, Correction]:
    """Only what differs from what stands there already."""
    found = {row.key: row for row in rows}
    said: dict[Place, Correction] = {}
    for name in form:
        row = found.get(text_of(form, name)) if name.startswith("baris-") else None
        if row is not None:
            prefix = f"{name.removeprefix('baris-')}."
            changed = changed_cells(
                row,
                {
                    key.removeprefix(prefix): text_of(form, key)
                    for key in form
                    if key.startswith(prefix)
                },
            )
            if changed is not None:
                said[row.place] = changed
    return said


def _address(number: str) -> str:
    return f"{HERE}/{quote(number)}"


def _upload(visit: Visit) -> Html:
    words = visit.words
    picker = el(
        "label",
        words("imports.files"),
        el("span", " ", words("imports.files_hint", count=MOST_FILES)),
        el(
            "input",
            type="file",
            name="berkas",
            multiple=True,
            required=True,
            accept=".xlsx,.xls,.ods,.csv,.tsv,.txt,.zip",
        ),
    )
    form = el(
        "form",
        el("input", type="hidden", name="nomor", value=new_ulid(visit.now)),
        el("div", picker, class_="fields"),
        el("button", words("imports.send")),
        method="post",
        action=HERE,
        enctype="multipart/form-data",
    )
    return card(el("p", words("imports.explain"), class_="soft"), form, title=words("imports.new"))


def _list(visit: Visit, known: Sequence[ImportRecord]) -> Html:
    words = visit.words
    rows: list[list[Node]] = [
        [
            el("a", words.listed(one.files), href=_address(one.id)),
            words.time(one.made_at),
            one.made_by,
            words(f"import_state.{one.state}"),
        ]
        for one in known
    ]
    header = [words(f"word.{one}") for one in ("file", "made", "by", "state")]
    body = table(header, rows, stack=True) if rows else el("p", words("imports.none"))
    return card(body, title=words("imports.list"))


def _account(visit: Visit, looked: Looked, asked: int) -> Html:
    words, plan = visit.words, looked.plan
    rows: list[list[Node]] = [
        [
            " · ".join(filter(None, (one.file, one.sheet))),
            words.maybe(f"sheet_kind.{one.kind}", "–"),
            one.rows,
            *(one.outcomes.get(outcome, 0) for outcome in Outcome),
        ]
        for one in plan.accounts
    ]
    header = [words("word.file"), words("word.content"), words("word.rows")]
    header += [words(f"row_outcome.{outcome}") for outcome in Outcome]
    clear = words(
        "imports.clear",
        new_merchants=words.number(len(plan.new_merchants)),
        changed_merchants=words.number(len(plan.changed_merchants)),
        new_products=words.number(len(plan.new_products)),
        changed_products=words.number(len(plan.changed_products)),
    )
    done = plan.changes_nothing
    keep = post(f"{_address(looked.record.id)}/simpan", button(words("imports.save")))
    return card(
        table(header, rows, figures=range(2, len(header)), stack=True),
        el("p", words("imports.nothing_new") if done else clear, class_="lead"),
        None if done else keep,
        el("p", words("imports.asked", count=words.number(asked))) if asked else None,
    )


def _sheet_faults(visit: Visit, looked: Looked, counter: Counter) -> Node:
    lang = Language(visit.words.lang)
    return [
        note(
            f"{one.place.file} · {one.place.sheet}: {asked_text(finding, counter.rules.questions, lang)}",
            tone="warn",
        )
        for one in looked.plan.verdicts
        if one.place.row == 0
        for finding in one.findings
    ]


def _rows(
    visit: Visit, counter: Counter, looked: Looked, rows: Sequence[AskedRow], first: int
) -> Html:
    words, number = visit.words, looked.record.id
    first = first if first < len(rows) else 0
    said = corrections_of(looked.record)
    forms = [
        row_form(words, counter.rules, row, at, corrected=row.place in said)
        for at, row in enumerate(rows[first : first + ROWS])
    ]
    following = first + ROWS
    more = el("a", words("imports.next"), href=f"{_address(number)}?mulai={following}")
    form = el(
        "form",
        forms,
        el("p", button(words("imports.answer")), class_="line"),
        method="post",
        action=f"{_address(number)}/jawab",
    )
    shown = words("imports.shown", first=first + 1, last=min(following, len(rows)), count=len(rows))
    return card(
        el("p", shown, class_="soft"),
        form,
        el("p", more) if following < len(rows) else None,
        title=words("imports.rows"),
    )

"""The rows of an import that are asked about, as forms in which every cell can be corrected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onboarder.intake.cells import Cell, text_of
from onboarder.intake.rows import Candidate, Finding, Place
from onboarder.intake.rules import IntakeRules
from onboarder.intake.table import Table
from onboarder.intake.verdicts import Language, asked_text
from onboarder.office.bringing_in import Looked, corrections_of
from onboarder.office.corrections import Correction
from onboarder.office.words import Words
from onboarder.web.desk.html import Html, Node, el

ROWS = 20
"""Asked rows on one page."""
DECISION, SAME_AS = "Keputusan", "Sama dengan"
_OURS = {"verdict", "sequence"}
"""Columns that nobody corrects; nor the nameless ones, nor the market that only a title names."""


@dataclass(frozen=True, slots=True)
class AskedCell:
    """One cell of the form: `name` is the column's number, or `+` and the header of a column that the sheet lacks."""

    name: str
    header: str
    value: str = field(repr=False)
    asked: bool


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row that was not taken, with why."""

    place: Place
    findings: tuple[Finding, ...]
    cells: tuple[AskedCell, ...]

    @property
    def key(self) -> str:
        """What the form names the row by."""
        return f"{self.place.row}|{self.place.sheet}|{self.place.file}"

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Whom or what it may be the same as."""
        return tuple(
            one for finding in self.findings if _decides(finding) for one in finding.candidates
        )


def asked_rows(looked: Looked) -> list[AskedRow]:
    """In the order of the files; sheets that were not recognised have no rows to correct."""
    verdicts = {one.place: one.findings for one in looked.plan.verdicts}
    added = {name for one in corrections_of(looked.record).values() for name in one.added}
    found: list[AskedRow] = []
    for table in looked.reading.tables:
        there = {
            header
            for file, sheet, header in looked.headers
            if (file, sheet) == (table.file, table.sheet)
        }
        for row in table.rows:
            place = Place(table.file, table.sheet, row.number)
            if place in verdicts:
                cells = _cells(table, row.cells, verdicts[place], added, there)
                found.append(AskedRow(place, verdicts[place], cells))
    return found


def changed_cells(row: AskedRow, sent: Mapping[str, str]) -> Correction | None:
    """What the form says otherwise than the row; None if nothing."""
    before = {one.name: one.value for one in row.cells}
    changed = {name: text for name, text in sent.items() if name in before and text != before[name]}
    if not changed:
        return None
    return Correction(
        {int(name): text for name, text in changed.items() if not name.startswith("+")},
        {name[1:]: text for name, text in changed.items() if name.startswith("+")},
    )


def row_form(
    words: Words, rules: IntakeRules, row: AskedRow, number: int, *, corrected: bool
) -> Html:
    """The row's questions and its cells; what is asked about stands first and is marked."""
    lang = Language(words.lang)
    questions = [el("li", str(asked_text(one, rules.questions, lang))) for one in row.findings]
    asked = [one for one in row.cells if one.asked]
    others = [one for one in row.cells if not one.asked]
    where = words("imports.place", file=row.place.file, sheet=row.place.sheet, row=row.place.row)
    return el(
        "fieldset",
        el(
            "legend",
            where,
            " ",
            el("span", words("imports.still"), class_="tag warn") if corrected else None,
        ),
        el("ul", questions),
        el("input", type="hidden", name=f"baris-{number}", value=row.key),
        el("div", [_input(words, row, one, number) for one in asked], class_="cells asked"),
        el(
            "details",
            el("summary", words("imports.other_cells")),
            el("div", [_input(words, row, one, number) for one in others], class_="cells"),
        ),
        class_="row",
    )


def _cells(
    table: Table,
    cells: Sequence[Cell],
    findings: Sequence[Finding],
    added: set[str],
    there: set[str],
) -> tuple[AskedCell, ...]:
    named = {part for one in findings for part in (one.column, *one.column.split(" / "))}
    deciding = any(_decides(one) for one in findings)
    made = [
        AskedCell(
            f"+{column.header}" if column.header in added else str(index),
            column.header,
            text_of(cells[index]) if index < len(cells) else "",
            column.header in named or (deciding and column.field in {"decision", "same_as"}),
        )
        for index, column in enumerate(table.columns)
        if column.header in there and column.field not in _OURS
    ]
    headers = {column.header for column in table.columns}
    fields = {column.field for column in table.columns}
    wanted = {name for name in named if name and " / " not in name}
    if deciding:
        wanted |= {
            name
            for name, meaning in ((DECISION, "decision"), (SAME_AS, "same_as"))
            if meaning not in fields
        }
    lacking = sorted(wanted - headers)
    return (*made, *(AskedCell(f"+{name}", name, "", asked=True) for name in lacking))


def _input(words: Words, row: AskedRow, cell: AskedCell, number: int) -> Html:
    name = f"{number}.{cell.name}"
    options = _options(words, row, cell)
    control: Node
    if options:
        control = el(
            "select",
            [
                el("option", text, value=value, selected=value == cell.value)
                for value, text in options
            ],
            name=name,
        )
    else:
        control = el("input", name=name, value=cell.value, autocomplete="off", maxlength=2000)
    return el("label", cell.header, control)


def _options(words: Words, row: AskedRow, cell: AskedCell) -> list[tuple[str, str]]:
    """Choices where an answer is one of few."""
    if not row.candidates:
        return []
    if cell.header == DECISION:
        return [(one, words(f"imports.decision_{one or 'none'}")) for one in ("", "baru", "sama")]
    if cell.header == SAME_AS:
        return [("", "–"), *((one.id, f"{one.label} ({one.id})") for one in row.candidates)]
    return []


def _decides(finding: Finding) -> bool:
    return finding.code.startswith("likely_same_") or finding.code == "decision_unclear"

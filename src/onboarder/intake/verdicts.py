"""Verdicts for people: the texts of what is asked, and the workbook that can be corrected and imported again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from onboarder.intake.cells import Cell, line
from onboarder.intake.export import ExportSheet, write_table
from onboarder.intake.importing import ImportPlan, Outcome, SheetAccount, Verdict
from onboarder.intake.reading import SUMMARY_SHEET, Reading
from onboarder.intake.rows import Candidate, Finding, Place
from onboarder.intake.rules import Question
from onboarder.intake.table import Row, Table

_ORIGIN, _ASKED_ID, _ASKED_EN = "Asal baris", "Perlu dijawab", "To answer"
_DECISION, _SAME_AS = "Keputusan", "Sama dengan"


class Language(StrEnum):
    """The languages verdicts are written in."""

    INDONESIAN = "id"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class AskedText:
    """One question in one language: in which column, what is wrong, what was read, what is expected."""

    column: str
    fault: str
    read: str = field(repr=False)
    expected: str

    def __str__(self) -> str:
        where = f"{self.column}: " if self.column else ""
        read = f" “{self.read}”" if self.read else ""
        return f"{where}{self.fault}{read} → {self.expected}"


def asked_text(
    finding: Finding, questions: Mapping[str, Question], language: Language
) -> AskedText:
    """The finding's text; candidates are listed after what is expected."""
    question = questions[finding.code]
    if language is Language.INDONESIAN:
        fault, expected = question.id, question.id_expected
    else:
        fault, expected = question.en, question.en_expected
    return AskedText(finding.column, fault, finding.read, expected + _listed(finding.candidates))


def write_verdicts(
    path: Path, reading: Reading, plan: ImportPlan, questions: Mapping[str, Question]
) -> int:
    """Write the rows held back, with their original cells, and return how many there are.

    The workbook begins with a summary of every sheet. Corrected, it can be imported as it is: our own columns are
    passed over, but for the answers in “Keputusan” and “Sama dengan”. Replaces an existing file in one step.
    """
    verdicts = {verdict.place: verdict for verdict in plan.verdicts}
    held = [table for table in reading.tables if _rows(table, verdicts)]
    sheets = [_summary(plan, questions), *(_sheet(table, verdicts, questions) for table in held)]
    write_table(path, sheets)
    return sum(len(_rows(table, verdicts)) for table in held)


def _listed(candidates: Sequence[Candidate]) -> str:
    listed = "; ".join(f"{one.id} = {one.label}" for one in candidates)
    return f" [{listed}]" if listed else ""


def _rows(table: Table, verdicts: Mapping[Place, Verdict]) -> list[tuple[Row, Verdict]]:
    places = ((row, Place(table.file, table.sheet, row.number)) for row in table.rows)
    return [(row, verdicts[place]) for row, place in places if place in verdicts]


def _sheet(
    table: Table, verdicts: Mapping[Place, Verdict], questions: Mapping[str, Question]
) -> ExportSheet:
    ours = {"verdict", "decision", "same_as"}
    kept = [index for index, column in enumerate(table.columns) if column.field not in ours]
    headers = [table.columns[index].header for index in kept]
    ends = [_ORIGIN, _ASKED_ID, _ASKED_EN, _DECISION, _SAME_AS]
    rows = [
        [
            *(row.cells[i] if i < len(row.cells) else "" for i in kept),
            *_remarks(table, row, verdict, questions),
        ]
        for row, verdict in _rows(table, verdicts)
    ]
    return ExportSheet(table.sheet, [*headers, *ends], rows)


def _remarks(
    table: Table, row: Row, verdict: Verdict, questions: Mapping[str, Question]
) -> list[Cell]:
    origin = f"{verdict.place.file} · {verdict.place.sheet} · {verdict.place.row}"
    texts = [
        "\n".join(str(asked_text(finding, questions, language)) for finding in verdict.findings)
        for language in Language
    ]
    proposed = " ".join(
        dict.fromkeys(one.id for f in verdict.findings for one in f.candidates if _decides(f))
    )
    return [
        origin,
        *texts,
        _written(table, row, "decision"),
        _written(table, row, "same_as") or proposed,
    ]


def _decides(finding: Finding) -> bool:
    """Whether the candidates are those that “Sama dengan” chooses from."""
    return finding.code.startswith("likely_same_") or finding.code == "decision_unclear"


def _written(table: Table, row: Row, field_name: str) -> str:
    """What stands in the row's column of that field already."""
    cells = zip(table.columns, row.cells, strict=False)
    return " ".join(line(cell) for column, cell in cells if column.field == field_name)


def _summary(plan: ImportPlan, questions: Mapping[str, Question]) -> ExportSheet:
    """Every sheet's account in rows, and which sheets were not understood."""
    lines = [
        "Perbaiki baris di lembar berikut, lalu impor berkas ini apa adanya. Keputusan: tulis “baru” atau “sama”.",
        "Correct the rows in the next sheets, then import this file. Keputusan: write “baru” (new) or “sama” (same).",
    ]
    header = [
        "Berkas",
        "Lembar",
        "Isi",
        "Baris",
        "Judul",
        "Kosong",
        "Di luar",
        *_OUTCOMES.values(),
        "Catatan",
    ]
    remarks = {(v.place.file, v.place.sheet): v.findings for v in plan.verdicts if v.place.row == 0}
    rows = [
        [*_counts(account), _remark(remarks.get((account.file, account.sheet), ()), questions)]
        for account in plan.accounts
    ]
    return ExportSheet(SUMMARY_SHEET, header, rows, lines)


_OUTCOMES = {
    Outcome.NEW: "Baru",
    Outcome.CHANGED: "Berubah",
    Outcome.UNCHANGED: "Tetap",
    Outcome.REPEATED: "Berulang",
    Outcome.HELD_BACK: "Ditahan",
}


def _counts(account: SheetAccount) -> list[Cell | int]:
    where: list[Cell | int] = [account.file, account.sheet, account.kind]
    rows = [account.rows, account.titles, account.blanks, account.outside]
    return [*where, *rows, *(account.outcomes.get(outcome, 0) for outcome in _OUTCOMES)]


def _remark(findings: Iterable[Finding], questions: Mapping[str, Question]) -> str:
    texts = (asked_text(finding, questions, Language.INDONESIAN) for finding in findings)
    return "\n".join(map(str, texts))

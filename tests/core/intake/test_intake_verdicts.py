"""The workbook of verdicts: exact texts, harmless cells, and a way back in."""

import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarder.intake.asked import AskedCode
from onboarder.intake.cells import FORMULA_STARTS, Cell, line
from onboarder.intake.export import ExportSheet, safe_cell, write_table
from onboarder.intake.importing import ImportPlan, KnownRegister, Outcome
from onboarder.intake.plan import plan_import
from onboarder.intake.reading import Reading, read_register
from onboarder.intake.rows import Candidate, Finding
from onboarder.intake.sheets import Merge, Sheet
from onboarder.intake.verdicts import Language, asked_text, write_verdicts
from onboarder.intake.workbook import read_workbook
from tests.core.intake.registers import (
    NOTHING,
    PROGRAMME,
    RULES,
    goods,
    people,
    person,
    reading,
    saved,
    sheet,
    thing,
)

HOSTILE = [
    "=1+1",
    "+62812",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    '=HYPERLINK("http://x")',
    "\x00=1",
]


def returned(path: Path, read: Reading, plan: ImportPlan) -> tuple[Sheet, ...]:
    """The workbook of verdicts as it was written."""
    write_verdicts(path, read, plan, RULES.questions)
    return read_workbook(path, RULES.limits.file)


def corrected(path: Path, *fixes: tuple[str, int, str, Cell]) -> Reading:
    """The workbook imported again after somebody wrote into (sheet, row, header)."""
    sheets = {
        one.name: [list(row) for row in one.rows] for one in read_workbook(path, RULES.limits.file)
    }
    for name, number, header, value in fixes:
        column = sheets[name][0].index(header)
        row = sheets[name][number - 1]
        row.extend([""] * (column + 1 - len(row)))
        row[column] = value
    written = [
        ExportSheet(name, [str(cell) for cell in rows[0]], rows[1:])
        for name, rows in sheets.items()
    ]
    write_table(path, written)
    return read_register([path], PROGRAMME, RULES)


def test_a_question_says_column_fault_what_was_read_and_what_is_expected() -> None:
    finding = Finding(AskedCode.STOCK_UNCLEAR, "Stok", "banyak")

    indonesian = asked_text(finding, RULES.questions, Language.INDONESIAN)
    english = asked_text(finding, RULES.questions, Language.ENGLISH)

    assert str(indonesian) == "Stok: stok tidak jelas “banyak” → tulis angka bulat, misalnya 24"
    assert (
        str(english) == "Stok: the stock is unclear “banyak” → write a whole number, for example 24"
    )


def test_a_question_lists_who_may_be_meant() -> None:
    finding = Finding(AskedCode.OWNER_SEVERAL, "Nama", "Siti", (Candidate("knm-1", "Siti (KNM)"),))

    assert "[knm-1 = Siti (KNM)]" in str(asked_text(finding, RULES.questions, Language.ENGLISH))


def test_held_back_rows_keep_their_original_cells_and_say_where_they_come_from(
    tmp_path: Path,
) -> None:
    read = reading(people(person(), person("K-2", phone="0812x", trained_on=date(2026, 11, 12))))

    summary, sheet = returned(tmp_path / "v.xlsx", read, plan_import(read, NOTHING))

    header, row = sheet.rows
    assert row[:6] == ("K-2", "Melati Umpama", "0812x", "Kanoman", "B/12", date(2026, 11, 12))
    assert header[7:] == ("Asal baris", "Perlu dijawab", "To answer", "Keputusan", "Sama dengan")
    assert row[7] == "register.xlsx · Pedagang · 3"
    assert str(row[8]).startswith("No HP/WA: nomor HP tidak benar “0812x”")
    assert summary.rows[3][:9] == ("register.xlsx", "Pedagang", "merchants", 3, 1, 0, 0, 1, 0)


def test_merged_cells_are_written_out_so_that_no_row_loses_its_market(tmp_path: Path) -> None:
    rows = [person(), person("K-2", name="Mawar", phone="0812x", market="")]
    read = reading(
        sheet(
            "Pedagang",
            ("No Reg", "Nama Pedagang", "No HP", "Pasar"),
            *rows,
            merges=[Merge(1, 3, 2, 3)],
        )
    )

    sheets = returned(tmp_path / "v.xlsx", read, plan_import(read, NOTHING))

    assert sheets[1].rows[1][3] == "Kanoman"


def test_the_workbook_imported_uncorrected_asks_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "v.xlsx"
    first = reading(people(person(), person("K-2", phone="0812x")), goods(thing(price="12.5")))
    plan = plan_import(first, NOTHING)
    write_verdicts(path, first, plan, RULES.questions)

    again = plan_import(read_register([path], PROGRAMME, RULES), saved(plan))

    assert [one.findings for one in again.verdicts] == [one.findings for one in plan.verdicts]
    assert again.total == {Outcome.HELD_BACK: 2}


def test_the_workbook_corrected_goes_in_and_the_original_then_changes_nothing_more(
    tmp_path: Path,
) -> None:
    path = tmp_path / "v.xlsx"
    first = reading(
        people(person(), person("K-2", name="Mawar", phone="0812x")),
        goods(thing(price="12.5"), thing("Kopi", number="K-2", price=10_000.0)),
    )
    known = saved(plan_import(first, NOTHING))
    write_verdicts(path, first, plan_import(first, NOTHING), RULES.questions)

    fixed = corrected(
        path, ("Pedagang", 2, "No HP/WA", "0899-0000-0002"), ("Barang", 2, "Hrg", "12.500")
    )
    plan = plan_import(fixed, known)

    assert plan.verdicts == ()
    assert (len(plan.new_merchants), len(plan.new_products)) == (1, 2)
    assert plan_import(fixed, saved(plan, known)).changes_nothing


def test_a_decision_is_made_by_one_word_in_the_workbook(tmp_path: Path) -> None:
    path = tmp_path / "v.xlsx"
    first = reading(people(person(), person("K-9", name="Siapa Saja")))
    known = saved(plan_import(first, NOTHING))
    write_verdicts(path, first, plan_import(first, NOTHING), RULES.questions)

    plan = plan_import(corrected(path, ("Pedagang", 2, "Keputusan", "sama")), known)
    settled = saved(plan, known)

    assert plan.verdicts == ()
    assert plan_import(first, settled).changes_nothing
    assert plan_import(first, settled).verdicts == ()


def test_remarks_of_an_earlier_round_do_not_pile_up(tmp_path: Path) -> None:
    read = reading(people(person(phone="0812x")))
    write_verdicts(tmp_path / "1.xlsx", read, plan_import(read, NOTHING), RULES.questions)
    again = read_register([tmp_path / "1.xlsx"], PROGRAMME, RULES)

    once = read_workbook(tmp_path / "1.xlsx", RULES.limits.file)
    twice = returned(tmp_path / "2.xlsx", again, plan_import(again, NOTHING))

    assert twice[1].rows[0] == once[1].rows[0]


def test_nothing_held_back_leaves_only_the_summary(tmp_path: Path) -> None:
    read = reading(people(person()))

    count = write_verdicts(tmp_path / "v.xlsx", read, plan_import(read, NOTHING), RULES.questions)

    assert count == 0
    assert len(read_workbook(tmp_path / "v.xlsx", RULES.limits.file)) == 1


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_exported_text_can_be_taken_for_a_formula(tmp_path: Path, text: str) -> None:
    write_table(tmp_path / "a.xlsx", [ExportSheet(text, [text], [[text]], [text])])

    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        content = archive.read("xl/worksheets/sheet1.xml").decode()
    [read] = read_workbook(tmp_path / "a.xlsx", RULES.limits.file)
    assert "<f>" not in content
    assert "hyperlink" not in content
    for row in read.rows:
        assert not str(row[0]).startswith(FORMULA_STARTS)


@given(st.text(max_size=40))
def test_a_text_escaped_and_read_again_is_the_text(text: str) -> None:
    if not text.startswith("'"):
        assert line(safe_cell(text)) == line(text)


@pytest.mark.parametrize(
    "names", [["a/b:c", "A b c"], ["", "'"], ["x" * 40, "x" * 50], ["=1", "[a]*?"]], ids=str
)
def test_sheets_of_any_names_can_be_written(tmp_path: Path, names: list[str]) -> None:
    write_table(tmp_path / "a.xlsx", [ExportSheet(name, ["a"], [["b"]]) for name in names])

    read = read_workbook(tmp_path / "a.xlsx", RULES.limits.file)

    assert [one.rows for one in read] == [(("a",), ("b",))] * len(names)


def test_cells_keep_their_types_and_odd_numbers_do_no_harm(tmp_path: Path) -> None:
    cells: list[Cell] = [12.5, True, date(2026, 11, 12), "teks", float("nan"), float("inf")]
    write_table(tmp_path / "a.xlsx", [ExportSheet("Data", ["x"] * 6, [cells])])

    [read] = read_workbook(tmp_path / "a.xlsx", RULES.limits.file)

    assert read.rows[1][:4] == (12.5, True, date(2026, 11, 12), "teks")


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_table(path, [ExportSheet("Data", ["lama"], [])])

    def broken() -> list[list[Cell]]:
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        write_table(path, (ExportSheet("Data", ["baru"], broken()) for _ in range(1)))

    assert read_workbook(path, RULES.limits.file)[0].rows == (("lama",),)
    assert list(tmp_path.iterdir()) == [path]


def test_known_people_do_not_hide_a_verdict_about_them() -> None:
    register = reading(people(person(phone="0812x")))
    known: KnownRegister = saved(plan_import(reading(people(person())), NOTHING))

    plan = plan_import(register, known)

    assert plan.total == {Outcome.HELD_BACK: 1}
    assert plan.changes_nothing

"""Files of every common kind are read alike; what could harm is refused before it is opened."""

import zipfile
from datetime import date
from pathlib import Path

import pytest

from onboarder.intake.export import ExportSheet, write_table
from onboarder.intake.importing import Outcome
from onboarder.intake.limits import check_shape
from onboarder.intake.plan import plan_import
from onboarder.intake.reading import read_register
from onboarder.intake.refused import IntakeRefused, Refusal
from onboarder.intake.rules import FileLimits
from onboarder.intake.sheets import Merge, Sheet
from onboarder.intake.workbook import read_workbook
from tests.core.intake.registers import NOTHING, PEOPLE, PROGRAMME, RULES, person

LIMITS = RULES.limits.file
XLS = Path(__file__).with_name("data") / "register.xls"
CSV = (
    "DATA CONTOH;;;\n\n"
    "No Reg;Nama Pedagang;No HP/WA;Pasar\n"
    'K-1;"Melati; Umpama";0899-0000-0001;Kanoman\n'
    "K-2;Café Mawar é;0899-0000-0002;Kanoman\n"
)


def limits(**changed: int) -> FileLimits:
    return LIMITS.model_copy(update=changed)


def refusal(path: Path, allowed: FileLimits = LIMITS) -> str:
    with pytest.raises(IntakeRefused) as refused:
        read_workbook(path, allowed)
    assert refused.value.id != refused.value.en
    assert path.name in refused.value.en
    return refused.value.code


def xlsx(path: Path, *rows: tuple[str | float | date, ...]) -> Path:
    write_table(path, [ExportSheet("Pedagang", PEOPLE, rows)])
    return path


def test_an_xlsx_file_is_read_with_its_row_numbers_types_and_merged_cells(tmp_path: Path) -> None:
    sheet = ExportSheet(
        "Data",
        ("Nama", "Harga"),
        [("a", 12.5), ("", date(2026, 11, 12))],
        ("Judul", ""),
        [Merge(3, 0, 4, 0)],
    )
    write_table(tmp_path / "a.xlsx", [sheet])

    [read] = read_workbook(tmp_path / "a.xlsx", LIMITS)

    assert read.rows == (("Judul",), (), ("Nama", "Harga"), ("a", 12.5), ("", date(2026, 11, 12)))
    assert read.filled()[4][0] == "a"


def test_an_xls_file_is_read_with_its_merged_cells() -> None:
    reading = read_register([XLS], PROGRAMME, RULES)

    plan = plan_import(reading, NOTHING)

    assert [one.phone for one in plan.new_merchants] == ["+6289900000001", "+6289900000002"]
    assert [one.market for one in plan.new_merchants] == ["KNM", "KNM"]
    assert all(one.trained for one in plan.new_merchants)


def test_an_ods_file_is_read_with_its_merged_cells(tmp_path: Path) -> None:
    path = ods(
        tmp_path / "a.ods",
        row("No Reg", "Nama Pedagang", "Pasar"),
        row("K-1", "Melati", ("Kanoman", 2)),
        row("K-2", "Mawar", None),
    )

    plan = plan_import(read_register([path], PROGRAMME, RULES), NOTHING)

    assert [(one.name, one.market) for one in plan.new_merchants] == [
        ("Melati", "KNM"),
        ("Mawar", "KNM"),
    ]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_a_text_table_is_read_in_every_common_encoding_and_delimiter(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "a.csv"
    text = CSV.replace(";", "\0").replace("\0 ", "; ").replace("\0", delimiter)
    path.write_bytes(text.encode(encoding))

    reading = read_register([path], PROGRAMME, RULES)

    names = [merchant.name for merchant in reading.merchants]
    assert names == ["Melati; Umpama", "Café Mawar é"]
    assert [merchant.place.row for merchant in reading.merchants] == [4, 5]


def test_prices_with_commas_do_not_hide_the_semicolon(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"K-1;Kopi {n};12.500,00;5;0,25 kg\n" for n in range(9))
    path.write_text(f"No Reg;Nama Barang;Harga;Stok;Berat\n{rows}", encoding="utf-8")

    reading = read_register([path], PROGRAMME, RULES)

    assert {product.price for product in reading.products} == {12_500}


def test_a_first_line_naming_the_delimiter_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "sep=|\nNo Reg|Nama Pedagang|Pasar\nK-1|Melati, a, b, c, d|Kanoman\n", encoding="utf-8"
    )

    reading = read_register([path], PROGRAMME, RULES)

    assert reading.merchants[0].name == "Melati, a, b, c, d"


def test_an_open_quote_does_not_swallow_the_rest_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV + '"K-3;Anggrek;0899-0000-0003;Kanoman\n' * 1, encoding="utf-8")

    assert refusal(path) == "intake.damaged"


def test_two_workbooks_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    paths = [xlsx(tmp_path / folder / "data.xlsx", tuple(person())) for folder in "ab"]

    plan = plan_import(read_register([*paths, paths[0]], PROGRAMME, RULES), NOTHING)

    assert plan.total == {Outcome.NEW: 1, Outcome.REPEATED: 1}
    assert {account.file for account in plan.accounts} == {"a/data.xlsx", "b/data.xlsx"}


def test_a_missing_file_and_an_unknown_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")

    assert refusal(tmp_path / "none.xlsx") == "intake.missing"
    assert refusal(tmp_path / "a.pdf") == "intake.unknown_format"


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods", "a.xls"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"<html>no workbook</html>")

    assert refusal(tmp_path / name) == "intake.damaged"


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", tuple(person()))
    path.write_bytes(path.read_bytes()[:-200])

    assert refusal(path) == "intake.damaged"


def test_a_workbook_behind_a_password_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))

    assert refusal(path) == "intake.protected"


def test_a_file_larger_than_allowed_is_refused_unopened(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * ((1 << 20) + 1))

    assert refusal(path, limits(megabytes=1)) == "intake.too_large"


def test_a_zip_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(20 << 20))

    assert refusal(path) == "intake.suspicious"


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", bytes(range(256)) * 9_000)

    assert refusal(path, limits(megabytes=3, ratio=1_000)) == "intake.damaged"
    assert refusal(path, limits(megabytes=1, ratio=1_000)) == "intake.too_large"


def test_a_workbook_of_too_many_entries_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(LIMITS.entries + 1):
            archive.writestr(f"{number}.xml", b"x" * 100)

    assert refusal(path) == "intake.too_many_entries"


def test_one_stray_cell_in_the_last_row_and_column_cannot_take_the_process_down(
    tmp_path: Path,
) -> None:
    """Unbounded, the reader asks for 512 GB and ends the process that runs it."""
    path = tmp_path / "a.xlsx"
    xlsx(path, tuple(person()))
    rewritten(
        path, "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )

    assert refusal(path) == "intake.too_much_content"


def test_rows_and_columns_are_limited(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", *[tuple(person(f"K-{number}")) for number in range(9)])

    assert read_workbook(path, limits(rows=10))[0].rows[9][0] == "K-8"
    assert refusal(path, limits(rows=9)) == "intake.too_many_rows"
    assert refusal(path, limits(columns=6)) == "intake.too_many_columns"


def test_rows_of_a_text_table_are_limited_while_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b\n" * 10, encoding="utf-8")

    assert len(read_workbook(path, limits(rows=10))[0].rows) == 10
    assert refusal(path, limits(rows=9)) == "intake.too_many_rows"


def test_merged_cells_without_end_are_refused() -> None:
    merges = (Merge(0, 0, 1_048_575, 0),) * 300

    with pytest.raises(IntakeRefused) as refused:
        check_shape(Sheet("a.xlsx", "Data", (("a",),), merges), LIMITS)

    assert refused.value.code == "intake.too_much_content"


def test_a_workbook_without_any_register_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "a.xlsx", [ExportSheet("Rekap", ("Bulan", "Jumlah"), [("Mei", 3.0)])])

    with pytest.raises(IntakeRefused) as refused:
        read_register([tmp_path / "a.xlsx"], PROGRAMME, RULES)

    assert refused.value.code == "intake.no_register"


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_says_in_two_languages_what_to_do(refusal: Refusal) -> None:
    figures = {"size": 9, "limit": 5, "count": 9, "ratio": 200, "sheet": "Data"}

    refused = IntakeRefused(refusal, "a.xlsx", **figures)

    assert refused.id.startswith("a.xlsx")
    assert refused.id != refused.en


def rewritten(path: Path, old: str, new: str) -> None:
    """The workbook with a text of its first sheet replaced."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    assert old.encode() in entries[name]
    entries[name] = entries[name].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)


def row(*cells: str | tuple[str, int] | None) -> str:
    """A row of an .ods sheet; a pair is a text and how many rows it spans, None is covered by one."""
    return f"<table:table-row>{''.join(map(_cell, cells))}</table:table-row>"


def _cell(cell: str | tuple[str, int] | None) -> str:
    if cell is None:
        return "<table:covered-table-cell/>"
    text, span = (cell, 1) if isinstance(cell, str) else cell
    spanned = (
        f' table:number-rows-spanned="{span}" table:number-columns-spanned="1"' if span > 1 else ""
    )
    return f'<table:table-cell office:value-type="string"{spanned}><text:p>{text}</text:p></table:table-cell>'


def ods(path: Path, *rows: str) -> Path:
    names = "".join(
        f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"'
        for short in ("office", "table", "text")
    )
    body = f'<office:spreadsheet><table:table table:name="Pedagang">{"".join(rows)}</table:table></office:spreadsheet>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f"<office:document-content{names}><office:body>{body}</office:body></office:document-content>",
        )
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path

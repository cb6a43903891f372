"""`onboarder import`: an exact account, questions in a workbook, nothing half done."""

import json
from pathlib import Path

import pytest
from PIL import Image

from onboarder.cli.exits import Exit
from tests.core.cli.office import MERCHANTS, PRODUCTS, Office, listed, records, rows

UNCLEAR = "R-004;Tono Contoh;0812;Kanoman;Blok A/4;;Kopi;12/11/2026;c07\n"


def test_everything_clear_is_taken_and_counted_exactly(office: Office) -> None:
    files = _files(office)

    ended = office.run("import", *files, "--json")

    assert ended.code == Exit.DONE
    assert ended.json["rows"] == {
        "new": 7,
        "changed": 0,
        "unchanged": 0,
        "repeated": 0,
        "held_back": 0,
    }
    assert ended.json["merchants"] == {"new": 3, "changed": 0, "unchanged": 0}
    assert ended.json["products"] == {"new": 4, "changed": 0, "unchanged": 0}
    assert ended.json["trained"] == {"yes": 2, "no": 1}
    assert ended.json["verdicts"] is None


def test_the_same_file_again_changes_nothing(office: Office) -> None:
    office.fill()

    ended = office.run("import", *_files(office), "--json")

    assert ended.code == Exit.DONE
    assert ended.json["merchants"] == {"new": 0, "changed": 0, "unchanged": 3}
    assert ended.json["products"] == {"new": 0, "changed": 0, "unchanged": 4}
    assert rows(office, "SELECT count(*) FROM audit WHERE action = 'register.imported'") == [(1,)]


def test_a_changed_row_updates_and_wakes_the_store(office: Office) -> None:
    office.fill()
    stores = office.order()
    before = rows(office, "SELECT sum(generation) FROM store")
    changed = office.write("barang2.csv", PRODUCTS.replace("12rb", "13rb"))

    ended = office.run("import", str(changed), "--json")

    assert ended.json["products"] == {"new": 0, "changed": 1, "unchanged": 3}
    assert len(set(stores) & set(map(str, listed(ended.json["stores_woken"])))) == 1
    assert before == [(2,)]
    assert rows(office, "SELECT sum(generation) FROM store") == [(3,)]


def test_unclear_rows_come_back_in_a_workbook_and_the_good_ones_go_in(office: Office) -> None:
    register = office.write("pedagang.csv", MERCHANTS + UNCLEAR)

    ended = office.run("import", str(register), "--json")

    [asked] = records(ended.json["asked"])
    assert ended.code == Exit.ASKED
    assert ended.json["merchants"] == {"new": 3, "changed": 0, "unchanged": 0}
    assert (asked["row"], asked["code"]) == (5, "phone_unclear")
    assert ended.json["verdicts"] == str(office.folder / "pedagang-tanya.xlsx")
    assert (office.folder / "pedagang-tanya.xlsx").is_file()


@pytest.mark.parametrize(("lang", "said"), [("id", "baris ditanyakan"), ("en", "asked about")])
def test_questions_are_told_in_the_person_s_language(office: Office, lang: str, said: str) -> None:
    register = office.write("pedagang.csv", MERCHANTS + UNCLEAR)

    ended = office.run("import", str(register), "--lang", lang)

    assert said in ended.err
    assert "pedagang.csv · pedagang · 5" in ended.err
    assert "pedagang-tanya.xlsx" in ended.err


def test_the_workbook_of_questions_never_overwrites_a_file_just_read(office: Office) -> None:
    register = office.write("pedagang.csv", MERCHANTS + UNCLEAR)
    office.run("import", str(register))
    questions = office.folder / "pedagang-tanya.xlsx"

    again = office.run("import", str(questions), "--verdicts", str(questions), "--json")

    assert again.code == Exit.ASKED
    assert again.json["verdicts"] == str(office.folder / "pedagang-tanya-2.xlsx")


def test_a_dry_run_saves_nothing_at_all(office: Office) -> None:
    _picture(office.folder / "foto" / "udang.jpg")
    office.write("barang.csv", _with_photo("udang.jpg"))

    ended = office.run(
        "import", *_files(office, products=_with_photo("udang.jpg")), "--dry-run", "--json"
    )

    assert ended.code == Exit.DONE
    assert ended.json["merchants"] == {"new": 3, "changed": 0, "unchanged": 0}
    assert rows(office, "SELECT count(*) FROM merchant") == [(0,)]
    assert not (office.settings.data_dir / "photos").exists()


def test_photos_are_kept_and_a_missing_one_is_asked_for(office: Office) -> None:
    _picture(office.folder / "gambar-barang" / "udang.jpg")
    files = _files(office, products=_with_photo("udang.jpg"))

    found = office.run("import", *files, "--photos", str(office.folder / "gambar-barang"), "--json")
    missing = office.run("import", *_files(office, products=_with_photo("lain.jpg")), "--json")

    assert found.code == Exit.DONE
    assert len(list((office.settings.data_dir / "photos").rglob("*.jpg"))) == 1
    assert missing.code == Exit.ASKED
    assert "photo_missing" in json.dumps(missing.json)


def test_a_folder_of_photos_that_does_not_exist_is_refused(office: Office) -> None:
    ended = office.run("import", *_files(office), "--photos", "tidak-ada", "--lang", "en")

    assert ended.code == Exit.USAGE
    assert "tidak-ada does not exist" in ended.err


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("tidak-ada.csv", None, "berkas tidak ditemukan"),
        ("catatan.csv", "halo;dunia\n1;2\n", "judul kolom"),
        ("daftar.docx", "x", "jenis berkas"),
    ],
)
def test_a_file_that_is_no_register_is_refused_as_a_whole(
    office: Office, name: str, text: str | None, said: str
) -> None:
    path = office.folder / name if text is None else office.write(name, text)

    ended = office.run("import", str(path))

    assert ended.code == Exit.USAGE
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_a_verdict_file_that_cannot_be_written_keeps_the_import_back(office: Office) -> None:
    register = office.write("pedagang.csv", MERCHANTS + UNCLEAR)
    blocked = office.write("berkas", "") / "tanya.xlsx"

    ended = office.run("import", str(register), "--verdicts", str(blocked))

    assert ended.code == Exit.USAGE
    assert rows(office, "SELECT count(*) FROM merchant") == [(0,)]


def _files(office: Office, *, products: str = PRODUCTS) -> list[str]:
    return [
        str(office.write("pedagang.csv", MERCHANTS)),
        str(office.write("barang.csv", products)),
    ]


def _with_photo(name: str) -> str:
    head, *rows = PRODUCTS.splitlines()
    return "\n".join([f"{head};Foto", f"{rows[0]};{name}", *(f"{row};" for row in rows[1:])])


def _picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (400, 400), "orange").save(path)

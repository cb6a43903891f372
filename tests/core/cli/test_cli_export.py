"""`onboarder export NAME-template`: a seller's own file out and back in, for a marketplace that is not connected yet."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from onboarder.cli.exits import Exit
from tests.core.cli.office import Office, listed, records, rows
from tests.support.seller_template import KILOGRAM, SHOP, Sample, rows_in, saved, sheet_in

FORM = "shopee-template"
LONG = "Dibuat tangan di Cirebon, renyah dan gurih."
REGISTER = f"""\
No Reg;Nama Pedagang;Nama Barang;Hrg;Stok;Berat (gr);Kategori;Deskripsi
R-001;Siti Contoh;Kerupuk Udang;Rp 12.500;20;250;Kerupuk;{LONG}
R-001;Siti Contoh;Kerupuk Melarat;12rb;20;250;Kerupuk;{LONG}
R-001;Siti Contoh;Rengginang;15rb;20;250;Kerupuk;pendek
R-002;Budi Contoh;Terasi Udang;15rb;10;100;Terasi;{LONG}
"""


@pytest.fixture
def shop_office(office: Office) -> Office:
    """An office whose second marketplace waits for its app: configured, not enabled."""
    office.configure(
        "marketplaces/shopee.toml",
        'enabled = false\nbase_url = "http://127.0.0.1:9"\n[settings]\npartner_id = 1\n',
    )
    office.fill()
    assert office.run("import", str(office.write("barang2.csv", REGISTER))).code == 0
    return office


def merchant(office: Office, name: str = "Siti") -> str:
    [(found,)] = rows(office, f"select id from merchant where name like '{name} %'")
    return str(found)


def a_template(office: Office, sample: Sample | None = None, name: str = "template.xlsx") -> Path:
    path = office.folder / name
    path.write_bytes((sample or Sample()).content())
    return path


def line(office: Office, *more: str, whose: str = "Siti", name: str = "template.xlsx") -> list[str]:
    out = office.folder / "isi.xlsx"
    template = office.folder / name
    return ["export", FORM, "--template", str(template), "--merchant", merchant(office, whose),
            "--out", str(out), *more]  # fmt: skip


def exported(office: Office, *more: str) -> dict[str, object]:
    ended = office.run(*line(office, *more, "--json"))
    assert ended.code in {Exit.DONE, Exit.ASKED, Exit.FAILED}, ended
    return ended.json


def titles(said: object) -> set[str]:
    return {str(one["title"]) for one in records(said)}


def given_back(office: Office, refused: dict[str, str]) -> Path:
    """The filled file as the marketplace hands it back, with reasons by product name."""
    sheet = sheet_in((office.folder / "isi.xlsx").read_bytes())
    column = [cell.value for cell in sheet[3]].index("Alasan Gagal") + 1
    for cells in sheet.iter_rows(min_row=7):
        name = next((str(one.value) for one in cells if str(one.value) in refused), None)
        if name is not None and cells[0].row is not None:
            sheet.cell(cells[0].row, column, refused[name])
    path = office.folder / "hasil.xlsx"
    assert sheet.parent is not None
    path.write_bytes(saved(sheet.parent))
    return path


def test_the_file_holds_what_can_go_and_the_rest_is_explained(shop_office: Office) -> None:
    a_template(shop_office)

    ended = shop_office.run(*line(shop_office, "--json"))

    said, made = ended.json, rows_in((shop_office.folder / "isi.xlsx").read_bytes())
    assert ended.code == Exit.ASKED
    assert (said["shop"], said["photos"]) == (SHOP, False)
    assert titles(said["filed"]) == {"Kerupuk Udang", "Kerupuk Melarat"}
    [kept] = records(said["withheld"])
    assert (kept["title"], kept["field"]) == ("Rengginang", "description")
    assert {one["ps_sku_parent_short"] for one in made.values()} == {
        one["reference"] for one in records(said["filed"])
    }
    assert "ps_item_cover_image" not in made[7]
    assert "Foto tidak ikut" in ended.err


def test_people_read_the_same_on_the_screen(shop_office: Office) -> None:
    a_template(shop_office)

    ended = shop_office.run(*line(shop_office))

    assert "Rengginang" in ended.out
    assert "Sekarang: 6 huruf. Perbaiki di daftar barang" in ended.out
    assert "2 barang ditulis ke" in ended.err


def test_published_photos_go_by_their_address(
    shop_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = "ab" * 32
    monkeypatch.setenv("ONBOARDER_PHOTO_BASE_URL", "https://foto.example/pasar")
    _with_photo(shop_office, photo)
    a_template(shop_office)

    said = exported(shop_office)

    [row] = rows_in((shop_office.folder / "isi.xlsx").read_bytes()).values()
    assert row["ps_item_cover_image"] == f"https://foto.example/pasar/ab/{photo}.jpg"
    assert {one["code"] for one in records(said["withheld"])} >= {"product.photos"}


def test_only_https_is_a_public_address(
    shop_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBOARDER_PHOTO_BASE_URL", "http://foto.example")

    ended = shop_office.run("tasks", "--lang", "en")

    assert ended.code == Exit.CONFIG
    assert "photo_base_url" in ended.err


def test_a_second_file_doubles_nothing_until_told_that_the_first_was_not_used(
    shop_office: Office,
) -> None:
    a_template(shop_office)
    first = exported(shop_office)

    second = shop_office.run(*line(shop_office, "--json"))
    again = exported(shop_office, "--again")

    assert (second.code, second.json["file"], second.json["filed"]) == (Exit.FAILED, None, [])
    codes = {one["title"]: one["code"] for one in records(second.json["withheld"])}
    assert codes["Kerupuk Udang"] == codes["Kerupuk Melarat"] == "sheet.filed_before"
    assert titles(again["filed"]) == titles(first["filed"])


def test_the_file_handed_in_again_is_not_filled_twice(shop_office: Office) -> None:
    a_template(shop_office)
    exported(shop_office)
    (shop_office.folder / "isi.xlsx").rename(shop_office.folder / "template.xlsx")

    said = exported(shop_office, "--again")

    assert said["filed"] == []
    assert "sheet.in_the_file" in {one["code"] for one in records(said["withheld"])}


def test_what_the_marketplace_says_is_told_and_refused_products_go_again(
    shop_office: Office,
) -> None:
    a_template(shop_office)
    exported(shop_office)
    result = given_back(shop_office, {"Kerupuk Udang": "Kategori salah"})

    ended = shop_office.run("export", FORM, "--result", str(result), "--json")
    after = exported(shop_office)

    told = {one["title"]: (one["state"], one["reason"]) for one in records(ended.json["products"])}
    assert ended.code == Exit.ASKED
    assert told == {
        "Kerupuk Udang": ("refused", "Kategori salah"),
        "Kerupuk Melarat": ("accepted", None),
    }
    assert titles(after["filed"]) == {"Kerupuk Udang"}
    codes = {one["title"]: one["code"] for one in records(after["withheld"])}
    assert codes["Kerupuk Melarat"] == "sheet.listed"


def test_products_that_the_answer_leaves_out_stay_open(shop_office: Office) -> None:
    a_template(shop_office)
    exported(shop_office)
    result = a_template(shop_office, name="kosong.xlsx")

    ended = shop_office.run("export", FORM, "--result", str(result), "--json")

    assert {one["state"] for one in records(ended.json["products"])} == {"silent"}
    assert ended.code == Exit.DONE


def test_a_refused_product_becomes_a_task_once_the_store_is_ordered(shop_office: Office) -> None:
    shop_office.configure(
        "marketplaces/shopee.toml", 'base_url = "http://127.0.0.1:9"\n[settings]\npartner_id = 1\n'
    )
    shop_office.said("open", merchant(shop_office), "-m", "shopee")
    a_template(shop_office)
    exported(shop_office)
    refused = given_back(shop_office, {"Kerupuk Udang": "Kategori salah"})
    shop_office.run("export", FORM, "--result", str(refused))
    shop_office.run("export", FORM, "--result", str(refused))
    [task] = records(shop_office.said("tasks")["tasks"])
    refused.write_bytes((shop_office.folder / "isi.xlsx").read_bytes())

    accepted = shop_office.run("export", FORM, "--result", str(refused))

    assert (task["code"], task["who"]) == ("sheet.refused", "canvasser")
    assert "Kerupuk Udang" in str(task["text"])
    assert "Kategori salah" in str(task["text"])
    assert accepted.code == Exit.DONE
    assert shop_office.said("tasks")["tasks"] == []


def test_the_audit_trail_says_what_went_by_file_and_names_nobody(shop_office: Office) -> None:
    a_template(shop_office)
    said = exported(shop_office)

    noted = rows(shop_office, "select action, subject, detail from audit where action like '%fil%'")

    products = {f"{one['reference']}@shopee" for one in records(said["filed"])}
    assert {subject for action, subject, _ in noted if action == "listing.filed"} == products
    assert ("template.filled", f"shopee:{SHOP}") in {(one[0], one[1]) for one in noted}
    assert not [one for one in noted if "Contoh" in str(one) or "Kerupuk" in str(one)]


def test_a_file_of_another_shop_is_refused(shop_office: Office) -> None:
    a_template(shop_office)
    exported(shop_office)
    a_template(shop_office, Sample(shop="14709999"), "lain.xlsx")

    ours = shop_office.run(*line(shop_office, "--lang", "en", name="lain.xlsx"))
    theirs = shop_office.run(*line(shop_office, "--lang", "en", whose="Budi"))

    assert ours.code == theirs.code == Exit.REFUSED
    assert "belongs to shop 14709999" in ours.err
    assert f"belongs to shop {SHOP}" in theirs.err


def test_a_store_on_record_under_another_number_is_never_filled(shop_office: Office) -> None:
    _on_record(shop_office, "1470555")
    a_template(shop_office)

    ours = shop_office.run(*line(shop_office, "--again"))
    a_template(shop_office, Sample(shop="1470555"))
    theirs = shop_office.run(*line(shop_office, "--again", whose="Budi"))

    assert ours.code == theirs.code == Exit.REFUSED
    assert not (shop_office.folder / "isi.xlsx").exists()


def test_a_connected_store_needs_no_file(shop_office: Office) -> None:
    _on_record(shop_office, SHOP, connected=True)
    a_template(shop_office)

    ended = shop_office.run(*line(shop_office, "--lang", "en"))

    assert ended.code == Exit.REFUSED
    assert "would make doubles" in ended.err


def test_an_untrained_merchant_gets_no_file(shop_office: Office) -> None:
    a_template(shop_office)

    assert shop_office.run(*line(shop_office, whose="Dewi")).code == Exit.REFUSED


def test_kilograms_are_read_from_the_file(shop_office: Office) -> None:
    a_template(shop_office, Sample(weight=KILOGRAM))

    exported(shop_office)

    made = rows_in((shop_office.folder / "isi.xlsx").read_bytes())
    assert {one["ps_weight"] for one in made.values()} == {0.25}


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (Sample(weight="Berat"), "gram or kg"),
        (Sample(without=frozenset({"ps_sku_parent_short"})), "ps_sku_parent_short"),
    ],
)
def test_a_template_that_is_not_understood_changes_nothing(
    shop_office: Office, sample: Sample, said: str
) -> None:
    a_template(shop_office, sample)

    ended = shop_office.run(*line(shop_office, "--lang", "en"))

    assert ended.code == Exit.USAGE
    assert said in ended.err
    assert "download a fresh" in ended.err
    assert not (shop_office.folder / "isi.xlsx").exists()
    assert rows(shop_office, "select 1 from audit where action = 'listing.filed'") == []


def test_a_zip_bomb_is_not_opened(shop_office: Office) -> None:
    path = shop_office.folder / "template.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 30_000_000)

    ended = shop_office.run(*line(shop_office, "--lang", "en"))

    assert ended.code == Exit.USAGE
    assert "zip bomb" in ended.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["shopee-template"], "which file"),
        (["shopee-template", "--template", "T", "--out", "O"], "no such file"),
        (["rehearsal-template", "--template", "T", "--out", "O"], "no template that sellers fill"),
        (["tokonya"], "one of: rehearsal-template, shopee-template"),
    ],
)
def test_what_makes_no_sense_is_explained(shop_office: Office, more: list[str], said: str) -> None:
    ended = shop_office.run("export", *more, "--lang", "en")

    assert ended.code == Exit.USAGE
    assert said in ended.err


def test_whose_file_it_is_must_be_said(shop_office: Office) -> None:
    template = str(a_template(shop_office))
    out = str(shop_office.folder / "isi.xlsx")

    for more in ([], ["--store", f"{merchant(shop_office)}@rehearsal"]):
        ended = shop_office.run("export", FORM, "--template", template, "--out", out, *more)
        assert ended.code == Exit.USAGE
        assert "--merchant" in ended.err
    by_store = [*line(shop_office)[:4], "--store", f"{merchant(shop_office)}@shopee", "--out", out]
    assert shop_office.run(*by_store).code == Exit.ASKED


def test_the_seller_s_own_file_is_never_written_over(shop_office: Office) -> None:
    template = a_template(shop_office)
    before = template.read_bytes()
    arguments = line(shop_office)

    ended = shop_office.run(*arguments[:-1], str(template), "--lang", "en")

    assert ended.code == Exit.USAGE
    assert "another file" in ended.err
    assert template.read_bytes() == before


def test_a_result_nobody_asked_for_is_refused(shop_office: Office) -> None:
    result = a_template(shop_office)

    ended = shop_office.run("export", FORM, "--result", str(result), "--lang", "en")

    assert ended.code == Exit.USAGE
    assert f"no file for shop {SHOP}" in ended.err


def _with_photo(office: Office, photo: str) -> None:
    _change(
        office, "update product set photos = ? where name = 'Kerupuk Udang'", json.dumps([photo])
    )


def _on_record(office: Office, shop: str, *, connected: bool = False) -> None:
    """The first merchant's store as if a consent had come back."""
    office.configure(
        "marketplaces/shopee.toml", 'base_url = "http://127.0.0.1:9"\n[settings]\npartner_id = 1\n'
    )
    [store] = listed(office.said("open", merchant(office), "-m", "shopee")["stores"])
    _change(office, "update store set remote_id = ?", shop)
    if connected:
        _change(
            office,
            "insert into credential (store_id, sealed, generation, tries) values (?, '', 0, 0)",
            str(store),
        )


def _change(office: Office, statement: str, value: str) -> None:
    with closing(sqlite3.connect(office.settings.data_dir / "onboarder.db")) as database:
        database.execute(statement, (value,))
        database.commit()

"""`onboarder export NAME-template`: a seller's own file out and back in, for a marketplace that is not connected yet."""

import json

import pytest

from onboarder.cli.exits import Exit
from onboarder.converge.by_file import Clock, Export, record_file
from onboarder.records.database import Database
from tests.core.cli.office import Office, records, rows
from tests.core.cli.seller_desk import (
    FORM,
    a_template,
    change,
    enable,
    exported,
    given_back,
    line,
    merchant,
    titles,
)
from tests.support.seller_template import KILOGRAM, SHOP, Sample, rows_in


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
    assert "HTML “<b>”" in ended.out
    assert "daftar barang" in ended.out
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


def test_of_two_files_made_at_once_only_one_is_handed_out(
    shop_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def after_somebody_else(
        database: Database, export: Export, by: str, clock: Clock
    ) -> None:
        await record_file(database, export, by="cli:other", clock=clock)
        await record_file(database, export, by=by, clock=clock)

    monkeypatch.setattr("onboarder.cli.exporting.record_file", after_somebody_else)
    a_template(shop_office)

    ended = shop_office.run(*line(shop_office))

    assert ended.code == Exit.BUSY
    assert [path.name for path in shop_office.folder.glob("*.xlsx")] == ["template.xlsx"]


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
    enable(shop_office)
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


def test_a_task_ends_when_its_product_goes_again(shop_office: Office) -> None:
    enable(shop_office)
    shop_office.said("open", merchant(shop_office), "-m", "shopee")
    a_template(shop_office)
    exported(shop_office)
    refused = given_back(shop_office, {"Kerupuk Udang": "Kategori salah"})
    shop_office.run("export", FORM, "--result", str(refused))
    before = records(shop_office.said("tasks")["tasks"])

    exported(shop_office)

    assert [one["code"] for one in before] == ["sheet.refused"]
    assert shop_office.said("tasks")["tasks"] == []


def test_the_audit_trail_says_what_went_by_file_and_names_nobody(shop_office: Office) -> None:
    a_template(shop_office)
    said = exported(shop_office)

    noted = rows(shop_office, "select action, subject, detail from audit where action like '%fil%'")

    products = {f"{one['reference']}@shopee" for one in records(said["filed"])}
    assert {subject for action, subject, _ in noted if action == "listing.filed"} == products
    assert ("template.filled", f"shopee:{SHOP}") in {(one[0], one[1]) for one in noted}
    assert not [one for one in noted if "Contoh" in str(one) or "Kerupuk" in str(one)]


def test_kilograms_are_read_from_the_file(shop_office: Office) -> None:
    a_template(shop_office, Sample(weight=KILOGRAM))

    exported(shop_office)

    made = rows_in((shop_office.folder / "isi.xlsx").read_bytes())
    assert {one["ps_weight"] for one in made.values()} == {0.25}


def _with_photo(office: Office, photo: str) -> None:
    change(
        office, "update product set photos = ? where name = 'Kerupuk Udang'", json.dumps([photo])
    )

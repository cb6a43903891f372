"""`onboarder export NAME-template` refuses what would be guessed, doubled or put into somebody else's shop."""

import zipfile

import pytest

from onboarder.cli.exits import Exit
from tests.core.cli.office import Office, rows
from tests.core.cli.seller_desk import (
    FORM,
    a_template,
    exported,
    line,
    merchant,
    on_record,
)
from tests.support.seller_template import SHOP, Sample


def test_only_https_is_a_public_address(
    shop_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBOARDER_PHOTO_BASE_URL", "http://foto.example")

    ended = shop_office.run("tasks", "--lang", "en")

    assert ended.code == Exit.CONFIG
    assert "photo_base_url" in ended.err


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
    on_record(shop_office, "1470555")
    a_template(shop_office)

    ours = shop_office.run(*line(shop_office, "--again"))
    a_template(shop_office, Sample(shop="1470555"))
    theirs = shop_office.run(*line(shop_office, "--again", whose="Budi"))

    assert ours.code == theirs.code == Exit.REFUSED
    assert not (shop_office.folder / "isi.xlsx").exists()


def test_a_connected_store_needs_no_file(shop_office: Office) -> None:
    on_record(shop_office, SHOP, connected=True)
    a_template(shop_office)

    ended = shop_office.run(*line(shop_office, "--lang", "en"))

    assert ended.code == Exit.REFUSED
    assert "would make doubles" in ended.err


def test_an_untrained_merchant_gets_no_file(shop_office: Office) -> None:
    a_template(shop_office)

    assert shop_office.run(*line(shop_office, whose="Dewi")).code == Exit.REFUSED


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

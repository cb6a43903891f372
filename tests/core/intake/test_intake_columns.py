"""Headers by synonyms, in the shapes that real registers have."""

import pytest

from onboarder.intake.asked import AskedCode
from onboarder.intake.columns import SheetKind, find_header
from onboarder.intake.sheets import Merge
from tests.core.intake.registers import (
    GOODS,
    PEOPLE,
    RULES,
    asked_about,
    goods,
    people,
    person,
    planned,
    reading,
    sheet,
    thing,
)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Nama Pedagang", "name"),
        ("NAMA UMKM", "name"),
        ("No. HP/WA", "phone"),
        ("No Telp.", "phone"),
        ("Ps", None),
        ("Pasar", "market"),
        ("Blok/Los", "place"),
        ("Nama Toko/Lapak", "shop_name"),
        ("Tgl. Pelatihan", "trained_on"),
        ("Canvasser", "trained_by"),
        ("No. Reg", "number"),
        ("No", "sequence"),
        ("Register number", "number"),
        ("Phone number", "phone"),
    ],
)
def test_a_header_of_a_merchants_sheet_is_known_by_its_synonyms(
    header: str, field: str | None
) -> None:
    found = find_header([["Nama Lengkap", "Nomor Registrasi", header]], RULES.words)

    assert found is not None
    assert found.kind is SheetKind.MERCHANTS
    assert found.columns[2].field == field


@pytest.mark.parametrize(
    ("header", "field", "unit"),
    [
        ("Hrg", "price", None),
        ("Harga (Rp)", "price", "rupiah"),
        ("Harga (ribu)", "price", "thousands"),
        ("Harga (Rp 000)", "price", "thousands"),
        ("Harga dlm ribuan", "price", "thousands"),
        ("Stok (pcs)", "stock", "none"),
        ("Berat (gr)", "weight", "gr"),
        ("Berat/gram", "weight", "gr"),
        ("BERAT KG", "weight", "kg"),
        ("Berat (kira-kira)", "weight", None),
        ("Foto 2", "photo", None),
        ("Foto (nama file)", "photo", None),
        ("Varian", "variant", None),
        ("Ukuran/Warna", "variant", None),
        ("Kategori", "category", None),
        ("Ket.", "description", None),
        ("Kode Barang/SKU", "sku", None),
        ("Margin", None, None),
    ],
)
def test_a_header_of_a_products_sheet_is_known_with_its_unit(
    header: str, field: str | None, unit: str | None
) -> None:
    found = find_header([["Nm Brg", "Harga", header]], RULES.words)

    assert found is not None
    assert found.kind is SheetKind.PRODUCTS
    assert (found.columns[2].field, found.columns[2].unit) == (field, unit)


def test_title_rows_and_blank_rows_above_the_header_are_counted_and_passed_over() -> None:
    register = sheet("Pedagang", ("DATA PEDAGANG", ""), (), ("Tahun 2026",), PEOPLE, person(), ())

    plan = planned(register)

    [account] = plan.accounts
    assert len(plan.new_merchants) == 1
    assert (account.rows, account.titles, account.blanks) == (6, 3, 2)
    assert account.balanced


def test_rows_with_only_a_running_number_are_blank() -> None:
    header = ("No", *PEOPLE)
    plan = planned(people((1.0, *person()), (2.0,), (3.0, "", "-"), header=header))

    [account] = plan.accounts
    assert account.blanks == 2
    assert plan.verdicts == ()


def test_the_header_repeated_on_every_page_is_a_title() -> None:
    plan = planned(people(person(), PEOPLE, person("K-2", name="Mawar", phone="0899-0000-0002")))

    assert len(plan.new_merchants) == 2
    assert plan.accounts[0].titles == 2


def test_of_a_header_in_two_rows_the_lower_one_counts() -> None:
    upper = ("No Reg", "Nama Pedagang", "No HP", "Pasar", "Lokasi", "")
    lower = ("", "", "", "", "Blok", "Los")
    merges = [Merge(0, column, 1, column) for column in range(4)] + [Merge(0, 4, 0, 5)]
    data = ("K-1", "Melati", "0899-0000-0001", "Kanoman", "B", 12.0)

    plan = planned(sheet("Pedagang", upper, lower, data, merges=merges))

    assert plan.new_merchants[0].stall == "Blok B / Los 12"


def test_a_merged_market_fills_down_but_does_not_make_blank_rows_data() -> None:
    rows = [
        person(),
        person("K-2", name="Mawar", phone="0899-0000-0002", market=""),
        ("", "", "", ""),
    ]
    merges = [Merge(1, 3, 3, 3)]

    plan = planned(sheet("Pedagang", PEOPLE, *rows, merges=merges))

    assert [merchant.market for merchant in plan.new_merchants] == ["KNM", "KNM"]
    assert plan.accounts[0].blanks == 1


def test_a_market_named_by_the_title_holds_for_a_sheet_without_market_column() -> None:
    header = ("No Reg", "Nama Pedagang")
    plan = planned(sheet("Data", ("PEDAGANG PASAR DRAJAT",), header, ("K-1", "Melati")))

    assert plan.new_merchants[0].market == "DRJ"


def test_a_market_named_by_the_sheet_holds_for_a_sheet_without_market_column() -> None:
    plan = planned(sheet("Ps. Pagi", ("No Reg", "Nama Pedagang"), ("K-1", "Melati")))

    assert plan.new_merchants[0].market == "PGI"


def test_a_market_named_by_a_section_row_holds_for_the_rows_below() -> None:
    header = ("No Reg", "Nama Pedagang")
    rows = [("Pasar Kanoman",), ("K-1", "Melati"), ("Pasar Pagi",), ("K-2", "Mawar")]

    plan = planned(sheet("Data", header, *rows))

    assert [merchant.market for merchant in plan.new_merchants] == ["KNM", "PGI"]
    assert plan.accounts[0].titles == 3


def test_a_blank_market_in_a_market_column_is_asked_although_a_title_names_one() -> None:
    plan = planned(sheet("Data", ("Pasar Kanoman",), PEOPLE, person(market="")))

    assert asked_about(plan, 3) == [AskedCode.MARKET_MISSING]


def test_merchants_and_products_are_told_apart_by_their_columns() -> None:
    first = sheet("Sheet1", GOODS, thing())
    second = sheet("Sheet2", PEOPLE, person())

    plan = planned(first, second)

    assert (len(plan.new_merchants), len(plan.new_products)) == (1, 1)


def test_a_sheet_without_a_known_header_is_reported_and_counted() -> None:
    plan = planned(
        people(person()), sheet("Petunjuk", ("Isi dengan huruf besar",), (), ("Terima kasih",))
    )

    account = plan.accounts[1]
    assert (account.rows, account.outside, account.blanks) == (3, 2, 1)
    assert account.balanced
    assert plan.verdicts[0].findings[0].code is AskedCode.SHEET_NOT_RECOGNISED


def test_columns_that_mean_nothing_to_us_are_named() -> None:
    read = reading(people((*person(), "x"), header=(*PEOPLE, "Paraf")))

    assert read.unknown_columns == (("register.xlsx", "Pedagang", "Paraf"),)


def test_two_columns_for_one_thing_must_agree() -> None:
    header = (*PEOPLE, "No WA")

    agreeing = planned(people((*person(), "62 899 0000 0001"), header=header))
    differing = planned(people((*person(), "0899-0000-0002"), header=header))

    assert agreeing.verdicts == ()
    assert asked_about(differing, 2) == [AskedCode.PHONE_SEVERAL]


def test_a_cell_beyond_the_limit_is_asked_about() -> None:
    longest = RULES.limits.file.cell_characters

    plan = planned(people((*person(), "x" * (longest + 1)), header=(*PEOPLE, "Catatan")))

    assert asked_about(plan, 2) == [AskedCode.CELL_TOO_LONG]


def test_every_word_for_a_column_has_one_meaning() -> None:
    assert len(RULES.words.merchant_fields) > 80
    assert len(RULES.words.product_fields) > 100


def test_every_question_has_its_texts_and_no_text_is_left_over() -> None:
    assert set(RULES.questions) == {code.value for code in AskedCode}
    for question in RULES.questions.values():
        assert question.id != question.en
        assert all((question.id, question.id_expected, question.en, question.en_expected))


def test_every_category_is_reached_by_a_word_and_by_its_name() -> None:
    categories = RULES.categories

    assert set(categories.phrases.values()) == set(categories.names)
    assert all(categories.code_for(name) == code for code, name in categories.names.items())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Kerupuk ikan asin", "food-crackers"),
        ("Tas batik", "fashion-bags"),
        ("Batik tas", "fashion-batik"),
        ("Bumbu tahu gejrot", "food-seasoning"),
        ("Aneka KOPI bubuk", "food-drinks"),
        ("Sikat gigi", "beauty-care"),
        ("Sikat WC", "home-cleaning"),
        ("Paket misteri", None),
        ("", None),
    ],
)
def test_the_first_thing_named_decides_the_category(name: str, code: str | None) -> None:
    assert RULES.categories.code_for(name) == code


def test_goods_of_a_kind_nobody_knows_are_asked_about() -> None:
    plan = planned(people(person()), goods(thing("Paket misteri")))

    assert asked_about(plan, 2) == [AskedCode.CATEGORY_UNKNOWN]

"""The seller's template: understood or refused, filled by its keys, read back. All templates here are invented."""

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from tests.support.seller_template import (
    ALWAYS,
    KILOGRAM,
    SHOP,
    TOKEN,
    Sample,
    rows_in,
    saved,
    sheet_in,
)

from onboarder.connector.spreadsheet import Filled, OffersSpreadsheet, ProductVerdict
from onboarder.model.ids import PhotoHash, Reference
from onboarder.model.shop import ListingContent, Offer
from onboarder.problems import UsageProblem
from onboarder_shopee import ShopeeConnector

PHOTO = PhotoHash("ab" * 32)
ADDRESS = f"https://foto.example/ab/{PHOTO}.jpg"
KERUPUK = ListingContent(
    reference=Reference("knm-1-kerupuk"),
    title="Kerupuk Udang",
    description="Kerupuk udang renyah dari Cirebon.",
    category="100734",
    weight_grams=250,
    photos=(PHOTO,),
    offers=(Offer(Reference("knm-1-kerupuk-0"), "", 12_500, 20),),
)
BATIK = replace(
    KERUPUK,
    reference=Reference("knm-1-batik"),
    title="Batik Trusmi",
    category="",
    offers=tuple(
        Offer(Reference(f"knm-1-batik-{number}"), name, 90_000 + number, number)
        for number, name in enumerate(("Merah / M", "Merah / L", "Biru / M", "Biru / L"))
    ),
)


def filled(
    sample: Sample,
    *listings: ListingContent,
    photos: Mapping[PhotoHash, str] | None = None,
    **settings: object,
) -> Filled:
    sheet = ShopeeConnector.spreadsheet({"partner_id": 1, **settings})
    return sheet.read_template(sample.content()).fill(listings, photos or {})


def refused(content: bytes, **settings: object) -> str:
    with pytest.raises(UsageProblem) as caught:
        ShopeeConnector.spreadsheet({"partner_id": 1, **settings}).read_template(content)
    assert caught.value.id_message
    assert "Seller Centre" in caught.value.id_hint
    return caught.value.message


def test_the_connector_s_class_offers_the_spreadsheet() -> None:
    assert isinstance(ShopeeConnector, OffersSpreadsheet)


def test_a_simple_product_takes_one_row_under_its_keys() -> None:
    made = filled(Sample(), KERUPUK)

    assert rows_in(made.content) == {
        7: {
            "ps_category": 100734,
            "ps_product_name": "Kerupuk Udang",
            "ps_product_description": "Kerupuk udang renyah dari Cirebon.",
            "ps_minimum_purchase_quantity": 1,
            "ps_sku_parent_short": "knm-1-kerupuk",
            "ps_dangerous_goods": "No (ID)",
            "ps_gtin_code": "00",
            "ps_price": 12_500,
            "ps_stock": 20,
            "ps_weight": 250,
            **{f"channel_id.{one}": "Nonaktif" for one in (8001, 8002, 8005, 8007, 8008)},
            "channel_id.8003": "Aktif",
        }
    }
    [product] = made.filed
    assert (product.reference, product.rows, made.refused) == (KERUPUK.reference, (7,), ())


def test_every_choice_has_a_row_and_only_the_first_repeats_the_product() -> None:
    made = filled(Sample(), BATIK, KERUPUK)

    first, second, *_ = rows_in(made.content).values()
    assert first["ps_product_name"] == "Batik Trusmi"
    assert "ps_category" not in first
    assert second == {
        "et_title_variation_integration_no": "knm-1-batik",
        "et_title_variation_1": "Pilihan 1",
        "et_title_option_for_variation_1": "Merah",
        "et_title_variation_2": "Pilihan 2",
        "et_title_option_for_variation_2": "L",
        "ps_price": 90_001,
        "ps_stock": 1,
        "ps_sku_short": "knm-1-batik-1",
    }
    assert [one.rows for one in made.filed] == [(7, 8, 9, 10), (11,)]


@pytest.mark.parametrize(
    ("said", "weight"),
    [("Berat (gr)", 250), ("dalam GRAM", 250), (KILOGRAM, 0.25), ("Kilogram, mis. 0.25", 0.25)],
)
def test_the_weight_goes_in_the_unit_that_the_file_names(said: str, weight: float) -> None:
    [row] = rows_in(filled(Sample(weight=said), KERUPUK).content).values()

    assert row["ps_weight"] == weight


@pytest.mark.parametrize("said", ["Berat paket", "Berat dalam kg (1 kg = 1000 gram)", "grosir", ""])
def test_a_weight_without_one_clear_unit_is_refused(said: str) -> None:
    assert "gram or kg" in refused(Sample(weight=said).content())


def test_channels_are_found_with_an_underscore_too() -> None:
    [row] = rows_in(filled(Sample(separator="_", channels=(8003, 8006)), KERUPUK).content).values()

    assert (row["channel_id_8003"], row["channel_id_8006"]) == ("Aktif", "Nonaktif")


def test_which_channels_are_switched_on_is_a_setting() -> None:
    [row] = rows_in(filled(Sample(), KERUPUK, template_channels=[8005, 8007]).content).values()

    on = {key for key, value in row.items() if value == "Aktif"}
    assert on == {"channel_id.8005", "channel_id.8007"}


def test_a_file_without_our_channels_is_refused_naming_its_own() -> None:
    assert "8001" in refused(Sample(channels=(8001,)).content())


def test_photos_go_by_public_address_cover_first() -> None:
    second = PhotoHash("cd" * 32)
    both = replace(KERUPUK, photos=(PHOTO, second))

    [row] = rows_in(
        filled(
            Sample(), both, photos={PHOTO: ADDRESS, second: "https://foto.example/2.jpg"}
        ).content
    ).values()

    assert row["ps_item_cover_image"] == ADDRESS
    assert row["ps_item_image_1"] == "https://foto.example/2.jpg"
    assert "ps_item_image_2" not in row


def test_the_parcel_of_the_settings_goes_in() -> None:
    package = {"length": 25, "width": 20, "height": 10}

    [row] = rows_in(filled(Sample(), KERUPUK, package=package).content).values()

    assert (row["ps_length"], row["ps_width"], row["ps_height"]) == (25, 20, 10)


def test_everything_else_in_the_file_stays_as_it_is() -> None:
    sample = Sample(rows=[{"ps_product_name": "Milik penjual", "ps_sku_parent_short": "SENDIRI-1"}])

    made = filled(sample, KERUPUK)

    before, after = sheet_in(sample.content()), sheet_in(made.content)
    for row in (1, 2, 3, 4, 5, 6, 7):
        assert [cell.value for cell in after[row]] == [cell.value for cell in before[row]]
    assert [cell.value for cell in after[2]][:4] == ["basic", TOKEN, "0", SHOP]
    assert after["A7"].fill.fgColor.rgb == before["A7"].fill.fgColor.rgb == "00FFEE88"
    assert len(after.data_validations.dataValidation) == 1
    guide = sheet_in(made.content, "Panduan")
    assert (guide["B2"].value, guide["B3"].value) == ("Baca dulu", "=1+1")


def test_what_the_seller_wrote_is_kept_and_known() -> None:
    sample = Sample(rows=[{"ps_product_name": "Milik penjual", "ps_sku_parent_short": "SENDIRI-1"}])
    template = ShopeeConnector.spreadsheet({"partner_id": 1}).read_template(sample.content())

    made = template.fill([KERUPUK], {})

    assert template.references == {"SENDIRI-1"}
    rows = rows_in(made.content)
    assert rows[7]["ps_product_name"] == "Milik penjual"
    assert rows[8]["ps_sku_parent_short"] == "knm-1-kerupuk"


def test_a_name_never_becomes_a_formula() -> None:
    made = filled(Sample(), replace(KERUPUK, title="=HYPERLINK(A1)\x07 murah"))

    sheet = sheet_in(made.content)
    [cell] = [one for one in sheet[7] if str(one.value).startswith("=")]
    assert (cell.data_type, cell.value) == ("s", "=HYPERLINK(A1)  murah")


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (Sample(sheet="Sheet1"), "no sheet “Template”"),
        (Sample(without=frozenset({"ps_sku_parent_short"})), "lacks ps_sku_parent_short"),
        (Sample(without=frozenset({"ps_weight"})), "lacks ps_weight"),
        (Sample(token=""), "row 2"),
        (Sample(shop=""), "row 2"),
        (Sample(kind="shipping"), "row 2"),
        (Sample(extra=[("ps_price|1|1", "Harga", ALWAYS)]), "ps_price stands twice"),
        (
            Sample(extra=[("ps_halal_certificate|1|0", "Sertifikat Halal", ALWAYS)]),
            "“Sertifikat Halal”",
        ),
        (Sample(extra=[("ps_new|1|0", "Baru", "")]), "“Baru” (ps_new)"),
    ],
)
def test_a_version_that_is_not_understood_is_refused(sample: Sample, said: str) -> None:
    assert said in refused(sample.content())


def test_dimensions_that_are_demanded_need_the_setting() -> None:
    demanding = Sample(
        without=frozenset({"ps_length"}), extra=[("ps_length|1|1", "Panjang", ALWAYS)]
    )

    assert "“Panjang”" in refused(demanding.content())
    package = {"length": 25, "width": 20, "height": 10}
    assert filled(demanding, KERUPUK, package=package).filed


def test_what_is_no_workbook_is_refused() -> None:
    assert "no .xlsx" in refused(b"PK\x03\x04 not a zip")


@pytest.mark.parametrize("part", ["xl/vbaProject.bin", "xl/drawings/drawing1.xml"])
def test_a_part_that_would_be_lost_is_refused_by_name(part: str) -> None:
    content = BytesIO(Sample().content())
    with ZipFile(content, "a", ZIP_DEFLATED) as archive:
        archive.writestr(part, b"something")
    template = ShopeeConnector.spreadsheet({"partner_id": 1}).read_template(content.getvalue())

    with pytest.raises(UsageProblem, match=part):
        template.fill([KERUPUK], {})


def test_notes_and_names_in_the_file_are_kept() -> None:
    book = Sample().book()
    book["Template"]["B3"].comment = Comment("Isi nama", "Seller Centre")
    book.defined_names["pilihan"] = DefinedName("pilihan", attr_text="Panduan!$B$2:$B$3")
    template = ShopeeConnector.spreadsheet({"partner_id": 1}).read_template(saved(book))

    made = template.fill([KERUPUK], {})

    sheet = sheet_in(made.content)
    assert sheet["B3"].comment is not None
    assert sheet.parent is not None
    assert "pilihan" in sheet.parent.defined_names


def test_an_extension_that_would_be_lost_is_refused() -> None:
    original, changed = BytesIO(Sample().content()), BytesIO()
    extension = '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'
    with ZipFile(original) as before, ZipFile(changed, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            if name.endswith("sheet2.xml"):
                part = part.replace(b"</worksheet>", extension.encode())
            after.writestr(name, part)

    assert "would lose" in refused(changed.getvalue())


def offered(*offers: tuple[str, int, int]) -> ListingContent:
    """Name, price, stock."""
    made = tuple(Offer(Reference(f"x{name}"), name, price, stock) for name, price, stock in offers)
    return replace(KERUPUK, offers=made)


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        (
            replace(KERUPUK, title="Abc"),
            "title",
            "Nama barang harus 5–255 huruf. Sekarang: 3 huruf.",
        ),
        (replace(KERUPUK, description="pendek"), "description", "20–3.000 huruf"),
        (replace(KERUPUK, description="Murah <b>sekali</b> di sini"), "description", "tanpa HTML"),
        (replace(KERUPUK, weight_grams=500_001), "weight_grams", "1–500.000 gram"),
        (offered(("", 98, 1)), "price", "Rp99–150.000.000"),
        (offered(("", 99, 10_000_001)), "stock", "0–10.000.000"),
        (offered(("M", 1000, 1), ("L", 7001, 1)), "price", "7 kali"),
        (
            offered(("Warna yang panjang sekali", 1000, 1)),
            "variants",
            "“Warna yang panjang sekali”",
        ),
    ],
)
def test_what_cannot_go_is_named_and_not_written(
    wrong: ListingContent, field: str, said: str
) -> None:
    made = filled(Sample(), wrong, BATIK)

    [fault] = made.refused
    assert (fault.reference, fault.field) == (KERUPUK.reference, field)
    assert said in fault.advice.id
    assert "daftar barang" in fault.advice.id
    assert [one.reference for one in made.filed] == [BATIK.reference]
    assert "knm-1-kerupuk" not in {
        one.get("ps_sku_parent_short") for one in rows_in(made.content).values()
    }


def test_a_demanded_category_keeps_products_without_a_number_back() -> None:
    demanding = Sample(
        without=frozenset({"ps_category"}), extra=[("ps_category|1|0", "Kategori", ALWAYS)]
    )

    made = filled(demanding, KERUPUK, BATIK)

    assert [(one.reference, one.field) for one in made.refused] == [(BATIK.reference, "category")]


def test_the_file_given_back_tells_each_product_s_verdict() -> None:
    content = filled(Sample(), KERUPUK, BATIK).content
    reason = "Kategori salah, hubungi 0812 3456 7890"
    sheet = sheet_in(content)
    book = sheet.parent
    assert book is not None
    column = [cell.value for cell in sheet[3]].index("Alasan Gagal") + 1
    sheet.cell(9, column, reason)
    sheet.cell(10, column, reason)

    result = ShopeeConnector.spreadsheet({"partner_id": 1}).read_result(saved(book))

    assert result.shop == SHOP
    assert result.verdicts == (
        ProductVerdict("knm-1-kerupuk", None),
        ProductVerdict("knm-1-batik", "Kategori salah, hubungi …"),
    )


def test_a_file_without_verdicts_is_no_result() -> None:
    sheet = ShopeeConnector.spreadsheet({"partner_id": 1})

    with pytest.raises(UsageProblem, match="et_title_reason"):
        sheet.read_result(Sample(without=frozenset({"et_title_reason"})).content())

"""Seller's upload templates, made here after a description: invented, down to the token; no shop ever downloaded them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from openpyxl import Workbook, load_workbook
from openpyxl.styles import PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

SHOP = "14701711"
TOKEN = "0a1b2c3d4e5f-invented"
CHANNELS = (8001, 8002, 8003, 8005, 8007, 8008)
ALWAYS, OPTIONAL, SOMETIMES = "Wajib", "Opsional", "Wajib Bersyarat"
GRAM, KILOGRAM = "Berat paket dalam gr, misalnya 250", "Berat paket dalam kg, misalnya 0,25"

COLUMNS: Sequence[tuple[str, str, str]] = (
    ("ps_category|0|0", "Kategori", OPTIONAL),
    ("ps_product_name|1|0", "Nama Produk", ALWAYS),
    ("ps_product_description|1|0", "Deskripsi Produk", ALWAYS),
    ("ps_maximum_purchase_quantity|0|1", "Maks. Jumlah Pembelian", OPTIONAL),
    ("ps_minimum_purchase_quantity|0|1", "Min. Jumlah Pembelian", OPTIONAL),
    ("ps_sku_parent_short|0|0", "SKU Induk", OPTIONAL),
    ("ps_dangerous_goods|0|0", "Produk Berbahaya", SOMETIMES),
    ("et_title_variation_integration_no|0|0", "Kode Integrasi Variasi", SOMETIMES),
    ("et_title_variation_1|0|0", "Nama Variasi 1", SOMETIMES),
    ("et_title_option_for_variation_1|0|0", "Varian untuk Variasi 1", SOMETIMES),
    ("et_title_image_per_variation|0|3", "Foto Produk per Varian", OPTIONAL),
    ("et_title_variation_2|0|0", "Nama Variasi 2", SOMETIMES),
    ("et_title_option_for_variation_2|0|0", "Varian untuk Variasi 2", SOMETIMES),
    ("ps_price|1|1", "Harga", ALWAYS),
    ("ps_stock|0|1", "Stok", ALWAYS),
    ("ps_sku_short|0|0", "Kode Variasi", OPTIONAL),
    ("ps_new_size_chart|0|0", "Template Panduan Ukuran", OPTIONAL),
    ("ps_gtin_code|0|0", "GTIN", SOMETIMES),
    ("ps_item_cover_image|1|3", "Foto Sampul", ALWAYS),
    *((f"ps_item_image_{number}|0|3", f"Foto Produk {number}", OPTIONAL) for number in range(1, 9)),
    ("ps_weight|1|1", "Berat", ALWAYS),
    ("ps_length|0|1", "Panjang", SOMETIMES),
    ("ps_width|0|1", "Lebar", SOMETIMES),
    ("ps_height|0|1", "Tinggi", SOMETIMES),
)
END: Sequence[tuple[str, str, str]] = (
    ("ps_product_pre_order_dts|0|1", "Dikirim Dalam Pre-order", OPTIONAL),
    ("et_title_reason|0|0", "Alasan Gagal", OPTIONAL),
)


@dataclass(frozen=True)
class Sample:
    """What a template says of itself; each test changes what it is about."""

    weight: str = GRAM
    separator: str = "."
    channels: Sequence[int] = CHANNELS
    shop: str = SHOP
    kind: str = "basic"
    token: str = TOKEN
    sheet: str = "Template"
    without: frozenset[str] = frozenset()
    extra: Sequence[tuple[str, str, str]] = ()
    rows: Sequence[Mapping[str, str | int]] = field(default_factory=list[Mapping[str, str | int]])
    """The seller's own, by key."""

    def book(self) -> Workbook:
        book = Workbook()
        other = book.active
        assert isinstance(other, Worksheet)
        other.title = "Panduan"
        other["B2"] = "Baca dulu"
        other["B3"] = "=1+1"
        sheet = book.create_sheet(self.sheet)
        channels = (
            (f"channel_id{self.separator}{one}|0|0", str(one), OPTIONAL) for one in self.channels
        )
        known = (*COLUMNS, *channels, *END)
        columns = [one for one in known if one[0].partition("|")[0] not in self.without]
        columns += self.extra
        for number, (key, label, demand) in enumerate(columns, start=1):
            sheet.cell(1, number, key)
            sheet.cell(3, number, label)
            sheet.cell(4, number, demand)
            sheet.cell(5, number, self.weight if label == "Berat" else f"Penjelasan {label}")
            sheet.cell(7, number).fill = PatternFill("solid", fgColor="FFEE88")
        for number, text in enumerate((self.kind, self.token, "0", self.shop), start=1):
            sheet.cell(2, number, text or None)
        keys = [one[0].partition("|")[0] for one in columns]
        for row, cells in enumerate(self.rows, start=7):
            for key, value in cells.items():
                sheet.cell(row, keys.index(key) + 1, value)
        choice = DataValidation(type="list", formula1='"Aktif,Nonaktif"')
        choice.add("AB7:AG100")
        sheet.add_data_validation(choice)
        return book

    def content(self) -> bytes:
        return saved(self.book())


def saved(book: Workbook) -> bytes:
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def sheet_in(content: bytes, name: str = "Template") -> Worksheet:
    sheet = load_workbook(BytesIO(content))[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def rows_in(content: bytes) -> dict[int, dict[str, object]]:
    """What stands in the rows of data, by key; empty cells left out."""
    sheet = sheet_in(content)
    keys = [str(cell.value).partition("|")[0] for cell in sheet[1]]
    return {
        number: {key: value for key, value in zip(keys, values, strict=True) if value is not None}
        for number, values in enumerate(sheet.iter_rows(min_row=7, values_only=True), start=7)
        if any(value is not None for value in values)
    }

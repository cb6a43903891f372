"""The seller's mass-upload template ("Template Dasar") as it says of itself: columns by key, the shop, the weight's unit.

Row 1 holds `key|required|type`, row 2 `basic`, a token, `0` and the shop's id, row 3 labels, row 4 Wajib or Opsional, rows
5 and 6 explanations; data starts in row 7 (reports on templates of 2023 to 2026-09; there is no official description).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from onboarder.model.ids import RemoteId
from onboarder_shopee.sheet_file import not_understood, text_in

SHEET = "Template"
KEYS, TOKEN, LABELS, DEMANDS, EXPLANATION, GUIDE, DATA = range(1, 8)
"""Rows."""
PARENT_SKU, OFFER_SKU = "ps_sku_parent_short", "ps_sku_short"
TOGETHER = "et_title_variation_integration_no"
"""The same code on all rows of one product."""
REASON = "et_title_reason"
WEIGHT, CATEGORY, COVER = "ps_weight", "ps_category", "ps_item_cover_image"
NEEDED = (
    *("ps_product_name", "ps_product_description", "ps_price", "ps_stock", WEIGHT),
    *(PARENT_SKU, OFFER_SKU, TOGETHER, COVER),
    *("et_title_variation_1", "et_title_option_for_variation_1"),
    *("et_title_variation_2", "et_title_option_for_variation_2"),
)
"""Without these a product cannot be written, or not be found again later."""
CHANNEL = re.compile(r"channel_id[._](\d+)")
"""Both separators are in use; templates of 2023 had the underscore."""


class Unit(StrEnum):
    GRAM = "gram"
    KILOGRAM = "kg"


UNIT_WORDS: Mapping[Unit, re.Pattern[str]] = {
    Unit.GRAM: re.compile(r"(?<![a-z])(gr|gram|grams)(?![a-z])"),
    Unit.KILOGRAM: re.compile(r"(?<![a-z])(kg|kilogram)(?![a-z])"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `number` counts from 1."""

    key: str
    number: int
    label: str
    required: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """What a template says of itself."""

    shop: RemoteId
    columns: Mapping[str, Column]

    @property
    def channels(self) -> dict[int, Column]:
        """The shop's shipping channels by their number."""
        found = ((CHANNEL.fullmatch(key), one) for key, one in self.columns.items())
        return {int(match[1]): one for match, one in found if match}


def template_sheet(book: Workbook) -> Worksheet:
    sheet = book[SHEET] if SHEET in book.sheetnames else None
    if not isinstance(sheet, Worksheet):
        raise not_understood(f"there is no sheet “{SHEET}”", f"tidak ada lembar “{SHEET}”")
    return sheet


def read_layout(sheet: Worksheet) -> Layout:
    """`UsageProblem` if a row that says what the rest means is not as known."""
    columns = list(_columns(sheet))
    keys = [one.key for one in columns]
    missing = [key for key in NEEDED if key not in keys]
    if missing:
        named = ", ".join(missing)
        raise not_understood(f"row 1 lacks {named}", f"baris 1 tidak memuat {named}")
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise not_understood(f"{twice[0]} stands twice in row 1", f"{twice[0]} ada dua kali")
    return Layout(_shop(sheet), {one.key: one for one in columns})


def weight_unit(sheet: Worksheet, layout: Layout) -> Unit:
    """By the words of rows 5 and 6: a wrong guess costs the seller a thousandfold shipping fee."""
    number = layout.columns[WEIGHT].number
    said = " ".join(text_in(sheet, row, number) for row in (EXPLANATION, GUIDE)).casefold()
    units = [unit for unit, words in UNIT_WORDS.items() if words.search(said)]
    if len(units) != 1:
        raise not_understood(
            "rows 5 and 6 do not say clearly whether the weight is in gram or kg; ask Shopee or the seller",
            "baris 5 dan 6 tidak jelas menyebut berat dalam gram atau kg; tanyakan ke Shopee atau penjual",
        )
    return units[0]


def filled_rows(sheet: Worksheet) -> Iterator[int]:
    """Rows of data in which something is written."""
    rows = sheet.iter_rows(min_row=DATA, values_only=True)
    for number, values in enumerate(rows, start=DATA):
        if any(value is not None and value != "" for value in values):
            yield number


def next_row(sheet: Worksheet) -> int:
    """The first row below everything that is written or merged."""
    merged: list[int] = [block.max_row for block in sheet.merged_cells.ranges]
    return max([DATA - 1, *filled_rows(sheet), *merged]) + 1


def demanded(layout: Layout, fillable: Sequence[str]) -> None:
    """`UsageProblem` naming a column that the template demands and we cannot fill."""
    for one in layout.columns.values():
        if one.required and one.key not in fillable:
            raise not_understood(
                f"column “{one.label}” ({one.key}) is required and not known here",
                f"kolom “{one.label}” ({one.key}) wajib tetapi belum dikenal",
            )


def _columns(sheet: Worksheet) -> Iterator[Column]:
    for number in range(1, sheet.max_column + 1):
        key, _, flags = text_in(sheet, KEYS, number).partition("|")
        key = key.strip()
        if not key:
            continue
        demand = text_in(sheet, DEMANDS, number).casefold()
        always = demand.startswith("wajib") and "bersyarat" not in demand
        required = always or (not demand and flags.startswith("1"))
        label = text_in(sheet, LABELS, number) or key
        channel = CHANNEL.fullmatch(key)
        yield Column(f"channel_id.{channel[1]}" if channel else key, number, label, required)


def _shop(sheet: Worksheet) -> RemoteId:
    kind, token, _, shop = (text_in(sheet, TOKEN, number) for number in range(1, 5))
    if kind != "basic" or not token or not shop.isdecimal():
        raise not_understood(
            "row 2 (basic, token, 0, shop id) is not there",
            "baris 2 (basic, token, 0, id toko) tidak ada",
        )
    return RemoteId(shop)

"""The way by spreadsheet: the seller's own mass-upload template, filled by its keys, and what Shopee gives back. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from openpyxl.worksheet.worksheet import Worksheet

from onboarder.connector.spreadsheet import (
    FiledProduct,
    FileResult,
    Filled,
    ProductVerdict,
    RefusedProduct,
)
from onboarder.model.ids import PhotoHash, RemoteId
from onboarder.model.shop import ListingContent
from onboarder_shopee.errors import impersonal
from onboarder_shopee.settings import ShopeeSettings
from onboarder_shopee.sheet_file import (
    not_understood,
    open_workbook,
    put,
    save_workbook,
    text_in,
)
from onboarder_shopee.sheet_layout import (
    CATEGORY,
    PARENT_SKU,
    REASON,
    TOGETHER,
    Layout,
    Unit,
    demanded,
    filled_rows,
    next_row,
    read_layout,
    template_sheet,
    weight_unit,
)
from onboarder_shopee.sheet_rows import Row, fillable, rows_of
from onboarder_shopee.sheet_rules import refusals


@dataclass(frozen=True, slots=True)
class SheetTemplate:
    """A template that was understood; every filling starts from the seller's own bytes."""

    content: bytes = field(repr=False)
    layout: Layout
    unit: Unit
    references: frozenset[str]
    settings: ShopeeSettings

    @property
    def shop(self) -> RemoteId:
        return self.layout.shop

    def fill(self, listings: Sequence[ListingContent], photos: Mapping[PhotoHash, str]) -> Filled:
        book = open_workbook(self.content)
        sheet = template_sheet(book)
        row = next_row(sheet)
        filed: list[FiledProduct] = []
        refused: list[RefusedProduct] = []
        for content in listings:
            faults = self._faults(content, photos)
            refused += faults
            if faults:
                continue
            rows = rows_of(
                content,
                photos,
                unit=self.unit,
                channels=self.layout.channels,
                settings=self.settings,
            )
            self._write(sheet, row, rows)
            filed.append(FiledProduct(content.reference, tuple(range(row, row + len(rows)))))
            row += len(rows)
        return Filled(save_workbook(book, self.content), tuple(filed), tuple(refused))

    def _faults(
        self, content: ListingContent, photos: Mapping[PhotoHash, str]
    ) -> list[RefusedProduct]:
        category = self.layout.columns.get(CATEGORY)
        return list(
            refusals(
                content,
                self.settings,
                photos_go=bool(photos),
                category_demanded=category is not None and category.required,
            )
        )

    def _write(self, sheet: Worksheet, first: int, rows: Sequence[Row]) -> None:
        for number, row in enumerate(rows, start=first):
            for key, value in row.items():
                column = self.layout.columns.get(key)
                if column is not None:
                    put(sheet, number, column.number, value)


class ShopeeSpreadsheet:
    """Fulfils `Spreadsheet`."""

    def __init__(self, settings: ShopeeSettings) -> None:
        self._settings = settings

    def read_template(self, content: bytes) -> SheetTemplate:
        sheet = template_sheet(open_workbook(content))
        layout = read_layout(sheet)
        self._see_to_channels(layout)
        demanded(layout, fillable(self._settings, layout.channels))
        unit = weight_unit(sheet, layout)
        return SheetTemplate(content, layout, unit, frozenset(_keys(sheet, layout)), self._settings)

    def read_result(self, content: bytes) -> FileResult:
        sheet = template_sheet(open_workbook(content))
        layout = read_layout(sheet)
        if REASON not in layout.columns:
            raise not_understood(f"row 1 lacks {REASON}", f"baris 1 tidak memuat {REASON}")
        reasons: dict[str, list[str]] = {}
        for row in filled_rows(sheet):
            key = _key(sheet, layout, row)
            reason = impersonal(text_in(sheet, row, layout.columns[REASON].number))
            said = reasons.setdefault(key, [])
            if reason and reason not in said:
                said.append(reason)
        verdicts = (ProductVerdict(key, "; ".join(said) or None) for key, said in reasons.items())
        return FileResult(layout.shop, tuple(one for one in verdicts if one.reference))

    def _see_to_channels(self, layout: Layout) -> None:
        if not layout.channels.keys() & set(self._settings.template_channels):
            there = ", ".join(map(str, layout.channels)) or "-"
            wanted = ", ".join(map(str, self._settings.template_channels))
            raise not_understood(
                f"it has no shipping channel {wanted} (it has: {there}); set settings.template_channels",
                f"tidak ada kolom jasa kirim {wanted} (yang ada: {there}); atur settings.template_channels",
            )


def _keys(sheet: Worksheet, layout: Layout) -> Iterator[str]:
    return (key for key in (_key(sheet, layout, row) for row in filled_rows(sheet)) if key)


def _key(sheet: Worksheet, layout: Layout, row: int) -> str:
    """The product a row belongs to: rows of further choices carry only the code that ties them together."""
    columns = (layout.columns[key].number for key in (PARENT_SKU, TOGETHER))
    return next(filter(None, (text_in(sheet, row, number) for number in columns)), "")

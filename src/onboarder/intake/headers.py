"""What a column is called in the sheet a question is about."""

from collections.abc import Iterable

from onboarder.intake.rows import Place
from onboarder.intake.table import Table

_USUAL = {
    "number": "No Reg",
    "name": "Nama",
    "merchant_name": "Nama Pedagang",
    "phone": "No HP/WA",
    "market": "Pasar",
    "sku": "Kode Barang",
    "variant": "Varian",
    "price": "Harga",
    "stock": "Stok",
    "weight": "Berat (gr)",
    "category": "Kategori",
    "photo": "Foto",
    "decision": "Keputusan",
    "same_as": "Sama dengan",
}
"""Headers to propose where a sheet lacks the column."""


class Headers:
    """Looks up the header that a sheet gives a field."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._written = {
            (table.file, table.sheet, column.field): column.header
            for table in tables
            for column in reversed(table.columns)
            if column.field
        }

    def of(self, place: Place, field: str) -> str:
        """As written in the place's sheet, else the usual one."""
        return self._written.get((place.file, place.sheet, field)) or _USUAL.get(field, field)

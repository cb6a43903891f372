"""Whole files that are not read: too big, damaged, or no register."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a file was not read; stable codes."""

    MISSING = "missing"
    UNKNOWN_FORMAT = "unknown_format"
    TOO_LARGE = "too_large"
    TOO_MANY_ENTRIES = "too_many_entries"
    SUSPICIOUS = "suspicious"
    DAMAGED = "damaged"
    PROTECTED = "protected"
    TOO_MUCH_CONTENT = "too_much_content"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    UNKNOWN_ENCODING = "unknown_encoding"
    NO_REGISTER = "no_register"


class IntakeRefused(Exception):  # the file is refused; nothing failed
    """A file that is not read, with what to do about it in both languages; safe to show and to log."""

    def __init__(self, refusal: Refusal, file: str, **figures: object) -> None:
        self.code = f"intake.{refusal}"
        self.file = file
        indonesian, english = _TEXTS[refusal]
        self.id = indonesian.format(file=file, **figures)
        self.en = english.format(file=file, **figures)
        super().__init__(self.en)


_TEXTS: dict[Refusal, tuple[str, str]] = {
    Refusal.MISSING: (
        "{file}: berkas tidak ditemukan. Periksa nama dan foldernya.",
        "{file}: no such file. Check its name and folder.",
    ),
    Refusal.UNKNOWN_FORMAT: (
        "{file}: jenis berkas tidak dikenal. Simpan sebagai .xlsx, .xls, .ods atau .csv.",
        "{file}: unknown kind of file. Save it as .xlsx, .xls, .ods or .csv.",
    ),
    Refusal.TOO_LARGE: (
        "{file}: terlalu besar ({size} MB, paling banyak {limit} MB). Bagi menjadi beberapa berkas.",
        "{file}: too large ({size} MB, at most {limit} MB). Split it into several files.",
    ),
    Refusal.TOO_MANY_ENTRIES: (
        "{file}: berisi {count} berkas, paling banyak {limit}. Simpan ulang tanpa gambar, atau bagi.",
        "{file}: holds {count} files, at most {limit}. Save it again without pictures, or split it.",
    ),
    Refusal.SUSPICIOUS: (
        "{file}: isinya mengembang {ratio} kali lipat (paling banyak {limit}), seperti bom zip. Tidak dibuka.",
        "{file}: its content grows {ratio} times (at most {limit}), like a zip bomb. Not opened.",
    ),
    Refusal.DAMAGED: (
        "{file}: berkas rusak atau bukan jenis yang disebut namanya. Buka lalu simpan ulang.",
        "{file}: damaged, or not what its name says. Open it and save it again.",
    ),
    Refusal.PROTECTED: (
        "{file}: terkunci dengan kata sandi. Simpan ulang tanpa kata sandi.",
        "{file}: protected by a password. Save it again without one.",
    ),
    Refusal.TOO_MUCH_CONTENT: (
        "{file}: butuh terlalu banyak memori atau waktu. Hapus sel nyasar di baris/kolom terakhir, atau bagi.",
        "{file}: needs too much memory or time. Delete stray cells in the last rows or columns, or split it.",
    ),
    Refusal.TOO_MANY_ROWS: (
        "{file}: lembar “{sheet}” berisi lebih dari {limit} baris. Bagi menjadi beberapa berkas.",
        "{file}: sheet “{sheet}” has more than {limit} rows. Split it into several files.",
    ),
    Refusal.TOO_MANY_COLUMNS: (
        "{file}: lembar “{sheet}” berisi lebih dari {limit} kolom. Hapus kolom yang tidak dipakai.",
        "{file}: sheet “{sheet}” has more than {limit} columns. Delete the unused columns.",
    ),
    Refusal.UNKNOWN_ENCODING: (
        "{file}: huruf di dalamnya tidak terbaca. Simpan sebagai CSV UTF-8 atau .xlsx.",
        "{file}: its letters cannot be read. Save it as CSV UTF-8 or .xlsx.",
    ),
    Refusal.NO_REGISTER: (
        "{file}: judul kolom tidak dikenal. Pedagang: Nama Pedagang, No Reg atau No HP. Barang: Nama Barang, Harga.",
        "{file}: unknown column headers. Merchants: Nama Pedagang, No Reg or No HP. Products: Nama Barang, Harga.",
    ),
}

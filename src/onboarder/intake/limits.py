"""What is checked before a file is opened: its size, and for zipped formats the zip's own directory."""

import lzma
import zipfile
import zlib
from pathlib import Path

from onboarder.intake.refused import IntakeRefused, Refusal
from onboarder.intake.rules import FileLimits
from onboarder.intake.sheets import Sheet

MEGABYTE = 1 << 20
DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)
"""What reading a zip raises if it is damaged, locked or packed in a way that nobody here knows."""


def check_size(path: Path, limits: FileLimits) -> None:
    """Raises IntakeRefused if the file is missing or larger than allowed."""
    if not path.is_file():
        raise IntakeRefused(Refusal.MISSING, path.name)
    size = path.stat().st_size
    if size > limits.megabytes * MEGABYTE:
        raise _too_large(path, size, limits)


def check_zip(path: Path, limits: FileLimits) -> None:
    """Raises IntakeRefused if the zip's directory lists too many entries or too much content, or is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except DAMAGED_ZIP:
        raise IntakeRefused(Refusal.DAMAGED, path.name) from None
    if len(entries) > limits.entries:
        raise IntakeRefused(
            Refusal.TOO_MANY_ENTRIES, path.name, count=len(entries), limit=limits.entries
        )
    unpacked = sum(entry.file_size for entry in entries)
    ratio = unpacked // max(1, path.stat().st_size)
    if ratio > limits.ratio:
        raise IntakeRefused(Refusal.SUSPICIOUS, path.name, ratio=ratio, limit=limits.ratio)
    if unpacked > limits.megabytes * MEGABYTE:
        raise _too_large(path, unpacked, limits)


def check_shape(sheet: Sheet, limits: FileLimits) -> None:
    """Raises IntakeRefused if a sheet has more rows, columns or merged cells than allowed."""
    if len(sheet.rows) > limits.rows:
        raise IntakeRefused(Refusal.TOO_MANY_ROWS, sheet.file, sheet=sheet.name, limit=limits.rows)
    if max((len(row) for row in sheet.rows), default=0) > limits.columns:
        raise IntakeRefused(
            Refusal.TOO_MANY_COLUMNS, sheet.file, sheet=sheet.name, limit=limits.columns
        )
    merged = sum(min(merge.bottom, limits.rows) - merge.top + 1 for merge in sheet.merges)
    if merged > limits.rows * limits.columns:
        raise IntakeRefused(Refusal.TOO_MUCH_CONTENT, sheet.file)


def _too_large(path: Path, size: int, limits: FileLimits) -> IntakeRefused:
    megabytes = -(-size // MEGABYTE)
    return IntakeRefused(Refusal.TOO_LARGE, path.name, size=megabytes, limit=limits.megabytes)

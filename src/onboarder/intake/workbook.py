"""Workbooks and text tables to sheets of cells, within the limits."""

import subprocess
import sys
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from onboarder.intake.cells import Cell
from onboarder.intake.delimited import read_delimited
from onboarder.intake.limits import check_shape, check_size, check_zip
from onboarder.intake.refused import IntakeRefused, Refusal
from onboarder.intake.rules import FileLimits
from onboarder.intake.sheets import Merge, Sheet

_ZIPPED = {".xlsx", ".ods"}
_TEXT = {".csv", ".tsv", ".txt"}
_COMPOUND = b"\xd0\xcf\x11\xe0"
"""First bytes of .xls files, and of .xlsx files behind a password."""


def read_workbook(path: Path, limits: FileLimits) -> tuple[Sheet, ...]:
    """All sheets of an .xlsx, .xls, .ods, .csv, .tsv or .txt file; raises IntakeRefused."""
    check_size(path, limits)
    suffix = path.suffix.casefold()
    if suffix in _TEXT:
        sheets: tuple[Sheet, ...] = (read_delimited(path, limits.rows),)
    elif suffix in _ZIPPED:
        _check_zipped(path, limits)
        sheets = _opened(path, limits)
    elif suffix == ".xls":
        sheets = _opened(path, limits)
    else:
        raise IntakeRefused(Refusal.UNKNOWN_FORMAT, path.name)
    for sheet in sheets:
        check_shape(sheet, limits)
    return sheets


def _check_zipped(path: Path, limits: FileLimits) -> None:
    with path.open("rb") as file:
        if file.read(4) == _COMPOUND:
            raise IntakeRefused(Refusal.PROTECTED, path.name)
    check_zip(path, limits)


class _Day(BaseModel):
    model_config = ConfigDict(frozen=True)

    day: date


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    rows: list[list[str | bool | float | _Day]]
    merges: list[tuple[int, int, int, int]]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True)

    sheets: list[_Read] = []
    fault: Refusal | None = None


def _opened(path: Path, limits: FileLimits) -> tuple[Sheet, ...]:
    document = _in_child(path, limits)
    if document.fault:
        raise IntakeRefused(document.fault, path.name)
    return tuple(_sheet(path.name, read) for read in document.sheets)


def _in_child(path: Path, limits: FileLimits) -> _Document:
    figures = (limits.memory_megabytes, limits.rows, limits.columns)
    module = "onboarder.intake.calamine_child"
    command = [sys.executable, "-P", "-m", module, str(path.resolve()), *map(str, figures)]
    try:
        done = subprocess.run(  # noqa: S603  # our own module; the path is absolute, so never an option
            command,
            capture_output=True,
            timeout=limits.seconds,
            check=False,
            env={"RUST_BACKTRACE": "0"},
        )
    except subprocess.TimeoutExpired:
        raise IntakeRefused(Refusal.TOO_MUCH_CONTENT, path.name) from None
    try:
        return _Document.model_validate_json(done.stdout)
    except ValidationError:
        ended = Refusal.TOO_MUCH_CONTENT if done.returncode < 0 else Refusal.DAMAGED
        raise IntakeRefused(ended, path.name) from None


def _sheet(file: str, read: _Read) -> Sheet:
    rows = tuple(tuple(_cell(cell) for cell in row) for row in read.rows)
    return Sheet(file, read.name, rows, tuple(Merge(*merge) for merge in read.merges))


def _cell(cell: str | bool | float | _Day) -> Cell:
    return cell.day if isinstance(cell, _Day) else cell

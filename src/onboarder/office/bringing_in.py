"""A register brought in at the desk: files kept as they came, verdicts for every row, corrections, saving what is clear.

Nothing is lost by bad input: files and corrections stay until the import is forgotten.
"""

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Protocol

from onboarder.intake.columns import find_header
from onboarder.intake.importing import ImportPlan, KnownRegister
from onboarder.intake.photos import Keeper, keep_photos, photo_files
from onboarder.intake.plan import plan_import
from onboarder.intake.reading import Reading, read_sheets, sheets_of
from onboarder.intake.rows import Place
from onboarder.intake.rules import IntakeRules
from onboarder.intake.sheets import Sheet
from onboarder.model.ids import StoreId
from onboarder.model.people import Programme
from onboarder.office.corrections import Correction, corrected
from onboarder.people.roles import Person
from onboarder.records import register_imports
from onboarder.records.database import Database
from onboarder.records.imports import known_register, save_import
from onboarder.records.register_imports import ImportRecord, ImportState

MOST_FILES = 6
KEPT = timedelta(days=7)
"""Files hold names and phones: nobody goes on with an import after a week."""
LONGEST_NAME = 200
"""Bytes: file systems count these, and take 255."""
_ARCHIVE = ".zip"


class FileBytes(Protocol):
    """An uploaded file."""

    @property
    def name(self) -> str: ...
    @property
    def content(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Counter:
    """What the counter where registers come in works with. `folder` holds one folder per import."""

    database: Database
    programme: Programme
    rules: IntakeRules
    photos: Keeper
    folder: Path
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Looked:
    """An import as it stands: what the files say with all corrections, and what saving would change."""

    record: ImportRecord
    reading: Reading
    plan: ImportPlan
    headers: frozenset[tuple[str, str, str]]
    """File, sheet and header of every column that really stands there: a market that only a title names has none."""


async def receive(
    counter: Counter, number: str, files: Sequence[FileBytes], *, by: Person
) -> ImportRecord:
    """Keep the files under this id; one that is there already stays as it is. Safe to repeat.

    Old imports are forgotten on the way.
    """
    if not number.isalnum():
        raise KeyError(number)  # it names a folder
    now = counter.clock()
    names = _names([one.name for one in files[:MOST_FILES]])
    fresh = ImportRecord(
        number, counter.programme.code, ImportState.OPEN, tuple(names), {}, by.id, now
    )
    async with counter.database.write() as tx:
        old = await register_imports.prune(tx, now - KEPT)
        await register_imports.add(tx, fresh)
        record = await register_imports.find(tx, counter.programme.code, number)
    if record is None:
        raise KeyError(number)
    await asyncio.to_thread(_forget, counter.folder, old)
    if record.files == fresh.files:
        kept = dict(zip(names, (one.content for one in files), strict=False))
        await asyncio.to_thread(_keep, counter.folder / number, kept)
    return record


async def look(counter: Counter, number: str) -> Looked:
    """What the import would do. Raises KeyError for an unknown id, `IntakeRefused` for a file that cannot be taken."""
    async with counter.database.read() as tx:
        record = await register_imports.find(tx, counter.programme.code, number)
    if record is None:
        raise KeyError(number)
    known = await known_register(counter.database, counter.programme.code)
    return await asyncio.to_thread(_look, counter, record, known)


async def answer(counter: Counter, number: str, said: Mapping[Place, Correction]) -> None:
    """Remember corrections, row by row, over earlier ones. KeyError for an unknown id."""
    async with counter.database.write() as tx:
        record = await register_imports.find(tx, counter.programme.code, number)
        if record is None:
            raise KeyError(number)
        merged = {key: dict(value) for key, value in record.answers.items()}
        for place, correction in said.items():
            merged.setdefault(_key(place), {}).update(_plain(correction))
        await register_imports.answer(tx, number, merged)


async def save(counter: Counter, number: str, *, by: Person) -> tuple[Looked, list[StoreId]]:
    """Save every row that is clear; asked rows stay open for answers. Safe to repeat. Returns the stores woken."""
    looked = await look(counter, number)
    woken = await save_import(
        counter.database,
        looked.plan,
        programme=counter.programme.code,
        by=by.id,
        clock=counter.clock,
    )
    async with counter.database.write() as tx:
        await register_imports.saved(tx, number, now=counter.clock())
    return looked, woken


def corrections_of(record: ImportRecord) -> dict[Place, Correction]:
    """What was answered so far, row by row."""
    return {_place(key): _correction(said) for key, said in record.answers.items()}


def _look(counter: Counter, record: ImportRecord, known: KnownRegister) -> Looked:
    rules, folder = counter.rules, counter.folder / record.id
    said = corrections_of(record)
    registers = [name for name in record.files if not name.casefold().endswith(_ARCHIVE)]
    archives = [folder / name for name in record.files if name.casefold().endswith(_ARCHIVE)]
    workbooks = [
        corrected(sheets_of(folder / name, rules), said, rules.words) for name in registers
    ]
    reading = read_sheets(workbooks, counter.programme, rules)
    photos = keep_photos(reading, photo_files(archives, rules.limits.photos), counter.photos)
    return Looked(record, reading, plan_import(reading, known, photos), _headers(workbooks, rules))


def _headers(
    workbooks: Sequence[Sequence[Sheet]], rules: IntakeRules
) -> frozenset[tuple[str, str, str]]:
    found = (
        (one, find_header(one.filled(), rules.words)) for sheets in workbooks for one in sheets
    )
    return frozenset(
        (sheet.file, sheet.name, column.header)
        for sheet, header in found
        if header is not None
        for column in header.columns
    )


def _names(given: Sequence[str]) -> list[str]:
    """Names that can stand in a folder, each once; what it is called on the person's own machine stays readable."""
    names: list[str] = []
    for one in given:
        bare = PurePath(one.replace("\\", "/")).name
        kept = "".join(c if c.isprintable() and c not in '/:*?"<>|' else "_" for c in bare)
        name = kept.encode()[-LONGEST_NAME:].decode(errors="ignore").lstrip(".") or "daftar"
        while name.casefold() in {other.casefold() for other in names}:
            name = f"2-{name}"
        names.append(name)
    return names


def _keep(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in files.items():
        draft = folder / f".{name}"
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        draft.replace(folder / name)


def _forget(folder: Path, ids: Sequence[str]) -> None:
    for one in ids:
        shutil.rmtree(folder / one, ignore_errors=True)


_ADDED = "+"
"""Before the header of a column that the sheet lacks, in the keys of a kept correction."""


def _key(place: Place) -> str:
    return f"{place.row}\x1f{place.file}\x1f{place.sheet}"


def _place(key: str) -> Place:
    row, file, sheet = key.split("\x1f")
    return Place(file, sheet, int(row))


def _plain(said: Correction) -> dict[str, str]:
    cells = {str(index): text for index, text in said.cells.items()}
    return cells | {f"{_ADDED}{name}": text for name, text in said.added.items()}


def _correction(plain: Mapping[str, str]) -> Correction:
    cells = {int(key): text for key, text in plain.items() if not key.startswith(_ADDED)}
    added = {key[1:]: text for key, text in plain.items() if key.startswith(_ADDED)}
    return Correction(cells, added)

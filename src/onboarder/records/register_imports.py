"""Registers that are being brought in at the desk: which files, and what was answered about their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select, update

from onboarder.model.ids import ProgrammeCode
from onboarder.records.codec import reader
from onboarder.records.database import Transaction, insert_new
from onboarder.records.office_tables import register_import


class ImportState(StrEnum):
    """Life of an import at the desk."""

    OPEN = "open"
    SAVED = "saved"
    """What was clear is in the records; asked rows may still be answered and saved."""


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """`files` are names in the import's own folder; `answers` are corrections by row, as the office writes them."""

    id: str
    programme: ProgrammeCode
    state: ImportState
    files: tuple[str, ...]
    answers: Mapping[str, Mapping[str, str]]
    made_by: str
    made_at: datetime
    saved_at: datetime | None = None


async def add(tx: Transaction, fresh: ImportRecord) -> None:
    """Begin an import; one with that id stays as it is. Safe to repeat."""
    row = {name: getattr(fresh, name) for name in ImportRecord.__slots__}
    plain = {"files": list(fresh.files), "answers": dict(fresh.answers)}
    await insert_new(tx, register_import, [{**row, **plain}])


async def find(tx: Transaction, programme: ProgrammeCode, wanted: str) -> ImportRecord | None:
    query = select(register_import).where(
        register_import.c.id == wanted, register_import.c.programme == programme
    )
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else _read(row)


async def newest(
    tx: Transaction, programme: ProgrammeCode, *, limit: int = 20
) -> list[ImportRecord]:
    query = (
        select(register_import)
        .where(register_import.c.programme == programme)
        .order_by(register_import.c.made_at.desc(), register_import.c.id.desc())
        .limit(limit)
    )
    return [_read(row) for row in (await tx.execute(query)).mappings()]


async def answer(tx: Transaction, wanted: str, answers: Mapping[str, Mapping[str, str]]) -> None:
    """Replace what was answered."""
    plain = {place: dict(said) for place, said in answers.items()}
    chosen = update(register_import).where(register_import.c.id == wanted)
    await tx.execute(chosen.values(answers=plain))


async def saved(tx: Transaction, wanted: str, *, now: datetime) -> None:
    chosen = update(register_import).where(register_import.c.id == wanted)
    await tx.execute(chosen.values(state=ImportState.SAVED, saved_at=now))


async def prune(tx: Transaction, before: datetime) -> Sequence[str]:
    """Forget imports begun before a time; returns their ids, so that their files go too. Safe to repeat."""
    done = await tx.execute(
        delete(register_import)
        .where(register_import.c.made_at < before)
        .returning(register_import.c.id)
    )
    return [str(one) for one in done.scalars()]


_read = reader(ImportRecord)

"""Files that phones send in pieces: how far each has come. What is counted as received is durable on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, select, update

from onboarder.model.ids import PhotoHash
from onboarder.records.codec import reader
from onboarder.records.database import Transaction, insert_new
from onboarder.records.field_tables import upload


class UploadState(StrEnum):
    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    """Whole, but no picture that we can read."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file. `photo`: under which hash it was kept, once it is done."""

    id: str
    account: str
    kind: str
    size: int
    sha256: str
    received: int
    state: UploadState
    photo: PhotoHash | None
    created_at: datetime
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """What an account has under way, and what it announced since some time."""

    open: int
    announced: int
    """Bytes."""


async def begin(tx: Transaction, fresh: Upload) -> Upload:
    """Announce a file; returns what is on record under that id. Safe to repeat."""
    await insert_new(tx, upload, [{name: getattr(fresh, name) for name in Upload.__slots__}])
    found = await find(tx, fresh.id)
    return found or fresh


async def find(tx: Transaction, wanted: str) -> Upload | None:
    row = (await tx.execute(select(upload).where(upload.c.id == wanted))).mappings().first()
    return None if row is None else _read(row)


async def move(tx: Transaction, one: Upload, received: int, *, now: datetime) -> bool:
    """So many bytes are on disk now; False if somebody moved it on meanwhile."""
    still = (upload.c.id == one.id, upload.c.received == one.received, _open())
    moved = await tx.execute(update(upload).where(*still).values(received=received, touched_at=now))
    return bool(moved.rowcount)


async def finish(
    tx: Transaction, wanted: str, state: UploadState, photo: PhotoHash | None, *, now: datetime
) -> None:
    """It is whole. Safe to repeat."""
    values = {"state": state, "photo": photo, "touched_at": now}
    await tx.execute(update(upload).where(upload.c.id == wanted, _open()).values(values))


async def share(tx: Transaction, account: str, *, since: datetime) -> Share:
    """What counts against the account's quota."""
    mine = upload.c.account == account
    under_way = select(func.count()).where(mine, _open())
    announced = select(func.coalesce(func.sum(upload.c.size), 0)).where(
        mine, upload.c.created_at >= since
    )
    return Share(int(await tx.scalar(under_way) or 0), int(await tx.scalar(announced) or 0))


async def photos(tx: Transaction, account: str, ids: Sequence[str]) -> dict[str, PhotoHash]:
    """Under which hashes the account's finished uploads are kept."""
    mine = (upload.c.id.in_(ids), upload.c.account == account, upload.c.photo.is_not(None))
    query = select(upload.c.id, upload.c.photo).where(*mine)
    return {str(one): PhotoHash(photo) for one, photo in await tx.execute(query)}


async def prune(tx: Transaction, *, open_before: datetime, before: datetime) -> list[str]:
    """Forget what was left half sent, and what was finished long ago; returns whose files may go. Safe to repeat."""
    old = (upload.c.touched_at < open_before) & _open()
    done = (upload.c.touched_at < before) & (upload.c.state != UploadState.OPEN)
    gone = await tx.execute(delete(upload).where(old | done).returning(upload.c.id))
    return [str(one) for one in gone.scalars()]


def _open() -> ColumnElement[bool]:
    return upload.c.state == UploadState.OPEN


_read = reader(Upload)

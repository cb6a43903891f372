"""Photos sent in pieces over bad lines. What is answered as received is on the disk; a repeat changes nothing.

A piece is written and synced before it is counted, so a crash in between costs that piece and nothing else. The whole is
compared with the digest that the phone announced before it is looked at as a picture.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

from onboarder.field.kit import Kit
from onboarder.field.refused import Fault, Missing, NotDone, wrong
from onboarder.field.upload_files import UploadFiles, fits
from onboarder.intake.asked import Asked
from onboarder.model.ids import PhotoHash
from onboarder.people.roles import Person
from onboarder.records import uploads
from onboarder.records.uploads import Upload, UploadState

PHOTO = "photo"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Announced:
    """What a phone is about to send."""

    id: str
    size: int
    sha256: str


async def begin(kit: Kit, who: Person, announced: Announced) -> Upload:
    """Announce a file; returns how far it is. Safe to repeat. `upload_quota` beyond what an account may send."""
    limits, now = kit.rules.uploads, kit.clock()
    if not 0 < announced.size <= limits.largest:
        raise wrong(Fault("size", "upload_too_large"))
    async with kit.database.write() as tx:
        known = await uploads.find(tx, announced.id)
        if known is None:
            share = await uploads.share(tx, who.id, since=now - DAY)
            if (
                share.open >= limits.open
                or share.announced + announced.size > limits.day_megabytes << 20
            ):
                raise NotDone("upload_quota")
        fresh = Upload(
            id=announced.id,
            account=who.id,
            kind=PHOTO,
            size=announced.size,
            sha256=announced.sha256,
            received=0,
            state=UploadState.OPEN,
            photo=None,
            created_at=now,
            touched_at=now,
        )
        kept = await uploads.begin(tx, fresh)
    _own(kept, who)
    if (kept.size, kept.sha256) != (announced.size, announced.sha256):
        raise NotDone("id_taken", Fault("id", "id_taken"))
    return await _settled(kit, kept)


async def look(kit: Kit, who: Person, wanted: str) -> Upload:
    """How far it is."""
    return await _settled(kit, await _mine(kit, who, wanted))


async def take(kit: Kit, who: Person, wanted: str, offset: int, piece: bytes) -> Upload:
    """Take a piece in; returns how far it is then. `upload_offset` if another piece comes next, and which."""
    one = await _settled(kit, await _mine(kit, who, wanted))
    if one.state is UploadState.DONE:
        return one
    if offset != one.received or offset + len(piece) > one.size:
        raise _elsewhere(one)
    if piece:
        await asyncio.to_thread(_files(kit).write, one.id, offset, piece)
        received = offset + len(piece)
        async with kit.database.write() as tx:
            moved = await uploads.move(tx, one, received, now=kit.clock())
        if not moved:
            raise _elsewhere(await _mine(kit, who, wanted))
        one = replace(one, received=received)
    return await _settled(kit, one)


async def _mine(kit: Kit, who: Person, wanted: str) -> Upload:
    async with kit.database.read() as tx:
        found = await uploads.find(tx, wanted)
    if found is None:
        raise Missing
    _own(found, who)
    return found


def _own(one: Upload, who: Person) -> None:
    if one.account != who.id:
        raise Missing


async def _settled(kit: Kit, one: Upload) -> Upload:
    """As it is once all that can be done has been: a file that is shorter than we think (restored from a backup, say)
    goes on from where it is, one that is whole is checked and kept.
    """
    if one.state is UploadState.REFUSED:
        raise NotDone("photo_unreadable")
    if one.state is UploadState.DONE:
        return one
    there = await asyncio.to_thread(_files(kit).size, one.id)
    if there < one.received:
        return await _back_to(kit, one, there)
    return await _whole(kit, one) if one.received == one.size else one


async def _whole(kit: Kit, one: Upload) -> Upload:
    files = _files(kit)
    content = await asyncio.to_thread(files.read, one.id, one.size)
    if content is None or not fits(content, one.sha256):
        back = await _back_to(kit, one, 0)
        if back.state is not UploadState.OPEN:
            return back  # another request was faster
        await asyncio.to_thread(files.remove, one.id)
        raise NotDone("upload_spoilt", told={"offset": 0, "size": one.size})
    try:
        photo: PhotoHash | None = await asyncio.to_thread(kit.photos.put, content)
    except Asked:
        photo = None
    state = UploadState.REFUSED if photo is None else UploadState.DONE
    async with kit.database.write() as tx:
        await uploads.finish(tx, one.id, state, photo, now=kit.clock())
    await asyncio.to_thread(files.remove, one.id)
    if photo is None:
        raise NotDone("photo_unreadable")
    return replace(one, state=state, photo=photo)


async def _back_to(kit: Kit, one: Upload, offset: int) -> Upload:
    """As it is afterwards."""
    async with kit.database.write() as tx:
        await uploads.move(tx, one, offset, now=kit.clock())
        return await uploads.find(tx, one.id) or one


def _elsewhere(one: Upload) -> NotDone:
    return NotDone("upload_offset", told={"offset": one.received, "size": one.size})


def _files(kit: Kit) -> UploadFiles:
    return UploadFiles(kit.uploads)

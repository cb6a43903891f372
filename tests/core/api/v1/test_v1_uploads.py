"""Photos in pieces over bad lines: nothing counted that is not on the disk, nothing kept that is not what was announced."""

import asyncio
import os
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select, update

from onboarder.field.left_uploads import forget_left
from onboarder.field.rules import read_field_rules
from onboarder.records import uploads
from onboarder.records.field_tables import upload
from tests.support.signed_in import CONFIG, Service, ulid
from tests.support.stall import Stall, a_photo

PATH = f"/api/v1/uploads/{ulid(50)}"
PIECE = 10_000


async def sent_up_to(stall: Stall, photo: bytes, end: int) -> None:
    for offset in range(0, end, PIECE):
        answer = await stall.send(photo[offset : offset + PIECE], offset)
        assert answer.json()["offset"] == min(offset + PIECE, len(photo))


def files(service: Service) -> list[Path]:
    folder = service.premises.kit.uploads
    return sorted(folder.iterdir()) if folder.is_dir() else []


async def test_a_photo_sent_in_pieces_is_kept_without_metadata(stall: Stall) -> None:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Rumah Siti"
    Image.effect_noise((400, 300), 60).save(out, "JPEG", exif=exif)
    photo = out.getvalue()
    assert b"Rumah Siti" in photo
    await stall.announce(photo)

    await sent_up_to(stall, photo, len(photo))

    done = await stall.service.canvasser.get(PATH)
    assert done.json() == {"id": ulid(50), "offset": len(photo), "size": len(photo), "done": True}
    async with stall.service.town.database.read() as tx:
        kept = await tx.scalar(select(upload.c.photo))
    stored = stall.service.premises.kit.photos.read(kept)  # type: ignore[attr-defined]  # the real store
    assert b"Rumah Siti" not in stored
    assert stored.startswith(b"\xff\xd8")
    assert files(stall.service) == []


async def test_a_repeated_piece_is_answered_with_where_to_go_on(stall: Stall) -> None:
    photo = a_photo()
    await stall.announce(photo)
    await sent_up_to(stall, photo, 2 * PIECE)

    for offset in (0, PIECE, 3 * PIECE):
        answer = await stall.send(photo[offset : offset + PIECE], offset)
        assert (answer.status_code, answer.json()["code"]) == (409, "upload_offset")
        assert answer.json()["offset"] == 2 * PIECE

    await stall.announce(photo)  # the phone forgot how far it was
    answers = [
        await stall.send(photo[offset : offset + PIECE], offset)
        for offset in range(2 * PIECE, len(photo), PIECE)
    ]
    assert answers[-1].json()["done"]


async def test_a_lost_answer_to_the_last_piece_is_answered_as_done(stall: Stall) -> None:
    photo = a_photo()
    await stall.announce(photo)
    await stall.send(photo, 0)

    again = await stall.send(photo, 0)

    assert (again.status_code, again.json()) == (200, {"offset": len(photo), "done": True})


async def test_two_tabs_that_send_the_same_leave_one_whole_photo(stall: Stall) -> None:
    photo = a_photo()
    await stall.announce(photo)
    offset = 0
    while offset < len(photo):
        piece = photo[offset : offset + PIECE]
        answers = await asyncio.gather(*(stall.send(piece, offset) for _ in range(3)))
        offset = max(one.json()["offset"] for one in answers)

    assert (await stall.service.canvasser.get(PATH)).json()["done"]


async def test_only_what_is_synced_is_counted(
    stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash after the write and before the sync: the database must not know of the piece."""
    photo = a_photo()
    await stall.announce(photo)
    await stall.send(photo[:PIECE], 0)

    def crash(_: int) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", crash)
        failed = await stall.send(photo[PIECE : 2 * PIECE], PIECE)

    assert failed.status_code == 500
    assert (await stall.service.canvasser.get(PATH)).json()["offset"] == PIECE
    assert (await stall.send(photo[PIECE:], PIECE)).json()["done"]


async def test_a_file_that_a_restored_backup_made_shorter_goes_on_from_there(
    stall: Stall,
) -> None:
    photo = a_photo()
    await stall.announce(photo)
    await sent_up_to(stall, photo, 3 * PIECE)
    [file] = files(stall.service)
    os.truncate(file, PIECE)

    refused = await stall.send(photo[3 * PIECE :], 3 * PIECE)
    assert refused.json()["offset"] == PIECE
    assert (await stall.send(photo[PIECE:], PIECE)).json()["done"]


async def test_a_crash_before_the_whole_was_looked_at_is_made_up_for(stall: Stall) -> None:
    photo = a_photo()
    await stall.announce(photo)
    await sent_up_to(stall, photo, 2 * PIECE)
    [file] = files(stall.service)
    file.write_bytes(photo)
    async with stall.service.town.database.write() as tx:
        await tx.execute(update(upload).values(received=len(photo)))

    assert (await stall.service.canvasser.get(PATH)).json()["done"]


async def test_what_is_not_what_was_announced_starts_again(stall: Stall) -> None:
    photo = a_photo()
    await stall.announce(photo)

    spoilt = await stall.send(photo[:-1] + b"\0", 0)
    again = await stall.send(photo, 0)

    assert (spoilt.status_code, spoilt.json()["code"]) == (422, "upload_spoilt")
    assert spoilt.json()["offset"] == 0
    assert again.json()["done"]


@pytest.mark.parametrize(
    "content", [b"MZ" + b"\0" * 500, b"<svg onload=alert(1)>", b"\xff\xd8\xff"]
)
async def test_what_is_no_picture_is_refused_for_good(stall: Stall, content: bytes) -> None:
    await stall.announce(content)

    answers = [await stall.send(content, 0), await stall.service.canvasser.get(PATH)]

    assert [one.json()["code"] for one in answers] == ["photo_unreadable"] * 2
    assert files(stall.service) == []


async def test_bounds_of_size_and_pieces_are_kept(stall: Stall) -> None:
    too_large = [await stall.announce(b"x", size=size) for size in (0, -1, 6 << 20)]
    photo = a_photo()
    await stall.announce(photo)
    past_the_end = await stall.send(photo + b"x", 0)
    large_piece = await stall.send(b"x" * (256 * 1024 + 1), 0)
    no_offset = await stall.service.canvasser.patch(PATH, content=b"x")

    assert [one.status_code for one in too_large] == [422] * 3
    assert past_the_end.json()["code"] == "upload_offset"
    assert large_piece.status_code == 413
    assert no_offset.status_code == 422
    assert files(stall.service) == []


async def test_an_id_stands_for_one_content(stall: Stall) -> None:
    await stall.announce(b"a" * 100)

    other = await stall.announce(b"b" * 100)

    assert (other.status_code, other.json()["code"]) == (409, "id_taken")


async def test_an_account_has_a_quota(stall: Stall) -> None:
    rules = stall.service.premises.kit.rules
    vars(rules)["uploads"] = rules.uploads.model_copy(update={"open": 2, "day_megabytes": 4})

    answers = [await stall.announce(b"x", number, size=1 << 20) for number in (50, 51, 52)]
    repeated = await stall.announce(b"x", 50, size=1 << 20)

    assert [one.status_code for one in answers] == [201, 201, 429]
    assert repeated.status_code == 201


async def test_others_see_nothing_of_an_upload(stall: Stall) -> None:
    photo = a_photo()
    await stall.announce(photo)

    stranger = stall.service.coordinator
    body = {"id": ulid(50), "size": 1, "sha256": "0" * 64}
    answers = [
        await stranger.get(PATH),
        await stranger.patch(PATH, content=b"x", headers={"Upload-Offset": "0"}),
        await stranger.post("/api/v1/uploads", json=body, headers=stall.key()),
    ]

    assert [one.status_code for one in answers] == [404] * 3


async def test_what_was_left_half_sent_is_forgotten_after_a_week(stall: Stall) -> None:
    photo = a_photo()
    await stall.announce(photo)
    await stall.send(photo[:PIECE], 0)
    await stall.announce(photo, 51)
    await stall.send(photo, 0, 51)
    town, folder = stall.service.town, stall.service.premises.kit.uploads
    limits = read_field_rules(CONFIG).uploads

    soon = await forget_left(town.database, folder, limits, town.clock() + timedelta(days=6))
    later = await forget_left(town.database, folder, limits, town.clock() + timedelta(days=8))

    assert (soon, later) == (0, 1)
    assert files(stall.service) == []
    async with town.database.read() as tx:
        assert await uploads.find(tx, ulid(50)) is None
        assert await uploads.find(tx, ulid(51)) is not None

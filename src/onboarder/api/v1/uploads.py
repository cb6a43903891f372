"""`/uploads`: photos in pieces. What is answered as received need never be sent again."""

from typing import Annotated

from fastapi import APIRouter, Header, Request

from onboarder.api.premises import Premises
from onboarder.api.v1.field_answers import UploadAt, UploadShown
from onboarder.api.v1.field_bodies import UploadKey, UploadSent, Worker
from onboarder.api.v1.once import Repeatable
from onboarder.api.v1.refusal import Refusal
from onboarder.field import uploads
from onboarder.field.uploads import Announced
from onboarder.records.uploads import Upload, UploadState

UPLOAD = "/uploads/{upload}"
_RAW = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, le=1 << 40)]


def router(premises: Premises) -> APIRouter:
    """`/uploads`."""
    made, kit = APIRouter(tags=["uploads"]), premises.kit

    @made.post("/uploads", status_code=201)
    async def begin(who: Worker, sent: UploadSent, once: Repeatable) -> UploadShown:
        announced = Announced(sent.id, sent.size, sent.sha256)

        async def work() -> str:
            return (await uploads.begin(kit, who, announced)).id

        await once.do(work)
        # Once more, as it may be known as begun and have been forgotten since: half sent files are after a while.
        return _shown(await uploads.begin(kit, who, announced))

    @made.get(UPLOAD)
    async def look(upload: UploadKey, who: Worker) -> UploadShown:
        return _shown(await uploads.look(kit, who, upload))

    @made.patch(UPLOAD, openapi_extra=_RAW)
    async def take(upload: UploadKey, who: Worker, request: Request, offset: Offset) -> UploadAt:
        """Safe to repeat: a piece that is there already is answered with where the next one begins."""
        piece = await _piece(request, kit.rules.uploads.piece)
        one = _shown(await uploads.take(kit, who, upload, offset, piece))
        return UploadAt(offset=one.offset, done=one.done)

    return made


async def _piece(request: Request, most: int) -> bytes:
    """The raw body; refused as soon as it is too large."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Refusal("too_large")
        parts.append(part)
    return b"".join(parts)


def _shown(one: Upload) -> UploadShown:
    done = one.state is UploadState.DONE
    return UploadShown(id=one.id, offset=one.received, size=one.size, done=done)

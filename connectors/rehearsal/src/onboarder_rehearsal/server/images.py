"""Uploaded images, kept once per content."""

import hashlib

from onboarder_rehearsal.server.shapes import IMAGE_BYTES_MOST
from onboarder_rehearsal.server.visit import Refused, Reply, Visit

_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def upload(visit: Visit) -> Reply:
    """Store an image from a form's field `file`; the same image again gives the same id."""
    seller = visit.seller()
    content = form_file(visit.media_type, visit.body)
    media_type = next(
        (kind for start, kind in _SIGNATURES.items() if content.startswith(start)), None
    )
    if media_type is None:
        raise Refused(422, "image_unreadable", "neither JPEG nor PNG", [("file", "not an image")])
    if len(content) > IMAGE_BYTES_MOST:
        raise Refused(422, "image_too_large", "image too large", [("file", "too large")])
    digest = hashlib.sha256(content).hexdigest()
    image = f"IMG{seller['no']}-{digest[:16]}"
    visit.state.run("INSERT OR IGNORE INTO picture VALUES (?, ?, ?)", digest, media_type, content)
    visit.state.run(
        "INSERT INTO image (id, seller_no, digest) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET uploads = uploads + 1",
        image,
        seller["no"],
        digest,
    )
    return Reply(201, {"image_id": image, "url": f"{visit.base_url}/gambar/{image}"})


def form_file(media_type: str, body: bytes) -> bytes:
    """The content of the field `file` in a multipart form."""
    boundary = media_type.partition("boundary=")[2].strip('"')
    if not media_type.startswith("multipart/form-data") or not boundary:
        raise Refused(422, "form_unreadable", "send multipart/form-data", [("file", "no form")])
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode()):
        head, blank, content = part.partition(b"\r\n\r\n")
        if blank and b'name="file"' in head:
            return content
    raise Refused(422, "form_unreadable", "no field `file`", [("file", "missing")])
